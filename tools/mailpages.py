"""The pages of the mail catcher: HTML out of parsed mails (runs in the virtual environment).

A mail's own HTML is never part of these pages: it is shown in a sandboxed frame that runs no
script. Links in it open a new tab, outside the sandbox, so that its buttons work as in a mail
program.
"""

import html
import re
from email.utils import parsedate_to_datetime
from urllib.parse import quote

PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# Pictures of the demo server may load; nothing of the mail may run.
BODY_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src 'self' data: http://127.0.0.1:* http://localhost:*; style-src 'unsafe-inline'; "
    "font-src data:; frame-ancestors 'self'"
)
PART_POLICY = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"

STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f5f5f7; color: #222; }
header { background: #4b2e55; color: #fff; padding: .8rem 1rem; display: flex; gap: 1rem;
  align-items: center; justify-content: space-between; flex-wrap: wrap; }
header h1 { font-size: 1.1rem; margin: 0; } header a { color: #fff; }
main { max-width: 60rem; margin: 1rem auto; padding: 0 .8rem; }
ul.mails { list-style: none; margin: 0; padding: 0; background: #fff; border: 1px solid #ddd;
  border-radius: 6px; }
ul.mails li + li { border-top: 1px solid #eee; }
ul.mails a { display: block; padding: .6rem .9rem; color: inherit; text-decoration: none; }
ul.mails a:hover, ul.mails a:focus { background: #f0eaf3; }
ul.mails b { display: block; } small { color: #555; }
table { border-collapse: collapse; margin-bottom: .8rem; background: #fff; width: 100%; }
th, td { text-align: left; padding: .25rem .6rem; vertical-align: top; overflow-wrap: anywhere; }
th { color: #555; font-weight: 500; width: 7rem; }
iframe { width: 100%; height: 75vh; border: 1px solid #ddd; border-radius: 6px; background: #fff; }
pre { background: #fff; border: 1px solid #ddd; border-radius: 6px; padding: .8rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
button { font: inherit; padding: .2rem .8rem; } summary { cursor: pointer; padding: .4rem 0; }
"""


def escape(value):
    return html.escape(str(value or ""))


def page(title, content, refresh=False, tools=""):
    again = '<meta http-equiv="refresh" content="5">' if refresh else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{again}<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f'<header><h1><a href="/">Mails of the demo</a></h1>{tools}</header>'
        f"<main>{content}</main></body></html>"
    ).encode()


def when(mail):
    try:
        return parsedate_to_datetime(str(mail["Date"])).strftime("%Y-%m-%d %H:%M")
    except (TypeError, ValueError):
        return ""


def index(mails):
    if not mails:
        return page("Mails", "<p>No mail yet. This page looks again every 5 seconds.</p>", True)
    items = "".join(
        f'<li><a href="/{number}"><b>{escape(mail["Subject"] or "(no subject)")}</b>'
        f"<small>{escape(when(mail))} · to {escape(mail['To'])} · from {escape(mail['From'])}"
        "</small></a></li>"
        for number, mail in mails
    )
    clear = '<form method="post" action="/clear"><button>Delete all</button></form>'
    return page(f"Mails ({len(mails)})", f'<ul class="mails">{items}</ul>', True, clear)


def mail(number, message):
    rows = "".join(
        f"<tr><th>{name}</th><td>{escape(message[name])}</td></tr>"
        for name in ("From", "To", "Cc", "Reply-To", "Date", "Subject")
        if message[name]
    )
    files = "".join(
        f'<li><a href="/{number}/part/{position}">{escape(item.get_filename() or "attachment")}'
        f"</a> <small>{escape(item.get_content_type())}</small></li>"
        for position, item in enumerate(message.walk())
        if item.get_filename() or item.get_content_disposition() == "attachment"
    )
    content = f"<table>{rows}</table>"
    if files:
        content += f"<p>Attachments:</p><ul>{files}</ul>"
    text = text_of(message, "plain")
    if text_of(message, "html") is not None:
        content += (
            f'<iframe title="The mail" src="/{number}/html" '
            'sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
        )
        if text is not None:
            content += f"<details><summary>Text</summary><pre>{escape(text)}</pre></details>"
    else:
        content += f"<pre>{escape(text)}</pre>"
    headers = "\n".join(f"{name}: {value}" for name, value in message.items())
    content += f"<details><summary>All headers</summary><pre>{escape(headers)}</pre></details>"
    content += f'<p><a href="/{number}/raw">Source</a></p>'
    return page(str(message["Subject"] or "Mail"), content)


def text_of(message, subtype):
    found = message.get_body(preferencelist=(subtype,))
    if found is None:
        return None
    try:
        return found.get_content()
    except (LookupError, UnicodeError):  # a character set that does not exist
        return (found.get_payload(decode=True) or b"").decode("utf-8", "replace")


def body(number, message):
    """The mail's HTML for the frame: links open a new tab, pictures inside the mail are found."""
    text = text_of(message, "html") or ""
    places = {
        item["Content-ID"].strip("<> "): position
        for position, item in enumerate(message.walk())
        if item["Content-ID"]
    }
    text = re.sub(
        r"cid:([^\"'\s)>]+)",
        lambda found: f"/{number}/part/{places[found[1]]}" if found[1] in places else found[0],
        text,
    )
    base = '<base target="_blank">'
    head = re.search(r"<head[^>]*>", text, re.I)
    if head:
        return f"{text[: head.end()]}{base}{text[head.end() :]}".encode()
    return f'<!doctype html><meta charset="utf-8">{base}{text}'.encode()


def part(message, position):
    """(type, file name, content) of one part; pictures show, all else is downloaded."""
    item = list(message.walk())[position]
    if item.is_multipart():
        content = item.as_bytes()
    else:
        content = item.get_payload(decode=True) or b""
    kind = item.get_content_type()
    if kind.startswith("image/") and kind != "image/svg+xml" and not item.get_filename():
        return kind, None, content
    return "application/octet-stream", item.get_filename() or "attachment", content


def disposition(name):
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
