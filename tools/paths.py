"""Where things are. Everything that ./dev makes lives in .dev/, which git ignores."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDON_NAME = "service_credits"
DEV = ROOT / ".dev"
APT = DEV / "apt"
ODOO = DEV / "odoo"
VENV = DEV / "venv"
DATA = DEV / "data"
MAIL = DEV / "mail"
LOGS = DEV / "log"
RUN = DEV / "run"
STAMPS = DEV / "stamps"
REQUIREMENTS = ROOT / "requirements.txt"

# Two checkouts on one machine must not share a socket or a database of the user's server.
CHECKOUT = hashlib.sha256(str(ROOT).encode()).hexdigest()[:8]


def addons():
    """The add-ons of this repository by name, the main one first, the glue add-ons after it."""
    names = sorted(path.parent.name for path in ROOT.glob("*/__manifest__.py"))
    return sorted(names, key=lambda name: name != ADDON_NAME)


def make_folders():
    for folder in (DEV, LOGS, RUN, STAMPS, MAIL):
        folder.mkdir(parents=True, exist_ok=True)
