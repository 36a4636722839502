"""Through Odoo's own HTTP server: clients who decide at the same moment.

A real Odoo serves the throw-away database; the clients are plain HTTP, each with a session of
their own, the link of the mail and the form of the page.
"""

import os
import re
import socket
import subprocess
import sys
import threading
import time

import ledger
import pytest
import requests

CLIENTS = 8


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def address(loaded, tmp_path_factory):
    """The address of an Odoo server of the test's own."""
    port = free_port()
    log = tmp_path_factory.mktemp("odoo") / "log"
    command = [
        *(sys.executable, "-m", "odoo", "server", "-c", os.environ["ODOO_RC"], "-d", ledger.DB),
        *("--http-interface=127.0.0.1", f"--http-port={port}", "--max-cron-threads=0"),
        *("--log-level=info", f"--logfile={log}", "--db_maxconn=40"),
    ]
    with subprocess.Popen(command) as server:
        try:
            limit = time.monotonic() + 60
            while True:
                try:
                    requests.get(f"http://127.0.0.1:{port}/web/health", timeout=5)
                    break
                except requests.ConnectionError:
                    assert server.poll() is None, log.read_text()
                    assert time.monotonic() < limit, log.read_text()
                    time.sleep(0.3)
            yield f"http://127.0.0.1:{port}", log
        finally:
            server.terminate()


def quoted(env, partner, number, credits):
    """`number` interventions of `credits` each, quoted and sent: [(id, token)]."""
    kind = env["service.intervention.type"].search([], limit=1)
    interventions = env["service.intervention"].create(
        [
            {
                "partner_id": partner.id,
                "type_id": kind.id,
                "subject": f"Report {i}",
                "line_ids": [(0, 0, {"description": "Work", "credits": credits})],
            }
            for i in range(number)
        ]
    )
    for intervention in interventions:
        intervention._send_quotation()
    return [(i.id, i._portal_ensure_token()) for i in interventions]


def visit(address, intervention_id, token):
    """Open the page of the mail's link: (session, csrf token, revision)."""
    session = requests.Session()
    page = session.get(
        f"{address}/my/interventions/{intervention_id}", params={"access_token": token}, timeout=60
    )
    assert page.status_code == 200
    csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]
    revision = re.search(r'name="revision"[^>]*value="(\d+)"', page.text)[1]
    return session, {"csrf_token": csrf, "revision": revision, "access_token": token}


def press_at_once(address, presses):
    """POST each of (intervention id, token, action) at the same moment; the status codes."""
    ready = [(*press, *visit(address, press[0], press[1])) for press in presses]
    barrier = threading.Barrier(len(ready))
    codes = []

    def press(intervention_id, _token, action, session, form):
        barrier.wait()
        answer = session.post(
            f"{address}/my/interventions/{intervention_id}/{action}", data=form, timeout=120
        )
        codes.append(answer.status_code)

    threads = [threading.Thread(target=press, args=one) for one in ready]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def client(env, credits):
    partner = env["res.partner"].create(
        {"name": "Rush", "is_company": True, "email": "rush@example.com"}
    )
    account = env["service.credit.account"]._for_partner(partner)
    account._grant(credits, "opening")
    return partner, account.id


def test_eight_clients_accept_at_once_with_credits_for_three(address, seed, figures):
    url, log = address
    with ledger.transaction() as env:
        partner, account_id = client(env, 15)
        interventions = quoted(env, partner, CLIENTS, 5)
    codes = press_at_once(url, [(*one, "accept") for one in interventions])
    assert all(code < 500 for code in codes), codes
    with ledger.transaction() as env:
        found = env["service.intervention"].browse([one[0] for one in interventions])
        states = found.mapped("state")
        assert states.count("accepted") == 3
        assert found.filtered(lambda i: i.state != "accepted").hold_id.ids == []
        assert sum(found.hold_id.mapped("remaining")) == 15
    assert ledger.balance(account_id) == (0, 15)
    retries = len(re.findall(r"tries left, try again", log.read_text()))
    figures(clients=CLIENTS, accepted=3, retries_by_odoo=retries)


def test_one_quotation_accepted_and_refused_at_once(address, seed, figures):
    """Colleagues press both buttons, several times over: one decision stands, and only its own
    credits are held."""
    url, _log = address
    outcomes = []
    for _round in range(2):
        with ledger.transaction() as env:
            partner, account_id = client(env, 10)
            ((intervention_id, token),) = quoted(env, partner, 1, 4)
        codes = press_at_once(
            url, [(intervention_id, token, action) for action in ("accept", "refuse") * 2]
        )
        assert all(code < 500 for code in codes), codes
        with ledger.transaction() as env:
            state = env["service.intervention"].browse(intervention_id).state
        assert state in ("accepted", "refused")
        expected = (6, 4) if state == "accepted" else (10, 0)
        assert ledger.balance(account_id) == expected
        outcomes.append(state)
    figures(decisions=", ".join(outcomes))
