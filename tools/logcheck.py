"""Which log lines a test run may show: everything from WARNING up is a failure but for these."""

import re

# (logger, message, why it is harmless). Both are searched, from the start of the logger's name.
ALLOWED = (
    (
        r"odoo\.addons\.base\.models\.(assetsbundle|ir_asset)",
        r"selfie_segmentation",
        "Debian leaves this video filter of Odoo's out; only video calls would use it",
    ),
    (
        r"(odoo\.addons\.base\.models\.ir_module|py\.warnings|docutils)",
        r"docutils|<string>:\d+: \((ERROR|WARNING)",
        "the description of one of Odoo's own modules is not clean reStructuredText",
    ),
)
IN = "\0in "  # between a message and the test that logged it
# 2026-01-31 12:00:00,123 4711 WARNING database odoo.some.logger: the message
LINE = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ \d+ (?P<level>WARNING|ERROR|CRITICAL) \S+ "
    r"(?P<logger>[^:\s]+): (?P<message>.*)$"
)


def allowed(logger, message):
    return any(re.match(name, logger) and re.search(text, message) for name, text, _ in ALLOWED)


def offences(path):
    """The offending lines of a log file."""
    if not path.exists():
        return []
    found = []
    with open(path, errors="replace") as log:
        for line in log:
            match = LINE.match(line)
            if match and not allowed(match["logger"], match["message"]):
                found.append(f"{match['level']} {match['logger']}: {match['message'].strip()}")
    return found
