"""Debian packages fetched and unpacked for us alone.

apt works with sources, lists and cache of its own in .dev/apt, so the machine's are left as they
are; it checks Debian's signature with Debian's archive keyring. Nothing is installed: the packages
are only unpacked.
"""

import os
import re
import shutil
from pathlib import Path

from . import paths, proc, system
from .ui import Fail

DEBIAN_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

# Hooks of the machine (container clean-up, desktop indexes) have no business with our lists.
CONF = """\
#clear APT::Update;
#clear DPkg;
Dir::Etc::SourceList "{apt}/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "{apt}/state";
Dir::State::Lists "{apt}/state/lists";
Dir::State::Status "{apt}/status";
Dir::Cache "{apt}/cache";
Dir::Cache::Archives "{apt}/cache/archives";
APT::Architecture "{arch}";
#clear APT::Architectures;
APT::Architectures {{ "{arch}"; }};
APT::Default-Release "";
APT::Get::AllowUnauthenticated "false";
APT::Sandbox::User "root";
APT::Update::Error-Mode "any";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::Retries "3";
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::DEP-11-icons;
#clear Acquire::IndexTargets::deb::DEP-11-icons-small;
#clear Acquire::IndexTargets::deb::DEP-11-icons-large;
#clear Acquire::IndexTargets::deb::CNF;
"""


def machine_mirror():
    """The Debian archive that this Debian machine's own sources name."""
    listing = proc.output(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)|$(ORIGIN)|$(LABEL)|$(RELEASE)"]
    )
    guess = None
    for line in listing.splitlines():
        uri, origin, label, release = line.split("|")
        if origin == label == "Debian":
            return uri
        # Without lists (a fresh container) the origin is not known yet, the suite is.
        if not origin and "-" not in release and re.search(r"/debian/?$|^mirror", uri):
            guess = guess or uri
    return guess


def debootstrap_mirror():
    """On Ubuntu: the Debian archive that debootstrap names, and Debian's keyring, both packages
    of Ubuntu's own. They are unpacked beside us, not installed."""
    folder = paths.APT / "debootstrap"
    keyring = folder / DEBIAN_KEYRING.relative_to("/")
    if not keyring.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        names = ["debootstrap", "debian-archive-keyring"]
        if not all(map(system.candidate, names)):
            raise Fail("apt knows no package debootstrap: run apt-get update as root and repeat")
        proc.run(
            ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *names],
            log="apt",
            cwd=folder,
            what="fetching debootstrap",
        )
        for deb in sorted(folder.glob("*.deb")):
            proc.run(["dpkg", "-x", deb, folder], log="apt", what=f"unpacking {deb.name}")
    scripts = [
        folder / "usr/share/debootstrap/scripts/sid",
        folder / "usr/share/debootstrap/scripts/debian-common",
        folder / "usr/sbin/debootstrap",
    ]
    for script in scripts:
        text = script.read_text(errors="replace") if script.exists() else ""
        found = re.search(r"\bhttps?://[\w.-]+/debian(?=[\"'\s/])", text)
        if found:
            return found.group(), keyring
    return None, keyring


def mirror():
    """(archive, keyring): DEBIAN_MIRROR, else the machine's own, else debootstrap's."""
    wanted = os.environ.get("DEBIAN_MIRROR")
    if DEBIAN_KEYRING.exists():
        uri, keyring = wanted or machine_mirror(), DEBIAN_KEYRING
        if not uri and system.os_release().get("ID") != "debian":
            uri, keyring = debootstrap_mirror()
    else:
        uri, keyring = debootstrap_mirror()
    uri = wanted or uri
    if not uri:
        raise Fail("no Debian archive among this machine's apt sources: set DEBIAN_MIRROR to one")
    return uri.rstrip("/"), keyring


def apt(*args, **kwargs):
    """Run apt-get with the private configuration."""
    return proc.run(
        ["apt-get", "-q", "-c", paths.APT / "apt.conf", *args], log="apt", **kwargs
    )


def update(suites):
    """Write the private configuration and fetch the lists of these Debian suites."""
    uri, keyring = mirror()
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (paths.APT / folder).mkdir(parents=True, exist_ok=True)
    (paths.APT / "status").touch()
    arch = proc.output(["dpkg", "--print-architecture"])
    (paths.APT / "apt.conf").write_text(CONF.format(apt=paths.APT, arch=arch))
    (paths.APT / "sources.list").write_text(
        "".join(f"deb [signed-by={keyring}] {uri} {suite} main\n" for suite in suites)
    )
    apt("update", what=f"fetching the package lists of {uri} (network? DEBIAN_MIRROR?)")


def fetch(packages, folder):
    """Download packages, given as (name, suite), into a folder; returns their files."""
    folder.mkdir(parents=True, exist_ok=True)
    apt(
        "download",
        *(f"{name}/{suite}" for name, suite in packages),
        cwd=folder,
        what="fetching Debian packages",
    )
    files = []
    for name, _suite in packages:
        found = sorted(folder.glob(f"{name}_*.deb"), key=lambda path: path.stat().st_mtime)
        if not found:
            raise Fail(f"apt-get did not fetch {name}: remove {paths.APT} and repeat")
        files.append(found[-1])
    return files


def closure(package, suite):
    """Download a package with everything that it depends on; returns the files."""
    # Nothing counts as installed (the private status is empty) and nothing will be.
    apt(
        *("-o", "Debug::NoLocking=true", "install", "--download-only", "-y"),
        *("--no-install-recommends", f"{package}/{suite}"),
        what=f"fetching {package}",
    )
    return sorted((paths.APT / "cache" / "archives").glob("*.deb"))


def unpack(files, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for deb in files:
        proc.run(["dpkg", "-x", deb, folder], log="apt", what=f"unpacking {deb.name}")
