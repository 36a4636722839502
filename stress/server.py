"""A PostgreSQL of the test's own, that may be killed, with a copy of the throw-away database.

Durable, unlike the one of ``./dev``: what it confirmed must be there after a crash.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools import postgres

SETTINGS = "listen_addresses = ''\nmax_connections = 60\nshared_buffers = 128MB\njit = off\n"


class Server:
    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sc-stress-"))
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        self.socket = self.folder / "socket"
        self.log = self.folder / "setup.log"

    def run(self, name, *args):
        with open(self.log, "ab") as log:
            subprocess.run(
                [str(postgres.server_binaries() / name), *map(str, args)],
                env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
                start_new_session=True,
                **postgres.as_user(),
            )

    def make(self, database):
        """A new cluster with a copy of `database`, taken from the server of the environment."""
        postgres.own(self.data, 0o700)
        postgres.own(self.socket, 0o711)
        self.run(
            "initdb",
            "-D",
            self.data,
            "-U",
            postgres.ROLE,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        )
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(SETTINGS)
        self.start()
        here = {**os.environ, "PGHOST": str(self.socket), "PGUSER": postgres.ROLE}
        here.pop("PGPORT", None)
        here.pop("PGPASSWORD", None)
        binaries = postgres.binaries()
        subprocess.run([binaries / "createdb", database], env=here, check=True)
        with subprocess.Popen(
            [binaries / "pg_dump", "-Fc", "-Z0", database], stdout=subprocess.PIPE
        ) as dump:
            subprocess.run(
                [binaries / "pg_restore", "--no-owner", "-d", database],
                stdin=dump.stdout,
                env=here,
                check=True,
            )
        assert dump.returncode == 0

    def start(self):
        self.run(
            "pg_ctl",
            "-D",
            self.data,
            "-w",
            "-t",
            "60",
            "-l",
            self.data / "server.log",
            "-o",
            f"-k '{self.socket}'",
            "start",
        )

    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def backends(self):
        """The pids of the processes that serve a client."""
        return [pid for pid in self.children() if b"[local]" in self.title(pid)]

    def children(self):
        pid = self.pid()
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def title(self, pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return Path(f"/proc/{pid}/cmdline").read_bytes()
        return b""

    def kill(self):
        """As when the power fails: the server and all its processes at once, then start again."""
        postmaster = self.pid()
        for pid in (postmaster, *self.children()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while Path(f"/proc/{postmaster}").exists():
            if Path(f"/proc/{postmaster}/stat").read_text().split()[2] == "Z":
                break
            time.sleep(0.02)
        for attempt in range(20):
            try:
                self.start()
                return
            except subprocess.CalledProcessError:
                if attempt == 19:
                    raise
                time.sleep(0.2)

    def stop(self):
        with contextlib.suppress(subprocess.CalledProcessError, FileNotFoundError):
            self.run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)
