"""./dev pot: the translation template, exported by Odoo, and the .po files brought up to it."""

import shutil

from . import database, odoo, paths, proc, setup, stamps, venv
from .lock import locked
from .ui import Fail, Steps, say


def folder(addon):
    return paths.ROOT / addon / "i18n"


def folders():
    return [folder(addon) for addon in paths.addons()]


def template(addon):
    return folder(addon) / f"{addon}.pot"


def export(addon):
    """A fresh template, from the database that the tests copy; kept until a file changes."""
    key = stamps.digest(database.assets_key(), database.base_name())
    fresh = paths.RUN / f"{addon}.pot"
    if stamps.read(f"pot-{addon}") != key or not fresh.exists():
        name = database.ensure_installed()
        proc.run(
            odoo.command(
                *("i18n", "export", "-c", odoo.write_config("odoo"), "-d", name),
                *(addon, "-l", "pot", "-o", fresh),
            ),
            env=odoo.environment(),
            cwd=paths.DEV,
            log="i18n",
            what="odoo i18n export",
        )
        if not fresh.exists():
            raise Fail(f"odoo i18n export wrote nothing (see {paths.LOGS / 'i18n.log'})")
        stamps.write(f"pot-{addon}", key)
    return fresh


def difference():
    """What the committed templates lack or have too much; empty when they are current."""
    return [line for addon in paths.addons() for line in compare(addon)]


def compare(addon):
    if not template(addon).exists():
        return [f"{template(addon).relative_to(paths.ROOT)} is missing"]
    return proc.output(
        [venv.PYTHON, "-m", "tools.inside.po", "compare", export(addon), template(addon)],
        env=odoo.environment(),
        cwd=paths.ROOT,
        check=True,
    ).splitlines()


def pot(_args):
    with locked():
        setup.environment(Steps(setup.STEPS))
        for addon in paths.addons():
            fresh = export(addon)
            folder(addon).mkdir(exist_ok=True)
            current = not compare(addon)
            if not current:
                shutil.copy(fresh, template(addon))
            state = "current" if current else "renewed"
            say(f"{template(addon).relative_to(paths.ROOT)} is {state}")
        # What is then still untranslated is shown; translating it is a person's work.
        for command in ("merge", "check"):
            proc.wait(
                [venv.PYTHON, "-m", "tools.inside.po", command, *folders()],
                env=odoo.environment(),
                cwd=paths.ROOT,
            )
