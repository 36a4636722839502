"""Running programs: quietly, with a log file, ended with us; and knowing a process again later."""

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

from . import lock, paths
from .ui import Fail

# apt's and pip's errors, and the last line of a Python traceback
TELLING = re.compile(r"E: |ERROR: |error: |[a-zA-Z_.]+(Error|Exception|Exit)\b.*: ")


def run(cmd, *, log=None, env=None, cwd=None, what=None, check=True, **kwargs):
    """Run a program to its end; its output goes to the log file. Fail names the log's last line."""
    log_path = paths.LOGS / f"{log or Path(str(cmd[0])).name}.log"
    with open(log_path, "ab") as output:
        position = output.tell()
        output.write(f"\n$ {' '.join(map(str, cmd))}\n".encode())
        output.flush()
        code = wait(
            cmd, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **kwargs
        )
    if check and code:
        raise Fail(f"{what or cmd[0]} failed: {last_line(log_path, position)} (see {log_path})")
    return code


def wait(cmd, **kwargs):
    """Run a program with this one's input and output, and never leave it behind.

    The lock's file is handed down: were ./dev killed, its child would still hold the lock,
    and the next ./dev would wait for it rather than work beside it.
    """
    try:
        process = subprocess.Popen([str(part) for part in cmd], pass_fds=lock.fds(), **kwargs)
    except FileNotFoundError as error:
        raise Fail(f"{cmd[0]} is not installed ({error.strerror})") from None
    try:
        return process.wait()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise


def output(cmd, *, env=None, check=False, **kwargs):
    """What a program prints, or an empty string when it fails or does not exist."""
    try:
        result = subprocess.run(
            [str(part) for part in cmd],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **kwargs,
        )
    except OSError:
        return ""
    if result.returncode and check:
        raise Fail(f"{cmd[0]} failed: {(result.stderr.strip() or 'no message').splitlines()[-1]}")
    return "" if result.returncode else result.stdout.strip()


def last_line(path, position=0):
    """The line of a log that tells best what went wrong."""
    with open(path, "rb") as log:
        log.seek(position)
        lines = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if TELLING.match(line)]
    return (telling or lines or ["no message"])[-1].strip()[:300]


def spawn(cmd, *, log, env=None, cwd=None):
    """Start a server that outlives us; returns its mark, to be kept in a state file."""
    with open(log, "ab") as output_file:
        process = subprocess.Popen(
            [str(part) for part in cmd],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output_file,
            stderr=output_file,
            start_new_session=True,
        )
    return mark(process.pid), process


def mark(pid):
    """A process id with the time it began: ids are used again, this pair is not."""
    return {"pid": pid, "began": began(pid)}


def began(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def alive(known):
    return bool(known) and known["began"] is not None and began(known["pid"]) == known["began"]


def stop(known, seconds=15):
    """End a process that we started, and only that one. True when there was one."""
    if not alive(known):
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(known["pid"], number)
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(known["pid"], os.WNOHANG)
            if not alive(known):
                return True
            time.sleep(0.1)
    return True
