"""./dev pot: the translation template, exported by Odoo, and the .po files brought up to it."""

import shutil

from . import database, odoo, paths, proc, setup, stamps, venv
from .lock import locked
from .ui import Fail, Steps, say

FOLDER = paths.ADDON / "i18n"
POT = FOLDER / f"{paths.ADDON_NAME}.pot"


def export():
    """A fresh template, from the database that the tests copy; kept until a file changes."""
    key = stamps.digest(database.assets_key(), database.base_name())
    fresh = paths.RUN / "fresh.pot"
    if stamps.read("pot") != key or not fresh.exists():
        name = database.ensure_installed()
        proc.run(
            odoo.command(
                *("i18n", "export", "-c", odoo.write_config("odoo"), "-d", name),
                *(paths.ADDON_NAME, "-l", "pot", "-o", fresh),
            ),
            env=odoo.environment(),
            cwd=paths.DEV,
            log="i18n",
            what="odoo i18n export",
        )
        if not fresh.exists():
            raise Fail(f"odoo i18n export wrote nothing (see {paths.LOGS / 'i18n.log'})")
        stamps.write("pot", key)
    return fresh


def difference():
    """What the committed template lacks or has too much; empty when it is current."""
    if not POT.exists():
        return [f"{POT.relative_to(paths.ROOT)} is missing"]
    return proc.output(
        [venv.PYTHON, "-m", "tools.inside.po", "compare", export(), POT],
        env=odoo.environment(),
        cwd=paths.ROOT,
        check=True,
    ).splitlines()


def pot(_args):
    with locked():
        setup.environment(Steps(setup.STEPS))
        fresh = export()
        FOLDER.mkdir(exist_ok=True)
        if POT.exists() and not difference():
            say(f"{POT.relative_to(paths.ROOT)} is current")
        else:
            shutil.copy(fresh, POT)
            say(f"{POT.relative_to(paths.ROOT)} is renewed")
        command = [venv.PYTHON, "-m", "tools.inside.po"]
        proc.wait([*command, "merge", FOLDER], env=odoo.environment(), cwd=paths.ROOT)
        proc.wait([*command, "check", FOLDER], env=odoo.environment(), cwd=paths.ROOT)
