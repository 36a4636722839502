"""./dev test: every test, on a throw-away copy of a database with the add-on installed."""

from . import database, logcheck, odoo, paths, proc, setup, stamps, system, venv
from .lock import locked
from .ui import Fail, Steps, complain, say

# Arguments that choose among the tests; after these a skip is shown, but is no failure.
CHOOSING = ("-k", "-m", "--lf", "--last-failed", "--deselect", "--ignore", "--sw", "--stepwise")
SHOWN = 40


def is_path(argument):
    return not argument.startswith("-") and (paths.ROOT / argument.split("::")[0]).exists()


def is_subset(args):
    return any(is_path(arg) or arg.startswith(CHOOSING) for arg in args)


def test(args):
    with locked():
        steps = Steps(setup.STEPS + 3)
        setup.environment(steps)
        steps.step("Chromium and wkhtmltopdf")
        system.ensure_browser()
        system.ensure_pdf()
        steps.step("Test database")
        template = database.ensure_installed()
        name = database.run_name()
        install_lines = logcheck.offences(database.install_log())
        steps.step("Tests")
    report = paths.RUN / f"{name}.json"
    try:
        status = run_pytest(args, template, name, report)
        outcome = stamps.load(report)
    finally:
        with locked():
            database.drop(name)
        report.unlink(missing_ok=True)
    return judge(status, outcome, install_lines, is_subset(args))


def run_pytest(args, template, name, report):
    config = odoo.write_config("test", db_name=name, dbfilter=f"^{name}$")
    env = {
        **odoo.environment(),
        "SERVICE_CREDITS_TEMPLATE": template,
        "SERVICE_CREDITS_REPORT": str(report),
    }
    command = [
        *(venv.PYTHON, "-m", "pytest", "-p", "tools.pytest_plugin"),
        *(f"--odoo-config={config}", f"--odoo-database={name}", "--odoo-http"),
        # pytest-odoo's own default hides everything below CRITICAL from the log check.
        "--odoo-log-level=warn",
        *args,
    ]
    if not any(map(is_path, args)):
        command.append(paths.ADDON_NAME)
    return proc.wait(command, env=env, cwd=paths.ROOT)


def grouped(lines):
    """Each message once, with the first test that logged it and how often it came."""
    seen = {}
    for line in lines:
        message, _, where = line.partition(logcheck.IN)
        seen.setdefault(message, []).append(where)
    return [
        message
        + (f" (in {places[0]})" if places[0] else "")
        + (f" and {len(places) - 1} times more" if len(places) > 1 else "")
        for message, places in seen.items()
    ]


def judge(status, outcome, install_lines, subset):
    """The exit status, and the last lines: what is wrong, then the count."""
    if not outcome:
        raise Fail(f"pytest ended with status {status} before it could report")
    problems = []
    if outcome["lines"]:
        problems.append(("unexpected log lines during the tests", outcome["lines"]))
    if install_lines:
        title = f"unexpected log lines while {paths.ADDON_NAME} was installed"
        problems.append((title, install_lines))
    if outcome["skips"]:
        problems.append(("skipped", outcome["skips"]))
    for title, lines in problems:
        say(f"\n{len(lines)} {title}:")
        for line in grouped(lines)[:SHOWN]:
            say("  " + line.replace("\n", "\n    "))
    reasons = [title for title, _lines in problems if title != "skipped" or not subset]
    if not outcome["passed"] + outcome["failed"] + outcome["skipped"]:
        reasons.append("no test ran")
    if outcome["failed"] or (status and not reasons):
        reasons.append(f"pytest ended with status {status}")
    say()
    if reasons:
        complain(f"the tests failed: {'; '.join(reasons)}")
    # Alone and last: CI reads this line.
    say(f"{outcome['passed']} passed, {outcome['failed']} failed, {outcome['skipped']} skipped")
    return 1 if reasons else 0
