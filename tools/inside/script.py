"""Runs the script on standard input with `env`, as Odoo's shell does: only env.cr.commit() keeps
anything. Unlike Odoo's shell it ends with a non-zero status when the script fails."""

import sys
import traceback

from . import environment


def main():
    if sys.stdin is None:
        return 0
    source = sys.stdin.read()
    with environment(quiet=True) as env:
        names = {"__name__": "__main__", "env": env, "self": env.user}
        sys.argv = ["<stdin>", *sys.argv[3:]]
        try:
            exec(compile(source, "<stdin>", "exec"), names)
        except SystemExit:
            env.cr.rollback()
            raise
        except BaseException:
            env.cr.rollback()
            failure = sys.exc_info()
            # The script's own frames, without this one's.
            traceback.print_exception(failure[0], failure[1], failure[2].tb_next)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
