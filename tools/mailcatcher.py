"""The demo's mail box (runs in the virtual environment): SMTP in, web pages out, loopback only.

Usage: python -m tools.mailcatcher SMTP_PORT WEB_PORT FOLDER. Mails are kept as .eml files, so they
survive a restart and any mail program opens them.
"""

import email
import email.policy
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from aiosmtpd.controller import Controller

from tools import mailpages

LOOPBACK = "127.0.0.1"


class Store:
    """The .eml files of one folder; the name of each is its number."""

    def __init__(self, folder):
        self.folder = folder
        self.lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def numbers(self):
        return sorted(int(p.stem) for p in self.folder.glob("*.eml") if p.stem.isdigit())

    def add(self, content):
        with self.lock:
            number = (self.numbers() or [0])[-1] + 1
            new = self.folder / f"{number:06}.new"
            new.write_bytes(content)
            new.rename(self.folder / f"{number:06}.eml")

    def raw(self, number):
        return (self.folder / f"{number:06}.eml").read_bytes()

    def get(self, number):
        return email.message_from_bytes(self.raw(number), policy=email.policy.default)

    def clear(self):
        with self.lock:
            for path in self.folder.glob("*.eml"):
                path.unlink()


class Receiver:
    """aiosmtpd's handler: every mail is accepted and kept, none is sent on."""

    def __init__(self, store):
        self.store = store

    async def handle_DATA(self, _server, _session, envelope):
        # The envelope tells who really gets it (Bcc is not in the headers).
        header = f"X-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n".encode()
        self.store.add(header + envelope.original_content)
        return "250 OK"


class Pages(BaseHTTPRequestHandler):
    """/ the list, /3 a mail, /3/html its body alone, /3/part/2 an attachment, /3/raw the source."""

    store = None

    def do_GET(self):
        if not self.is_ours():
            return self.reply(403, "text/plain", b"open this page by its address on 127.0.0.1")
        path = [part for part in urlsplit(self.path).path.split("/") if part]
        try:
            self.route(path)
        except (FileNotFoundError, ValueError, IndexError, KeyError):
            self.reply(404, "text/html", mailpages.page("Not found", "<p>No such mail.</p>"))
        return None

    def route(self, path):
        if not path:
            newest = self.store.numbers()[::-1][:500]
            mails = [(number, self.store.get(number)) for number in newest]
            return self.reply(200, "text/html", mailpages.index(mails))
        if path == ["health"]:
            return self.reply(200, "text/plain", b"ok")
        number = int(path[0])
        mail = self.store.get(number)
        if len(path) == 1:
            return self.reply(200, "text/html", mailpages.mail(number, mail))
        if path[1] == "html":
            return self.reply(200, "text/html", mailpages.body(number, mail), mailpages.BODY_POLICY)
        if path[1] == "raw":
            return self.reply(200, "text/plain", self.store.raw(number))
        if path[1] == "part":
            kind, name, content = mailpages.part(mail, int(path[2]))
            return self.reply(200, kind, content, mailpages.PART_POLICY, name)
        raise KeyError(path[1])

    def do_POST(self):
        # Only our own page's button may empty the box.
        if not self.is_ours() or self.path != "/clear" or not self.same_origin():
            return self.reply(403, "text/plain", b"refused")
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.store.clear()
        self.send_response(303)
        self.send_header("Location", "/")
        self.send_header("Content-Length", "0")
        self.end_headers()
        return None

    def is_ours(self):
        """A web site elsewhere must not read mails by pointing its own name at 127.0.0.1."""
        host = (self.headers.get("Host") or "").rpartition(":")[0] or self.headers.get("Host")
        return host in (LOOPBACK, "localhost")

    def same_origin(self):
        origin = self.headers.get("Origin")
        return origin is None or urlsplit(origin).netloc == self.headers.get("Host")

    def reply(self, status, kind, content, policy=mailpages.PAGE_POLICY, name=None):
        self.send_response(status)
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        if name:
            self.send_header("Content-Disposition", mailpages.disposition(name))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args):
        """Quiet: the log is for failures."""


def main():
    smtp_port, web_port, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    Pages.store = Store(folder)
    controller = Controller(
        Receiver(Pages.store), hostname=LOOPBACK, port=smtp_port, data_size_limit=50 * 1024**2
    )
    controller.start()
    ThreadingHTTPServer((LOOPBACK, web_port), Pages).serve_forever()


if __name__ == "__main__":
    main()
