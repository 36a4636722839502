"""The demo's two servers, Odoo and the mail catcher: in the background, with state files."""

import contextlib
import socket
import time
import urllib.error
import urllib.request

from . import database, odoo, paths, proc, stamps, venv
from .ui import Fail

LOOPBACK = "127.0.0.1"
ODOO_STATE = paths.RUN / "odoo.json"
MAIL_STATE = paths.RUN / "mail.json"


def free_port(first, taken=()):
    """The first port from there on that nobody listens on."""
    for port in range(first, first + 100):
        if port in taken:
            continue
        with contextlib.closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise Fail(f"no free port from {first} to {first + 99}: stop what listens there and repeat")


def port_for(state, first, taken=()):
    """The port of the last time when it is free, so that addresses and mails stay valid."""
    last = state.get("port")
    return last if last and free_port(last) == last else free_port(first, taken)


def responds(url):
    with contextlib.suppress(OSError, urllib.error.URLError):
        # Straight to the loopback, whatever proxy the environment names.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=20) as answer:
            return answer.status == 200
    return False


def wait_for(url, process, log, seconds=180):
    limit = time.monotonic() + seconds
    while not responds(url):
        if process.poll() is not None:
            raise Fail(f"the server ended: {proc.last_line(log)} (see {log})")
        if time.monotonic() > limit:
            raise Fail(f"{url} does not answer after {seconds} s (see {log})")
        time.sleep(0.3)


def ensure_mail():
    """The mail catcher; returns its state: port (pages) and smtp."""
    state = stamps.load(MAIL_STATE)
    if proc.alive(state) and responds(f"http://{LOOPBACK}:{state['port']}/health"):
        return state
    proc.stop(state)
    web = port_for(state, 8025)
    smtp = port_for({"port": state.get("smtp")}, 2525, (web,))
    log = paths.LOGS / "mail.log"
    known, process = proc.spawn(
        [venv.PYTHON, "-m", "tools.mailcatcher", smtp, web, paths.MAIL],
        log=log,
        env=odoo.environment(),
        cwd=paths.ROOT,
    )
    state = {**known, "port": web, "smtp": smtp}
    stamps.save(MAIL_STATE, state)
    wait_for(f"http://{LOOPBACK}:{web}/health", process, log, 30)
    return state


def files_key():
    """What the running server was started with."""
    files = stamps.addons_digest(database.served)
    return stamps.digest(files, odoo.source().version)


def odoo_port():
    """The port that Odoo has, or would have."""
    state = stamps.load(ODOO_STATE)
    return state["port"] if proc.alive(state) else port_for(state, 8069)


def ensure_odoo(port, smtp):
    """Serve the demo database; an Odoo that already does so from the same files is left alone."""
    config = odoo.write_config(
        "demo",
        http_port=port,
        db_name=database.demo_name(),
        dbfilter=f"^{database.demo_name()}$",
        max_cron_threads=1,
        smtp_port=smtp,
        email_from="demo@example.com",
    )
    key = stamps.digest(files_key(), config.read_text())
    state = stamps.load(ODOO_STATE)
    url = f"http://{LOOPBACK}:{port}"
    if proc.alive(state) and state.get("key") == key and responds(f"{url}/web/health"):
        return False
    proc.stop(state)
    log = paths.LOGS / "odoo.log"
    known, process = proc.spawn(
        odoo.command("server", "-c", config), log=log, env=odoo.environment(), cwd=paths.DEV
    )
    stamps.save(ODOO_STATE, {**known, "port": port, "key": key})
    wait_for(f"{url}/web/health", process, log)
    # The registry loads with the first real page; let it be ours.
    if not responds(f"{url}/web/login"):
        raise Fail(f"{url}/web/login does not show (see {log})")
    return True


def stop_odoo():
    return proc.stop(stamps.load(ODOO_STATE))


def stop_mail():
    return proc.stop(stamps.load(MAIL_STATE))
