"""The virtual environment, made from the pinned requirements."""

import os
import shutil

from . import paths, proc, stamps
from .ui import note

PYTHON = paths.VENV / "bin" / "python"
BIN = paths.VENV / "bin"


def ensure(odoo, python):
    """Make or refresh .dev/venv, and let it import Odoo. A virtual environment cannot be made
    elsewhere and renamed, so a stamp tells whether the last install went to its end."""
    version = proc.output([python, "-c", "import sys; print(sys.version_info[:3])"])
    wanted = stamps.digest(paths.REQUIREMENTS.read_text(), version, paths.VENV)
    if stamps.read("venv") != wanted or not PYTHON.exists():
        note("pip install -r requirements.txt (a minute or two)")
        stamps.clear("venv")
        shutil.rmtree(paths.VENV, ignore_errors=True)
        proc.run([python, "-m", "venv", paths.VENV], log="venv", what="python -m venv")
        pip = [PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
        # --no-deps: the file names everything, and pip need not solve what we have pinned.
        proc.run(
            [*pip, "-r", paths.REQUIREMENTS],
            log="venv",
            env={**os.environ, "PIP_REQUIRE_VIRTUALENV": "1", "PIP_NO_INPUT": "1"},
            what="pip install (network?)",
        )
        stamps.write("venv", wanted)
    link(odoo)


def link(odoo):
    """A .pth file is all that makes `import odoo` and `python -m odoo` work."""
    site = next((paths.VENV / "lib").glob("python3.*")) / "site-packages"
    pth = site / "odoo-source.pth"
    text = f"{odoo.site}\n"
    if not pth.exists() or pth.read_text() != text:
        stamps.write_file(pth, text)

