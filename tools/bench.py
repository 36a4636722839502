"""./dev bench: the programs in benchmarks/, each on a throw-away copy of the test database."""

from . import database, odoo, paths, postgres, proc, setup, venv
from .lock import locked
from .ui import Fail, Steps, complain, say

FOLDER = paths.ROOT / "benchmarks"


def bench(args):
    """Arguments that name a benchmark choose it; those after -- go to the programs."""
    names, extra = args, []
    if "--" in args:
        position = args.index("--")
        names, extra = args[:position], args[position + 1 :]
    files = sorted(path for path in FOLDER.glob("*.py") if not path.name.startswith("_"))
    wanted = [path for path in files if not names or path.stem in names or path.name in names]
    if not wanted:
        known = ", ".join(path.stem for path in files) or "none"
        raise Fail(f"no such benchmark; there are: {known}")
    with locked():
        setup.environment(Steps(setup.STEPS))
        template = database.ensure_installed()
        name = database.run_name()
    failed = []
    with postgres.durable():
        for path in wanted:
            with locked():
                database.create(name, template)
            say(f"== {path.relative_to(paths.ROOT)}")
            try:
                command = [venv.PYTHON, path, *extra]
                if proc.wait(command, env=odoo.variables(name), cwd=paths.ROOT):
                    failed.append(path.stem)
            finally:
                with locked():
                    database.drop(name)
    if failed:
        complain(f"failed: {', '.join(failed)}")
        return 1
    return 0
