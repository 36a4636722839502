"""Talking to the user: numbered steps, and failures told in one line."""

import sys
import time


class Fail(Exception):
    """Something that the user can mend: the message says what is wrong and what to do."""


class Steps:
    """Prints "[2/7] what is done now" and how long it took when that was noticeable."""

    def __init__(self, total):
        self.total = total
        self.number = 0
        self.started = None

    def step(self, text):
        self.end()
        self.number += 1
        self.started = time.monotonic()
        say(f"[{self.number}/{self.total}] {text}")

    def end(self):
        if self.started is not None:
            seconds = time.monotonic() - self.started
            if seconds >= 2:
                say(f"      done in {seconds:.0f} s")
        self.started = None


def say(text=""):
    print(text, flush=True)


def note(text):
    print(f"      {text}", flush=True)


def complain(text):
    print(f"dev: {text}", file=sys.stderr, flush=True)
