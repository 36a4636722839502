"""The commands of ./dev, and what becomes of their failures."""

import errno
import importlib
import os
import signal

from . import paths
from .ui import Fail, complain, say

# command: (module, function, what it does)
COMMANDS = {
    "demo": ("demo", "demo", "make the demo database if needed, serve it, print where and who"),
    "test": ("testing", "test", "run every test; arguments go to pytest (-k name, a file)"),
    "mutate": ("testing", "mutate", "remove each guard of the ledger in turn: a test must fail"),
    "shell": ("shell", "shell", "an Odoo shell on the demo database; or a script on stdin"),
    "lint": ("lint", "lint", "check code, translations and sizes (--fix mends what can be mended)"),
    "pot": ("translations", "pot", "renew the translation template, bring the .po files up to it"),
    "bench": ("bench", "bench", "run benchmarks/*.py, or those named"),
    "stop": ("demo", "stop", "stop what was started"),
    "reset": ("demo", "reset", "stop, and throw the demo database away"),
    "screenshots": ("pictures", "screenshots", "take the README's screenshots"),
}


def available():
    here = paths.ROOT / "tools"
    return {name: spec for name, spec in COMMANDS.items() if (here / f"{spec[0]}.py").exists()}


def usage():
    say("usage: ./dev COMMAND [arguments]")
    for name, (_module, _function, text) in available().items():
        say(f"  {name:<12} {text}")
    say("settings: ODOO_DIR (an Odoo 19 of yours), PGHOST PGPORT PGUSER PGPASSWORD (a PostgreSQL")
    say("of yours), DEBIAN_MIRROR (a Debian archive). Everything made lives in .dev/.")


def terminated(_number, _frame):
    raise KeyboardInterrupt


def main(args):
    """Run one command; returns the exit status. What the user can mend is told in one line."""
    if not args or args[0] in ("help", "-h", "--help"):
        usage()
        return 0
    name, rest = args[0], args[1:]
    commands = available()
    if name not in commands:
        complain(f"no command {name}; there are {', '.join(commands)}")
        return 2
    module, function, _text = commands[name]
    signal.signal(signal.SIGTERM, terminated)
    try:
        os.chdir(paths.ROOT)
        # A root shell got with plain `su` has no sbin in its PATH; dpkg and useradd need it.
        os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}:/usr/local/sbin:/usr/sbin:/sbin"
        paths.make_folders()
        return getattr(importlib.import_module(f"tools.{module}"), function)(rest) or 0
    except Fail as failure:
        complain(failure)
        return 1
    except KeyboardInterrupt:
        complain("interrupted; the same command goes on from here")
        return 130
    except OSError as error:
        if error.errno == errno.ENOSPC:
            complain(f"the disk is full: make room for {paths.DEV} and repeat")
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            complain(f"{error.filename or paths.DEV} may not be written: run as its owner, repeat")
        else:
            raise
        return 1
