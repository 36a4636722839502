"""Kill loyalty runs anywhere, two workers at once, and start again: nothing doubled, nothing lost.

    python benchmarks/loyalty_kill.py [CLIENTS] [KILLS]        (default 6000 and 8)

Two processes run the scheduled action's code on the throw-away database BENCH_DB; one of them at a
time is killed (SIGKILL) after a random while, and replaced. In the end each client must have what
the rule gives, each grant must be told once in a mail, and the ledger must reconcile.
"""

import random
import signal
import subprocess
import sys
import time

from loyalty_grant import environment

SMALL_BATCH = 200  # so that a kill falls among batches, mails and commits


def prepare(count):
    env = environment()
    programs = env["service.credit.program"].search([])
    today = programs[0]._today()
    programs.write({"start_date": today.replace(month=1, day=1), "notify": True})
    env.cr.execute("UPDATE res_partner SET service_credit_since = NULL")
    env.cr.execute(
        """
        INSERT INTO res_partner (name, complete_name, active, is_company, lang, type, email,
                                 autopost_bills, service_credit_since, create_date, write_date)
        SELECT 'Client ' || n, 'Client ' || n, true, true, 'en_US', 'contact',
               'client' || n || '@example.com', 'ask',
               (%(today)s::date - make_interval(years => n %% 25))::date, now(), now()
          FROM generate_series(1, %(count)s) n
        """,
        {"today": today, "count": count},
    )
    env.cr.execute(
        "UPDATE res_partner SET commercial_partner_id = id WHERE commercial_partner_id IS NULL"
    )
    env.cr.commit()


def work():
    env = environment()
    from odoo.addons.service_credits.models import service_credit_program_grants as grants

    grants.BATCH = SMALL_BATCH
    print("ready", flush=True)  # killing a process that still loads Odoo shows nothing
    env["service.credit.program"]._cron_loyalty()
    env.cr.commit()


def check(count):
    env = environment()
    expected = {}
    for n in range(1, count + 1):
        years = n % 25
        for name, credits in (("welcome", min(15, years)), ("yearly", min(6, 2 * (years // 5)))):
            if credits:
                expected[f"Client {n}", name] = (1, credits)
    names = {env.ref(f"service_credits.program_{name}").id: name for name in ("welcome", "yearly")}
    env.cr.execute(
        """
        SELECT p.name, lot.program_id, count(*), sum(lot.quantity)
          FROM service_credit_lot lot
          JOIN service_credit_account a ON a.id = lot.account_id
          JOIN res_partner p ON p.id = a.partner_id
         WHERE lot.program_id IS NOT NULL
         GROUP BY p.name, lot.program_id
        """
    )
    found = {(client, names[program]): (n, int(q)) for client, program, n, q in env.cr.fetchall()}
    wrong = [item for item in {*expected, *found} if expected.get(item) != found.get(item)]
    env.cr.execute("SELECT count(*) FROM service_credit_loyalty_news")
    (queued,) = env.cr.fetchone()
    # Each grant is told once: a client whose two grants came in two runs may get two mails.
    env.cr.execute(
        "SELECT sum(array_length(string_to_array(body_html, 'of seniority'), 1) - 1) FROM mail_mail"
        " WHERE body_html LIKE '%of seniority%'"
    )
    (told,) = env.cr.fetchone()
    env.cr.execute("SELECT count(*) FROM service_credit_reconcile(NULL)")
    (differences,) = env.cr.fetchone()
    print(
        f"{len(expected)} grants due, {len(found)} made, {len(wrong)} wrong, {told} told, "
        f"{queued} still to tell, {differences} differences in the ledger"
    )
    if wrong or queued or told != len(expected) or differences:
        sys.exit(f"not as it must be: {wrong[:5]}")


def start():
    worker = subprocess.Popen(
        [sys.executable, __file__, "work"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    worker.stdout.readline()
    return worker


def main(count, kills):
    seed = random.randrange(2**32)
    randomness = random.Random(seed)
    print(f"{count} clients, {kills} kills, seed {seed}")
    prepare(count)
    workers = [start(), start()]
    done = 0
    while done < kills:
        time.sleep(randomness.uniform(0, 2))
        place = randomness.randrange(2)
        if workers[place].poll() is not None:
            break  # all is granted and told: there is nothing left to interrupt
        workers[place].send_signal(signal.SIGKILL)
        workers[place].communicate()
        workers[place] = start()
        done += 1
    for worker in workers:
        _out, errors = worker.communicate()
        if worker.returncode:
            sys.exit(errors.decode())
    # What a killed worker held is taken up by the next run.
    last = start()
    _out, errors = last.communicate()
    if last.returncode:
        sys.exit(errors.decode())
    print(f"killed {done} times while at work")
    check(count)
    if not done:
        sys.exit("nothing was killed: use more clients")


if __name__ == "__main__":
    if sys.argv[1:2] == ["work"]:
        work()
    else:
        main(*(int(value) for value in [*sys.argv[1:], *("6000", "8")[len(sys.argv) - 1 :]]))
