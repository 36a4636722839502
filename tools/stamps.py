"""What is already done, and from what: a stamp is a small file with a hash in it."""

import hashlib
import json
import os

from . import paths


def read(name):
    try:
        return (paths.STAMPS / name).read_text().strip()
    except OSError:
        return None


def write(name, value):
    write_file(paths.STAMPS / name, f"{value}\n")


def clear(name):
    (paths.STAMPS / name).unlink(missing_ok=True)


def write_file(path, text, mode=0o644):
    """Write a whole file or nothing: readers and a killed writer never see half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with open(new, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, mode)) as handle:
        handle.write(text)
    os.replace(new, path)


def load(path):
    """A state file, or an empty one when it is missing or damaged."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def save(path, state):
    write_file(path, json.dumps(state, indent=1))


def digest(*parts):
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:12]


def addons_digest(wanted):
    """A hash of the wanted files of all our add-ons."""
    return digest(*(name + files_digest(paths.ROOT / name, wanted) for name in paths.addons()))


def files_digest(folder, wanted):
    """A hash of the names and contents of the files for which wanted(relative path) holds."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if "__pycache__" in relative.parts or not path.is_file() or not wanted(relative):
            continue
        content = path.read_bytes()
        total.update(f"{relative}\0{len(content)}\0".encode())
        total.update(content)
    return total.hexdigest()[:12]
