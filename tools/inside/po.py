"""Translation files (runs in the virtual environment, without Odoo).

check FOLDER…       every .po file of the folders translates every term of the .pot file
compare FRESH OLD   the terms that the old template lacks or has too much
merge FOLDER…       brings the .po files up to the .pot file, keeping what is translated
"""

import sys
from pathlib import Path

import polib

LANGUAGES = ("fr",)


def key(entry):
    return entry.msgctxt or "", entry.msgid


def short(entry):
    text = " ".join(entry.msgid.split())
    return text if len(text) < 100 else f"{text[:97]}…"


def template(folder):
    found = sorted(folder.glob("*.pot"))
    return polib.pofile(str(found[0])) if found else None


def check(folder):
    """Print what is missing; the number of findings."""
    terms = template(folder)
    if terms is None:
        print(f"{folder.parent.name}/i18n holds no .pot file: run ./dev pot")
        return 1
    found = 0
    for language in LANGUAGES:
        path = folder / f"{language}.po"
        if not path.exists():
            print(f"{folder.parent.name}/i18n/{path.name} is missing: run ./dev pot")
            found += 1
            continue
        entries = polib.pofile(str(path))
        known = {key(entry): entry for entry in entries if not entry.obsolete}
        for term in terms:
            entry = known.pop(key(term), None)
            if entry is None or not entry.translated():
                state = "not there"
                if entry is not None:
                    state = "fuzzy" if entry.fuzzy else "untranslated"
                print(f"{folder.parent.name}/i18n/{path.name}: {state}: {short(term)}")
                found += 1
        for entry in [*known.values(), *entries.obsolete_entries()]:
            print(f"{folder.parent.name}/i18n/{path.name}: no longer needed: {short(entry)}")
            found += 1
    return found


def compare(fresh, old):
    wanted = {key(entry): entry for entry in polib.pofile(str(fresh))}
    there = {key(entry): entry for entry in polib.pofile(str(old))}
    for name in sorted(wanted.keys() - there.keys()):
        print(f"not in {old.name}: {short(wanted[name])}")
    for name in sorted(there.keys() - wanted.keys()):
        print(f"no longer needed in {old.name}: {short(there[name])}")


def merge(folder):
    """Like msgmerge without its guesses: Odoo must never load a fuzzy translation."""
    terms = template(folder)
    for language in LANGUAGES:
        path = folder / f"{language}.po"
        entries = polib.pofile(str(path)) if path.exists() else polib.POFile()
        known = {key(entry): entry for entry in entries}
        merged = polib.POFile(wrapwidth=78)
        merged.header = entries.header or terms.header
        merged.metadata = entries.metadata or {**terms.metadata, "Language": language}
        for term in terms:
            old = known.get(key(term))
            term.msgstr = old.msgstr if old and not old.fuzzy else ""
            merged.append(term)
        if not path.exists() or str(merged) != str(entries):
            merged.save(str(path))
            print(f"{folder.parent.name}/i18n/{path.name} is brought up to the template")


def main(command, *args):
    given = [Path(arg) for arg in args]
    if command == "compare":
        compare(*given)
    elif command == "merge":
        for folder in given:
            merge(folder)
    else:
        return 1 if sum(map(check, given)) else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
