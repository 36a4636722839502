"""./dev lint: every check that needs no test. All of them run, then the verdict is told."""

import ast
import subprocess

from . import odoo, paths, proc, setup, system, translations, venv
from .lock import locked
from .ui import Fail, Steps, complain, say

LONGEST = 400
# (folder, endings) in which no file may grow past LONGEST lines
MEASURED = (
    *((paths.ROOT / name, (".py", ".js", ".xml", ".scss", ".sql")) for name in paths.addons()),
    (paths.ROOT / "tools", (".py",)),
    (paths.ROOT / "benchmarks", (".py",)),
)


def lint(args):
    fix = "--fix" in args
    with locked():
        steps = Steps(setup.STEPS)
        setup_python(steps)
    failed = [name for name, check in CHECKS if not announced(name, check, fix)]
    if not failed:
        # The last check needs a database; there is no use in waiting for it after a failure.
        with locked():
            setup.environment(Steps(setup.STEPS))
            if not announced("the translation template is current", template_is_current, fix):
                failed.append("the translation template is current")
    if failed:
        complain(f"lint found something: {', '.join(failed)}")
        return 1
    say("lint: nothing found")
    return 0


def setup_python(steps):
    """The linters; Odoo comes with them because the virtual environment names it."""
    steps.step("System packages")
    python = system.ensure_basics()
    steps.step("Odoo 19")
    source = odoo.source()
    steps.step("Python packages")
    venv.ensure(source, python)
    steps.end()


def announced(name, check, fix):
    say(f"-- {name}")
    return check(fix)


def tool(*command):
    """Run a linter with its output shown; True when it found nothing."""
    return proc.wait(command, cwd=paths.ROOT, env=odoo.environment(), stdin=subprocess.DEVNULL) == 0


def ruff(fix):
    return tool(venv.BIN / "ruff", "check", "-q", *(["--fix"] if fix else []), ".", "dev")


def pylint(_fix):
    return tool(venv.BIN / "pylint", "--rcfile=.pylintrc-mandatory", *paths.addons())


def oca_module(fix):
    mend = ["--fix"] if fix else []
    return tool(venv.BIN / "oca-checks-odoo-module", *mend, *paths.addons())


def oca_po(_fix):
    files = sorted(file for folder in translations.folders() for file in folder.glob("*.po"))
    return not files or tool(venv.BIN / "oca-checks-po", *files)


def complete(_fix):
    """Every term of the template has a translation in every .po file."""
    return tool(venv.PYTHON, "-m", "tools.inside.po", "check", *translations.folders())


def sizes(_fix):
    fine = True
    for folder, endings in MEASURED:
        for path in sorted(folder.rglob("*")):
            if path.suffix not in endings or "lib" in path.parts:
                continue
            count = len(path.read_text(errors="replace").splitlines())
            if count > LONGEST:
                say(f"{path.relative_to(paths.ROOT)}: {count} lines, {LONGEST} are the limit")
                fine = False
    return fine


def tests_imported(_fix):
    """A test file that tests/__init__.py does not import runs in pytest, but never in Odoo."""
    found = [line for name in paths.addons() for line in not_imported(paths.ROOT / name / "tests")]
    for line in found:
        say(line)
    return not found


def not_imported(folder):
    init = folder / "__init__.py"
    shown = init.relative_to(paths.ROOT)
    if not init.exists():
        return [f"{shown} is missing"]
    names = {
        alias.name
        for node in ast.walk(ast.parse(init.read_text()))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    missing = sorted(path.stem for path in folder.glob("test_*.py") if path.stem not in names)
    return [f"{shown} does not import {name}" for name in missing]


def template_is_current(_fix):
    try:
        difference = translations.difference()
    except Fail as failure:
        say(str(failure))
        return False
    for line in difference:
        say(line)
    if difference:
        say("run ./dev pot, translate what is new, and commit")
    return not difference


CHECKS = (
    ("ruff", ruff),
    ("pylint, OCA's mandatory rules", pylint),
    ("oca-checks-odoo-module", oca_module),
    ("oca-checks-po", oca_po),
    ("translations are complete", complete),
    (f"no file over {LONGEST} lines", sizes),
    ("all test files are imported", tests_imported),
)
