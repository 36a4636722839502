"""./dev test: every test, on throw-away copies of a database with the add-on installed.

Three runs of pytest: the add-on's own tests in Odoo's test transactions, those with apps of others
installed beside it, and ``stress/``, whose processes commit for real. ``./dev mutate`` removes each
guard of the ledger in turn.
"""

from . import axe, beside, database, logcheck, odoo, paths, proc, setup, stamps, system, venv
from .lock import locked
from .ui import Fail, Steps, complain, say

# Arguments that choose among the tests; after these a skip is shown, but is no failure.
CHOOSING = ("-k", "-m", "--lf", "--last-failed", "--deselect", "--ignore", "--sw", "--stepwise")
SHOWN = 40
STRESS = paths.ROOT / "stress"


def is_path(argument):
    return not argument.startswith("-") and (paths.ROOT / argument.split("::")[0]).exists()


def is_subset(args):
    return any(is_path(arg) or arg.startswith(CHOOSING) for arg in args)


def test(args):
    with locked():
        steps = Steps(setup.STEPS + 3)
        setup.environment(steps)
        steps.step("Chromium, wkhtmltopdf and axe-core")
        system.ensure_browser()
        system.ensure_pdf()
        axe.ensure()
        steps.step("Test database")
        template = database.ensure_installed()
        name = database.run_name()
        install_lines = logcheck.offences(database.install_log())
        steps.step("Tests")
    chosen = [arg for arg in args if is_path(arg)]
    runs = []
    elsewhere = [arg for arg in chosen if is_stress(arg) or is_beside([arg])]
    if not chosen or chosen != elsewhere:
        mine = [arg for arg in args if arg not in elsewhere]
        runs.append(run(name, template, odoo_command(name, mine)))
    if is_beside(chosen) or not is_subset(args):
        with locked():
            template_beside = beside.ensure()
        mine = [arg for arg in args if not is_path(arg)]
        runs.append(run(name, template_beside, beside_command(name, mine), tag=beside.TAG))
    if any(map(is_stress, chosen)) or not is_subset(args) and STRESS.is_dir():
        mine = [arg for arg in args if not is_path(arg) or is_stress(arg)]
        runs.append(run(name, template, stress_command(mine)))
    outcome = {
        key: sum((outcome[key] for _status, outcome in runs), type(runs[0][1][key])())
        for key in runs[0][1]
    }
    status = max(status for status, _outcome in runs)
    return judge(status, outcome, install_lines, is_subset(args))


def mutate(args):
    """./dev mutate: see stress/mutate.py, which prints a table and fails when a guard is idle."""
    with locked():
        setup.environment(Steps(setup.STEPS))
        template = database.ensure_installed()
        name = database.run_name()
        database.create(name, template)
    try:
        command = [venv.PYTHON, paths.ROOT / "stress" / "mutate.py", *args]
        return proc.wait(command, env=environment(name), cwd=paths.ROOT)
    finally:
        with locked():
            database.drop(name)


def is_beside(chosen):
    return any(arg.split("::")[0] == beside.TESTS for arg in chosen)


def is_stress(argument):
    return argument.split("::")[0].rstrip("/").split("/")[0] == "stress"


def environment(name):
    config = odoo.write_config("test", db_name=name, dbfilter=f"^{name}$")
    return {**odoo.environment(), "ODOO_RC": str(config), "STRESS_DB": name}


def odoo_command(name, args, config=None):
    config = config or odoo.write_config("test", db_name=name, dbfilter=f"^{name}$")
    command = [
        *(f"--odoo-config={config}", f"--odoo-database={name}", "--odoo-http"),
        # pytest-odoo's own default hides everything below CRITICAL from the log check.
        "--odoo-log-level=warn",
        *args,
    ]
    if not any(map(is_path, args)):
        command += paths.addons()
    return command


def beside_command(name, args):
    config = beside.configuration("test_beside", db_name=name, dbfilter=f"^{name}$")
    return odoo_command(name, [*args, beside.TESTS], config)


def stress_command(args):
    return ["-p", "no:odoo", *(args if any(map(is_path, args)) else [*args, "stress"])]


def run(name, template, arguments, tag="standard"):
    """One pytest on a copy of `template`, of the tests with a tag: its status and its outcome."""
    report = paths.RUN / f"{name}.json"
    env = {
        **environment(name),
        "SERVICE_CREDITS_DATABASE": name,
        "SERVICE_CREDITS_TEMPLATE": template,
        "SERVICE_CREDITS_REPORT": str(report),
        "SERVICE_CREDITS_TAG": tag,
        "SERVICE_CREDITS_AXE": str(axe.SCRIPT),
    }
    command = [venv.PYTHON, "-m", "pytest", "-p", "tools.pytest_plugin", *arguments]
    try:
        status = proc.wait(command, env=env, cwd=paths.ROOT)
        outcome = stamps.load(report)
    finally:
        with locked():
            database.drop(name)
        report.unlink(missing_ok=True)
    if not outcome:
        raise Fail(f"pytest ended with status {status} before it could report")
    return status, outcome


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
    problems = []
    if outcome["lines"]:
        problems.append(("unexpected log lines during the tests", outcome["lines"]))
    if install_lines:
        title = "unexpected log lines while the add-on was installed"
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
