"""pytest's side of ./dev test (runs in the virtual environment).

The database copy is made after the collection, when it is known whether a browser will be needed
and after mistakes in the test files have shown. Log lines from WARNING up are collected, and the
session's outcome is written to the file that ./dev test reads.
"""

import json
import logging
import os
from pathlib import Path

import pytest

from tools import database, lock, logcheck
from tools.ui import Fail

REPORT = "SERVICE_CREDITS_REPORT"


class Collector(logging.Handler):
    """Keeps the log lines that must not be there."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []
        self.test = ""

    def emit(self, record):
        message = record.getMessage()
        if not logcheck.allowed(record.name, message):
            if record.exc_info and record.exc_info[1]:
                message += f" [{record.exc_info[1]!r}]"
            line = f"{record.levelname} {record.name}: {message}"
            self.lines.append(f"{line}{logcheck.IN}{self.test}")


class Plugin:
    def __init__(self):
        self.collector = Collector()
        self.passed = set()
        self.failed = set()
        self.skipped = {}

    def pytest_collection_modifyitems(self, items):
        """Like Odoo's own loader: a test class that a file only imports is not that file's, and a
        class is run for its tags."""
        tag = os.environ["SERVICE_CREDITS_TAG"]
        items[:] = [
            item
            for item in items
            if not getattr(item, "cls", None)
            or (
                item.cls.__module__ == item.module.__name__
                and tag in getattr(item.cls, "test_tags", {"standard"})
            )
        ]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session):
        """The database for this run comes into being."""
        if not session.items or session.config.option.collectonly or session.testsfailed:
            return
        from odoo.tests.common import BaseCase, HttpCase

        # Odoo's runner sets this from --test-tags; HOOTCommon reads it.
        BaseCase._test_params = []
        classes = {item.cls for item in session.items if getattr(item, "cls", None)}
        template = os.environ["SERVICE_CREDITS_TEMPLATE"]
        try:
            with lock.locked():
                if any(issubclass(cls, HttpCase) for cls in classes):
                    database.ensure_assets(template)
                database.create(os.environ["SERVICE_CREDITS_DATABASE"], template)
        except Fail as failure:
            pytest.exit(f"no database for the tests: {failure}", returncode=1)
        logging.getLogger().addHandler(self.collector)

    def pytest_runtest_logstart(self, nodeid):
        self.collector.test = nodeid

    def pytest_runtest_logreport(self, report):
        self.count(report)

    def pytest_collectreport(self, report):
        if report.outcome != "passed":
            self.count(report)

    def count(self, report):
        """A test counts once, though its parts (setup, subtests, call, teardown) each report."""
        if report.failed:
            self.failed.add(report.nodeid)
        elif report.skipped:
            self.skipped[report.nodeid] = reason(report)
        elif report.when == "call":
            self.passed.add(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self):
        logging.getLogger().removeHandler(self.collector)
        skipped = {name: why for name, why in self.skipped.items() if name not in self.failed}
        outcome = {
            "passed": len(self.passed - self.failed - set(skipped)),
            "failed": len(self.failed),
            "skipped": len(skipped),
            "skips": [f"{name}: {why}" for name, why in skipped.items()],
            "lines": self.collector.lines,
        }
        Path(os.environ[REPORT]).write_text(json.dumps(outcome))


def reason(report):
    if isinstance(report.longrepr, tuple):
        return report.longrepr[2]
    return getattr(report, "wasxfail", "") or str(report.longrepr)


def pytest_configure(config):
    if os.environ.get(REPORT):
        config.pluginmanager.register(Plugin(), "service_credits_report")
