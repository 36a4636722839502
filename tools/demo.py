"""./dev demo, ./dev stop, ./dev reset: the demo database, served for a newcomer to try."""

import shutil

from . import database, logcheck, odoo, paths, postgres, serve, setup, stamps
from .lock import locked
from .ui import Steps, say

LOGINS = (
    ("staff", "staff", "staff"),
    ("portal client, reads French", "client", "client"),
    ("portal client, reads English", "client_en", "client_en"),
    ("administrator", "admin", "admin"),
)


def demo(_args):
    with locked():
        steps = Steps(setup.STEPS + 3)
        setup.environment(steps)
        steps.step(f"Demo database {database.demo_name()}")
        ensure_database()
        steps.step("Mail catcher")
        mail = serve.ensure_mail()
        steps.step("Odoo")
        port = serve.odoo_port()
        configure(port)
        serve.ensure_odoo(port, mail["smtp"])
        steps.end()
    url = f"http://{serve.LOOPBACK}:{port}"
    say()
    say(f"Odoo           {url}/odoo")
    say(f"client portal  {url}/my")
    say(f"mails          http://{serve.LOOPBACK}:{mail['port']}/")
    for who, login, password in LOGINS:
        say(f"login          {login} / {password}   ({who})")
    say("stop it with ./dev stop, start anew with ./dev reset")


def ensure_database():
    """Made as a copy of the installed database; upgraded when the add-on's files changed."""
    name = database.demo_name()
    key = database.installed_key()
    if not database.exists(name):
        template = database.ensure_installed()
        for line in logcheck.offences(database.install_log())[:5]:
            say(f"      Odoo logged: {line}")
        database.ensure_assets(template)
        serve.stop_odoo()
        new = f"{database.prefix()}new_demo"
        database.create(new, template)
        stamps.clear("demo-settings")
        database.rename(new, name)
        stamps.write("demo", key)
    elif stamps.read("demo") != key:
        say("      the add-on changed: upgrading the demo database")
        serve.stop_odoo()
        own = ",".join(paths.addons())
        odoo.server(
            *("-d", name, "-u", own, "-i", own),
            log="demo-upgrade",
            what="upgrading the demo (./dev reset makes a new one)",
        )
        stamps.write("demo", key)


def configure(port):
    """Mails must name the address that is served; the demo payment provider is switched on."""
    url = f"http://{serve.LOOPBACK}:{port}"
    if stamps.read("demo-settings") == url:
        return
    serve.stop_odoo()
    odoo.script(
        "demo_settings.py", database.demo_name(), url, log="demo-settings", what="demo settings"
    )
    stamps.write("demo-settings", url)


def stop(_args):
    with locked():
        done = [
            name
            for name, stopper in (
                ("Odoo", serve.stop_odoo),
                ("the mail catcher", serve.stop_mail),
                ("PostgreSQL", postgres.stop),
            )
            if stopper()
        ]
    say(f"stopped {', '.join(done)}" if done else "nothing was running")


def reset(_args):
    """Back to nothing, but for what was downloaded and the databases that tests copy."""
    with locked():
        serve.stop_odoo()
        serve.stop_mail()
        if setup.ready():
            postgres.ensure()
            for name in (database.demo_name(), f"{database.prefix()}new_demo"):
                database.drop(name)
        shutil.rmtree(paths.MAIL, ignore_errors=True)
        for name in ("demo", "demo-settings"):
            stamps.clear(name)
        postgres.stop()
    say("the demo database and its mails are gone; ./dev demo makes new ones")
