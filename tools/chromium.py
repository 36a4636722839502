"""Chromium for machines whose own is a stub (Ubuntu's is a snap, and snaps need systemd).

Debian's package and all that it needs are unpacked in .dev/chromium and run with those libraries.
They are of Debian 12, whose C library is older than that of every Ubuntu that we serve.
"""

import re
import shutil

from . import apt, paths, stamps
from .ui import note

FOLDER = paths.DEV / "chromium"
BIN = FOLDER / "bin"
SUITE = "bookworm"
# The machine's own C library serves, a second one would not find its loader; and nothing is drawn
# by a graphics card, nor installed.
LEFT_OUT = re.compile(
    r"(libc6|libc-bin|base-files|dpkg|tar|perl.*|debconf|adduser|passwd|login|systemd.*|udev|dbus.*"
    r"|libllvm.*|libgl1-mesa-dri|libz3-4|mesa-.*|coreutils|xdg-utils|chromium-sandbox)_"
)

WRAPPER = """\
#!/bin/sh
# The unpacked Chromium with the libraries that were unpacked beside it.
root='{root}'
LD_LIBRARY_PATH="$(echo "$root"/usr/lib/*-linux-gnu*):$(echo "$root"/lib/*-linux-gnu*)"
LD_LIBRARY_PATH="$LD_LIBRARY_PATH:$(echo "$root"/usr/lib/*-linux-gnu*/pulseaudio)"
FONTCONFIG_PATH="$root/etc/fonts" XDG_DATA_DIRS="$root/usr/share:/usr/share"
export LD_LIBRARY_PATH FONTCONFIG_PATH XDG_DATA_DIRS
exec "$root/usr/lib/chromium/chromium" "$@"
"""


def fetch():
    """Download and unpack Chromium; made beside, then renamed, so that it is whole or not there."""
    if (BIN / "chromium").exists():
        return
    note("apt-get download chromium and its libraries, to be unpacked here (about 150 MB)")
    apt.update([SUITE])
    files = apt.closure("chromium", SUITE)
    new = FOLDER.with_suffix(".new")
    for folder in (new, FOLDER):
        shutil.rmtree(folder, ignore_errors=True)
    wanted = [deb for deb in files if not LEFT_OUT.match(deb.name)]
    apt.unpack(wanted, new / "root")
    (new / "bin").mkdir()
    stamps.write_file(new / "bin" / "chromium", WRAPPER.format(root=FOLDER / "root"), mode=0o755)
    fonts = new / "root" / "etc" / "fonts" / "fonts.conf"
    if fonts.exists():
        local = f"<dir>{FOLDER}/root/usr/share/fonts</dir>"
        fonts.write_text(fonts.read_text().replace("<dir>/usr/share/fonts</dir>", local, 1))
    new.rename(FOLDER)
    shutil.rmtree(paths.APT, ignore_errors=True)

