"""Databases: made once, copied ever after.

base       Odoo with the add-on's dependencies, demo data and French; made anew when those change
installed  base plus the add-on; made anew when the add-on's files (not its tests) change
demo       a copy of installed, kept and upgraded in place
run        a copy of installed for one test run, dropped afterwards

Each carries a comment that says it is ours, and nothing without that comment is ever dropped.
A database is made under another name and renamed when it is complete.
"""

import ast
import os
import shutil

from . import odoo, paths, postgres, proc, stamps
from .ui import Fail, note

COMMENT = f"made by service_credits ./dev of {paths.ROOT}"
KEPT = 3  # installed databases of earlier states: switching branches back is then quick
EXTRA = ("payment_demo", "payment_custom")
# The first one becomes everybody's language; without en_US there would be no English at all.
LANGUAGES = "en_US,fr_FR"


def prefix():
    """On a server of the user's, other checkouts may have databases too."""
    return "service_credits_" + (f"{paths.CHECKOUT}_" if postgres.external() else "")


def demo_name():
    return f"{prefix()}demo"


def manifest(addon):
    path = paths.ROOT / addon / "__manifest__.py"
    try:
        return ast.literal_eval(path.read_text())
    except FileNotFoundError:
        raise Fail(f"{path} is missing: nothing to install") from None
    except (SyntaxError, ValueError) as error:
        raise Fail(f"{path} cannot be read: {error}") from None


def base_modules():
    """What the add-ons need, without themselves."""
    own = paths.addons() or [paths.ADDON_NAME]
    needed = {name for addon in own for name in manifest(addon).get("depends", [])}
    return sorted(needed.difference(own)) + [*EXTRA]


def relevant(relative):
    """Files that change the database when they change. Static files are served from disk."""
    parts = relative.parts
    if parts[0] in ("tests", "readme") or relative.suffix in (".pot", ".rst", ".md"):
        return False
    return parts[0] != "static" or parts[1] == "description"


def served(relative):
    """Files that the demo server has to see: a change needs a restart."""
    return relative.parts[0] not in ("tests", "readme") and relative.parts[:2] != (
        "static",
        "tests",
    )


def base_name():
    key = stamps.digest(
        *sorted(base_modules()), LANGUAGES, odoo.source().version, paths.REQUIREMENTS.read_text()
    )
    return f"{prefix()}base_{key}"


def installed_key():
    return stamps.addons_digest(relevant)


def assets_key():
    """What the bundles of scripts and styles are made of."""
    files = stamps.addons_digest(lambda path: path.parts[0] == "static")
    return stamps.digest(installed_key(), files)


def installed_name():
    return f"{prefix()}test_{stamps.digest(installed_key(), base_name())}"


def exists(name):
    """Whether there is such a database of ours; Fail when it is somebody else's."""
    found = postgres.ask(
        "SELECT COALESCE(shobj_description(oid, 'pg_database'), '') || '|' FROM pg_database "
        f"WHERE datname = '{name}'"
    )
    if found and found != f"{COMMENT}|":
        raise Fail(f"the database {name} was not made by this ./dev: rename or drop it yourself")
    return bool(found)


def names(start):
    """Our databases whose names begin so, the newest first."""
    listing = postgres.ask(
        "SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = "
        f"'{COMMENT}' AND starts_with(datname, '{start}') ORDER BY oid DESC"
    )
    return listing.split()


def filestore(name):
    return paths.DATA / "filestore" / name


def drop(name):
    if exists(name):
        postgres.ask(f'DROP DATABASE "{name}" WITH (FORCE)')
    shutil.rmtree(filestore(name), ignore_errors=True)


def create(name, template=None):
    """An empty database or a copy, with the filestore in hard links."""
    drop(name)
    if template:
        postgres.ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = '{template}' AND pid <> pg_backend_pid()"
        )
    clause = f'TEMPLATE "{template}"' if template else "TEMPLATE template0 ENCODING 'UTF8'"
    postgres.ask(f'CREATE DATABASE "{name}" {clause}')
    postgres.ask(f"COMMENT ON DATABASE \"{name}\" IS '{COMMENT}'")
    if template and filestore(template).is_dir():
        # Odoo never writes into a stored file, it only adds and removes: links are safe.
        shutil.copytree(filestore(template), filestore(name), copy_function=os.link)


def rename(old, new):
    shutil.rmtree(filestore(new), ignore_errors=True)
    if filestore(old).is_dir():
        filestore(old).rename(filestore(new))
    postgres.ask(f'ALTER DATABASE "{old}" RENAME TO "{new}"')


def ensure_base():
    name = base_name()
    if not exists(name):
        note("Odoo with the add-on's dependencies and demo data (a minute or two, once)")
        new = f"{prefix()}new_base"
        create(new)
        modules = ",".join(base_modules())
        odoo.server(
            *("-d", new, "-i", modules, "--with-demo", f"--load-language={LANGUAGES}"),
            log="base",
            what="making the database of the dependencies",
        )
        rename(new, name)
        for old in names(f"{prefix()}base_"):
            if old != name:
                drop(old)
    return name


def ensure_installed():
    """The add-on installed; its log is kept, for the warnings that a later run must still show."""
    name = installed_name()
    base = ensure_base()
    if not exists(name):
        own = ",".join(paths.addons())
        note(f"installing {own}")
        new = f"{prefix()}new_test"
        create(new, base)
        log = paths.LOGS / "install.log"
        log.unlink(missing_ok=True)
        odoo.server(
            *("-d", new, "-i", own, "--with-demo"),
            log="install",
            what=f"installing {own}",
        )
        postgres.ask("VACUUM ANALYZE", new)
        installs = paths.LOGS / "installs"
        installs.mkdir(exist_ok=True)
        shutil.copy(log, installs / f"{name}.log")
        rename(new, name)
        for old in names(f"{prefix()}test_")[KEPT:]:
            drop(old)
            (installs / f"{old}.log").unlink(missing_ok=True)
    return name


def install_log():
    return paths.LOGS / "installs" / f"{installed_name()}.log"


def ensure_assets(name):
    """Bundles made beforehand: otherwise every browser test makes them, and rolls them back."""
    stamp = f"assets-{name}"
    if stamps.read(stamp) != assets_key():
        note("bundling scripts and styles")
        odoo.script("assets.py", name, log="assets", what="bundling scripts and styles")
        stamps.write(stamp, assets_key())
    for old in paths.STAMPS.glob("assets-*"):
        if not exists(old.name.removeprefix("assets-")):
            old.unlink()


def run_name():
    """The name of the copy for this run of the tests; left-overs of killed runs are dropped."""
    for name in names(f"{prefix()}run_"):
        pid, began = name.removeprefix(f"{prefix()}run_").split("_")[:2]
        if not proc.alive({"pid": int(pid), "began": began}):
            drop(name)
    known = proc.mark(os.getpid())
    return f"{prefix()}run_{known['pid']}_{known['began']}"
