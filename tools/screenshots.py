#!/usr/bin/env python3
"""Take the screenshots of the README and the store page from a running demo database.

    ./dev demo                                   # serves the demo
    python tools/screenshots.py --url http://127.0.0.1:8069 --out service_credits/static/description

Needs Chromium and the Python packages `requests` and `websocket-client` (Odoo's tests need them
too). Any page can be taken with --page:

    python tools/screenshots.py --page /my/credits --login client --width 390 --out .
"""

import argparse
import base64
import itertools
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
import websocket

# file name: (login, path, width, height or None for the whole page, link to follow first)
STORY = {
    "portal_credits": ("client_en", "/my/credits", 1280, 1000, None),
    "portal_credits_fr": ("client", "/my/credits", 1280, 1000, None),
    "portal_credits_phone": ("client", "/my/credits", 390, 844, None),
    "portal_order": ("client_en", "/my/credits/order", 1280, 620, None),
    "portal_quotation": (
        "client_en",
        "/my/interventions?filterby=decide",
        1280,
        1000,
        ".o_portal_my_doc_table a",
    ),
    "portal_quotation_phone": (
        "client",
        "/my/interventions?filterby=decide",
        390,
        844,
        ".o_portal_my_doc_table a",
    ),
    "interventions": ("staff", "/odoo/interventions", 1440, 900, None),
    "dashboard": ("hugo", "/odoo/service-credits", 1440, 1100, None),
}


class Browser:
    """A headless Chromium driven over the DevTools protocol."""

    def __init__(self, executable):
        self.profile = tempfile.mkdtemp(prefix="screenshots-")
        self.process = subprocess.Popen(
            [
                executable,
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--disable-dev-shm-usage",
                "--remote-debugging-port=0",
                "--remote-allow-origins=*",
                f"--user-data-dir={self.profile}",
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        port = self._wait_for_port()
        targets = requests.get(f"http://127.0.0.1:{port}/json", timeout=10).json()
        page = next(target for target in targets if target["type"] == "page")
        self.socket = websocket.create_connection(page["webSocketDebuggerUrl"], timeout=60)
        self.ids = itertools.count(1)
        self.call("Page.enable")
        self.call("Network.enable")

    def _wait_for_port(self):
        port_file = Path(self.profile, "DevToolsActivePort")
        for _attempt in range(200):
            if port_file.exists() and port_file.read_text():
                return port_file.read_text().splitlines()[0]
            time.sleep(0.1)
        raise RuntimeError("Chromium did not start")

    def call(self, method, **params):
        """Send a command and return its result."""
        number = next(self.ids)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return message["result"]

    def evaluate(self, expression):
        result = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        return result["result"].get("value")

    def open(self, url, cookies, width, language=None):
        """Open a page as its reader sees it and wait until nothing moves any more."""
        # A page left with unsaved changes must not ask whether it may be left.
        self.call("Page.navigate", url="about:blank")
        self.call("Network.clearBrowserCookies")
        for name, value in cookies.items():
            self.call("Network.setCookie", name=name, value=value, url=url)
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=900,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        if language:
            self.call("Emulation.setLocaleOverride", locale=language.replace("_", "-"))
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-reduced-motion", "value": "reduce"}],
        )
        self.call("Page.navigate", url=url)
        self.wait()

    def follow(self, selector):
        """Click a link and wait for the page behind it."""
        self.evaluate(
            f"window.__left = true; location.href = document.querySelector({selector!r}).href"
        )
        self.wait()

    def wait(self):
        quiet = 0
        for _attempt in range(1200):
            busy = self.evaluate(
                # The page before stays until the server has answered.
                "location.href === 'about:blank' || window.__left"
                " || document.readyState !== 'complete' || !document.body"
                " || !!document.querySelector('.o_loading, .o_blockUI, .o_portal_doc_spinner')"
                " || (location.pathname.startsWith('/odoo')"
                " && !document.querySelector('.o_view_controller, .o_action'))"
                " || performance.getEntriesByType('resource').length !== window.__seen"
                " && (window.__seen = performance.getEntriesByType('resource').length, true)"
            )
            quiet = 0 if busy else quiet + 1
            if quiet >= 8:
                return
            time.sleep(0.1)

    def screenshot(self, path, height=None):
        """Save what is seen: `height` pixels from the top, or the whole page."""
        height = height or self.evaluate("document.documentElement.scrollHeight")
        size = self.call("Page.getLayoutMetrics")["cssLayoutViewport"]
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=size["clientWidth"],
            height=max(height, 400),
            deviceScaleFactor=1,
            mobile=size["clientWidth"] < 600,
        )
        # Charts follow the new size in the frames to come.
        self.evaluate(
            "new Promise((done) => requestAnimationFrame(() =>"
            " requestAnimationFrame(() => setTimeout(done, 500))))"
        )
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=False)
        Path(path).write_bytes(base64.b64decode(data["data"]))

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(timeout=20)
        shutil.rmtree(self.profile, ignore_errors=True)


def log_in(url, login, password):
    """Return the cookies of a session."""
    session = requests.Session()
    page = session.get(f"{url}/web/login", timeout=60).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
    answer = session.post(
        f"{url}/web/login",
        data={"login": login, "password": password, "csrf_token": token},
        timeout=60,
    )
    if "/web/login" in answer.url:
        sys.exit(f"{login} cannot log in at {url}: is the demo database served there?")
    return session.cookies.get_dict()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8069", help="where Odoo is served")
    parser.add_argument("--out", default=".", help="folder of the pictures")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    parser.add_argument("--chromium", default=chromium)
    parser.add_argument("--page", help="take this one page instead of the README's")
    parser.add_argument("--name", default="page", help="file name with --page")
    parser.add_argument("--login", default="client", help="login and password with --page")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--lang", help="the language of visitors; users have one of their own")
    options = parser.parse_args()
    if not options.chromium:
        sys.exit("Chromium is not installed.")
    url = options.url.rstrip("/")
    story = STORY
    if options.page:
        story = {options.name: (options.login, options.page, options.width, None, None)}
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    browser = Browser(options.chromium)
    sessions = {}
    try:
        for name, (login, page, width, height, link) in story.items():
            if login not in sessions:
                sessions[login] = log_in(url, login, login)
            cookies = dict(sessions[login])
            if options.lang:
                cookies["frontend_lang"] = options.lang
            browser.open(url + page, cookies, width, options.lang)
            if link:
                browser.follow(link)
            browser.screenshot(out / f"{name}.png", height)
            print(out / f"{name}.png")
    finally:
        browser.close()


if __name__ == "__main__":
    main()
