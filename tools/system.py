"""The machine: which system it is, and packages that must be installed on it with apt-get."""

import ctypes.util
import os
import shutil
import subprocess
import sys

from . import paths, proc
from .ui import Fail, note

SUPPORTED = range(11, 14)  # minor versions of Python 3 that Odoo 19 and the pins both take
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")


def os_release():
    known = {}
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        if os.path.exists(path):
            with open(path) as release:
                for line in release:
                    key, _, value = line.strip().partition("=")
                    known[key] = value.strip('"')
            break
    return known


def require_apt():
    """Fail unless this machine is one that the set-up knows."""
    release = os_release()
    family = {release.get("ID", ""), *release.get("ID_LIKE", "").split()}
    if not family & {"debian", "ubuntu"} or not shutil.which("apt-get"):
        raise Fail(
            f"{release.get('PRETTY_NAME', sys.platform)} is not Debian or Ubuntu: set ODOO_DIR to "
            "an Odoo 19 of yours, and install what is named next by hand"
        )


def python():
    """A Python that can make the virtual environment: this one, or another that is installed."""
    if sys.version_info[0] == 3 and sys.version_info[1] in SUPPORTED:
        return sys.executable
    for minor in reversed(SUPPORTED):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    raise Fail(
        f"Python 3.{SUPPORTED[0]} to 3.{SUPPORTED[-1]} is needed, this is "
        f"{sys.version.split()[0]}: install python3.{SUPPORTED[-1]} and repeat"
    )


def search_path():
    """Where a Chromium of our own would be, then PATH."""
    return f"{paths.DEV / 'chromium' / 'bin'}:{os.environ.get('PATH', os.defpath)}"


def browser():
    """Chromium or Chrome as Odoo's test runner looks for it; Ubuntu's snap stub is none."""
    for name in BROWSERS:
        found = shutil.which(name, path=search_path())
        version = proc.output([found, "--version"]) if found else ""
        # A snap sees a /tmp of its own and so cannot be driven.
        if "Chrom" in version and "snap" not in version:
            return found
    return None


def basics_missing(python_path):
    """Packages without which nothing else can be made."""
    missing = []
    if proc.output([python_path, "-c", "import ensurepip, venv; print(1)"]) != "1":
        missing.append("python3-venv")
    if not ctypes.util.find_library("magic"):
        missing.append("libmagic1")
    if os.geteuid() == 0 and not shutil.which("useradd"):
        missing.append("passwd")  # PostgreSQL does not run as root: it gets a user of its own
    return missing


def candidate(package):
    """Whether apt-get could install this package now."""
    policy = proc.output(["apt-cache", "policy", package])
    return "Candidate:" in policy and "Candidate: (none)" not in policy


def may_install():
    """Whether apt-get install is open to us: as root, or through sudo."""
    return os.geteuid() == 0 or bool(shutil.which("sudo"))


def install(packages):
    """apt-get install, as root or through sudo. The machine's own sources are only read."""
    if not packages:
        return
    require_apt()
    names = " ".join(packages)
    prefix = []
    if os.geteuid():
        if not shutil.which("sudo"):
            raise Fail(f"no sudo here: as root, run apt-get install {names} and repeat")
        prefix = ["sudo"] if sys.stdin.isatty() else ["sudo", "-n"]
        if subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
            raise Fail(f"sudo is not allowed here: as root, run apt-get install {names} and repeat")
    note(f"apt-get install {names}")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C", "apt-get", "-q"]
    command = [*apt, "install", "-y", "--no-install-recommends", *packages]
    # A dpkg that another program holds is waited for; lists may be missing or too old.
    command[command.index("install"):0] = ["-o", "DPkg::Lock::Timeout=300"]
    if all(map(candidate, packages)) and not proc.run(command, log="apt-install", check=False):
        return
    proc.run([*apt, "update"], log="apt-install", what="apt-get update")
    proc.run(command, log="apt-install", what=f"apt-get install {names}")


def ensure_basics():
    python_path = python()
    install(basics_missing(python_path))
    return python_path


def ensure_browser():
    """Chromium for the browser tours, from Debian, or the one that is there."""
    if browser():
        return
    if os_release().get("ID") == "debian" and may_install():
        install(["chromium"])
    else:
        from . import chromium  # it builds on apt, which builds on this module

        chromium.fetch()
    if not browser():
        raise Fail("no Chromium for the browser tests: install chromium or google-chrome, repeat")


def ensure_pdf():
    """wkhtmltopdf makes Odoo's PDF reports; where Debian no longer has it there are none."""
    if shutil.which("wkhtmltopdf") or (paths.STAMPS / "no-pdf").exists():
        return
    try:
        install(["wkhtmltopdf"])
    except Fail:
        (paths.STAMPS / "no-pdf").touch()
        note("wkhtmltopdf is not to be had here: reports will show as pages, not as PDF")
