"""One ./dev at a time sets things up; another waits and says so."""

import contextlib
import fcntl
import os

from . import paths
from .ui import say

_held = None


def fds():
    """The lock's file descriptors, for child processes that must hold it as long as they live."""
    return () if _held is None else (_held.fileno(),)


@contextlib.contextmanager
def locked():
    """Hold the lock; entering again while it is held does nothing."""
    global _held
    if _held is not None:
        yield
        return
    paths.make_folders()
    handle = open(paths.DEV / "lock", "a+")  # noqa: SIM115 (held until the end)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        say(f"waiting for another ./dev ({handle.read().strip() or 'unknown'}) to finish …")
        fcntl.flock(handle, fcntl.LOCK_EX)
    handle.seek(0)
    handle.truncate()
    handle.write(f"process {os.getpid()}")
    handle.flush()
    _held = handle
    try:
        yield
    finally:
        _held = None
        handle.close()
