"""Running Odoo: its configuration files, its commands, and our scripts that run inside it."""

import secrets

from . import odoo_source, paths, postgres, proc, stamps, venv

_source = None


def source():
    """The Odoo that this call works with, found once."""
    global _source
    if _source is None:
        _source = odoo_source.ensure()
    return _source


def write_config(name, addons=(), **options):
    """A configuration file in .dev, with more folders of add-ons if wanted. A password stays in the
    environment, where the user put it."""
    path = paths.DEV / f"{name}.conf"
    connection = postgres.connection()
    settings = {
        "addons_path": ",".join(map(str, [*source().addons, paths.ROOT, *addons])),
        "data_dir": paths.DATA,
        "db_host": connection["PGHOST"],
        "db_user": connection["PGUSER"],
        "admin_passwd": stamps.read("admin") or secrets.token_urlsafe(24),
        "list_db": False,
        "http_interface": "127.0.0.1",
        "max_cron_threads": 0,
        # No mail server of this machine may ever get a mail of the demo data.
        "smtp_server": "127.0.0.1",
        "smtp_port": 9,
        "screenshots": paths.DEV / "screenshots",
        # Threads, not workers: one process is enough for one user, limits would only end it.
        "limit_time_real": 0,
        "limit_time_cpu": 0,
        "limit_memory_hard": 0,
        "limit_memory_soft": 0,
        **options,
    }
    if "PGPORT" in connection:
        settings["db_port"] = connection["PGPORT"]
    stamps.write_file(paths.STAMPS / "admin", settings["admin_passwd"], mode=0o600)
    text = "[options]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())
    if not path.exists() or path.read_text() != text:
        stamps.write_file(path, text, mode=0o600)
    return path


def environment():
    env = postgres.environment()
    env["PYTHONPATH"] = str(paths.ROOT)
    env["TZ"] = "UTC"
    for name in ("ODOO_RC", "OPENERP_SERVER", "PYTHONHOME"):
        env.pop(name, None)
    return env


def command(*args):
    return [venv.PYTHON, "-m", "odoo", *args]


def server(*args, log, what, config=None):
    """`odoo server … --stop-after-init`. Odoo ends with 0 after some errors, so we look."""
    config = config or write_config("odoo")
    proc.run(
        command("server", "-c", config, *args, "--stop-after-init", "--no-http"),
        env=environment(),
        cwd=paths.DEV,
        log=log,
        what=what,
    )


def script(name, database, *args, log, what):
    """One of our scripts in tools/inside, run in the virtual environment on a database."""
    config = write_config("odoo")
    proc.run(
        [venv.PYTHON, "-m", f"tools.inside.{name.removesuffix('.py')}", config, database, *args],
        env=environment(),
        cwd=paths.DEV,
        log=log,
        what=what,
    )


def variables(database):
    """For the programs of others (benchmarks): how to reach the database and Odoo."""
    return {
        **environment(),
        **postgres.connection(),
        "ODOO_RC": str(write_config("odoo")),
        "BENCH_DB": database,
        "PGDATABASE": database,
    }
