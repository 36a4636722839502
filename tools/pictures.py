"""./dev screenshots: the README's pictures, taken from the running demo by tools/screenshots.py."""

from . import odoo, paths, proc, serve, setup, stamps, system, venv
from .ui import Fail


def screenshots(args):
    state = stamps.load(serve.ODOO_STATE)
    if not setup.ready() or not proc.alive(state):
        raise Fail("the demo is not running: run ./dev demo first")
    system.ensure_browser()
    command = [venv.PYTHON, paths.ROOT / "tools" / "screenshots.py"]
    command += ["--url", f"http://{serve.LOOPBACK}:{state['port']}"]
    command += ["--out", paths.ROOT / paths.ADDON_NAME / "static" / "description"]
    return proc.wait([*command, *args], env=odoo.environment(), cwd=paths.ROOT)
