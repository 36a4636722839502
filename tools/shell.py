"""./dev shell: Odoo's shell on the demo database, or a script on standard input."""

import sys

from . import database, odoo, paths, postgres, proc, serve, setup, stamps, venv
from .lock import locked
from .ui import Fail


def shell(args):
    with locked():
        if not setup.ready():
            raise Fail("there is no demo database yet: run ./dev demo first")
        odoo.source()
        postgres.ensure()
        name = database.demo_name()
        if not database.exists(name):
            raise Fail("there is no demo database yet: run ./dev demo first")
        mail = stamps.load(serve.MAIL_STATE)
        port = {"smtp_port": mail["smtp"]} if proc.alive(mail) else {}
        config = odoo.write_config("shell", **port)
    if sys.stdin is not None and sys.stdin.isatty():
        command = odoo.command("shell", "-c", config, "-d", name, "--no-http", *args)
    else:
        # Odoo's own shell ends with 0 when a script on its standard input fails.
        command = [venv.PYTHON, "-m", "tools.inside.script", config, name, *args]
    return proc.wait(command, env=odoo.environment(), cwd=paths.ROOT)
