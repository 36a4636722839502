"""Apps of others beside the add-on: their tests are a run of their own, in a database of their own.

The tests are those tagged ``service_credits_beside``; pytest's side of it is in pytest_plugin.py.
"""

import os
import shutil

from . import database, odoo, paths, proc, stamps, venv
from .ui import note

TAG = "service_credits_beside"
MODULES = ("website_sale", "contract")
TESTS = "service_credits/tests/test_buying_beside.py"
OCA = paths.DEV / "oca"
REQUIREMENTS = paths.ROOT / "requirements-beside.txt"


def ensure_oca():
    """OCA's add-ons from PyPI, in a folder of their own: our Odoo must not see them otherwise."""
    wanted = stamps.digest(REQUIREMENTS.read_text())
    if stamps.read("oca") != wanted or not OCA.is_dir():
        note("pip install -r requirements-beside.txt")
        shutil.rmtree(OCA, ignore_errors=True)
        # --no-deps: they ask for an Odoo from PyPI, where there is none.
        pip = [venv.PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        proc.run(
            [*pip, "--no-deps", "--target", OCA, "-r", REQUIREMENTS],
            log="oca",
            env={**os.environ, "PIP_NO_INPUT": "1"},
            what="pip install -r requirements-beside.txt (network?)",
        )
        stamps.write("oca", wanted)


def configuration(name, **options):
    return odoo.write_config(name, addons=[OCA / "odoo" / "addons"], **options)


def name():
    key = stamps.digest(database.installed_name(), REQUIREMENTS.read_text(), *MODULES)
    return f"{database.prefix()}beside_{key}"


def ensure():
    """The database: the add-on as installed for the other tests, then the apps of others."""
    ensure_oca()
    if not database.exists(name()):
        note(f"installing {', '.join(MODULES)} beside the add-on (a minute or two)")
        new = f"{database.prefix()}new_beside"
        database.create(new, database.ensure_installed())
        odoo.server(
            *("-d", new, "-i", ",".join(MODULES)),
            log="beside",
            what=f"installing {', '.join(MODULES)}",
            config=configuration("beside"),
        )
        database.rename(new, name())
        for old in database.names(f"{database.prefix()}beside_"):
            if old != name():
                database.drop(old)
    return name()
