"""Odoo 19 itself: Debian's package, unpacked in .dev/odoo, or the one in ODOO_DIR."""

import os
import re
import shutil
from pathlib import Path

from . import apt, paths, stamps, system
from .ui import Fail, note

# odoo-19 links to fonts and scripts of these packages by relative paths, so they go in the same
# folder. Font Awesome must be 4.7, which bookworm has; later ones keep their files elsewhere.
PACKAGES = (
    ("odoo-19", "sid"),
    ("fonts-font-awesome", "bookworm"),
    ("fonts-roboto-unhinted", "bookworm"),
    ("fonts-montserrat", "sid"),
    ("fonts-inconsolata", "sid"),
    ("fonts-ocr-b", "sid"),
    ("libjs-jquery", "sid"),
    ("libjs-jquery-form", "sid"),
    ("libjs-underscore", "sid"),
)
SITE = "usr/lib/python3/dist-packages"
# Bundles name this file; without it every page of the back office logs an error, in the server and
# in the browser, where an error ends a tour. Only video calls would use it.
LEFT_OUT = ("odoo/addons/mail/static/lib/selfie_segmentation/selfie_segmentation.js",)
NEEDED = 3 * 1024**3


class Odoo:
    """An Odoo that can be run: the folder to import from, its add-on folders, its version."""

    def __init__(self, site):
        self.site = site
        self.addons = [
            folder for folder in (site / "addons", site / "odoo" / "addons") if folder.is_dir()
        ]
        release = (site / "odoo" / "release.py").read_text()
        found = re.search(r"^version_info = \((\d+), *(\d+)", release, re.M)
        self.series = tuple(map(int, found.groups())) if found else (0, 0)
        self.version = stamps.digest(site, release, stamps.read("odoo"))


def own(folder):
    """The Odoo of the user's, from ODOO_DIR."""
    folder = Path(folder).expanduser().resolve()
    for site in (folder, folder / SITE):
        if (site / "odoo" / "release.py").is_file():
            odoo = Odoo(site)
            if odoo.series != (19, 0):
                raise Fail(f"ODOO_DIR holds Odoo {odoo.series[0]}.{odoo.series[1]}: 19.0 is needed")
            return odoo
    raise Fail(f"ODOO_DIR={folder} holds no odoo/release.py: name the folder of an Odoo 19")


def ensure():
    """Odoo, fetched when it is not there yet. The stamp comes last: half a download is redone."""
    if os.environ.get("ODOO_DIR"):
        return own(os.environ["ODOO_DIR"])
    wanted = stamps.digest(PACKAGES, LEFT_OUT)
    if (stamps.read("odoo") or "").partition(" ")[0] != wanted:
        system.require_apt()
        free = shutil.disk_usage(paths.DEV).free
        if free < NEEDED:
            raise Fail(
                f"{free // 1024**2} MiB are free in {paths.DEV}, {NEEDED // 1024**2} are needed: "
                "make room and repeat"
            )
        fetch(wanted)
    return Odoo(paths.ODOO / SITE)


def fetch(wanted):
    note("apt-get download odoo-19 and the fonts it links to (about 130 MB)")
    apt.update(dict.fromkeys(suite for _name, suite in PACKAGES))
    debs = paths.DEV / "debs"
    files = apt.fetch(PACKAGES, debs)
    note("unpacking")
    new = paths.ODOO.with_suffix(".new")
    for folder in (new, paths.ODOO):
        shutil.rmtree(folder, ignore_errors=True)
    apt.unpack(files, new)
    for name in LEFT_OUT:
        stub = new / SITE / name
        stub.parent.mkdir(parents=True, exist_ok=True)
        if not stub.exists():
            stub.write_text("/* Debian leaves this file out. */\n")
    new.rename(paths.ODOO)
    stamps.write("odoo", f"{wanted} {files[0].name}")
    # 130 MB of archives and lists are of no more use.
    shutil.rmtree(debs, ignore_errors=True)
    shutil.rmtree(paths.APT, ignore_errors=True)


