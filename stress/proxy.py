"""A wire between client and PostgreSQL that breaks around COMMIT.

The client cannot know then whether its transaction was committed. Half of the broken wires lose
the COMMIT on its way, half lose the answer.
"""

import contextlib
import os
import random
import socket
import threading
from pathlib import Path

COMMIT = b"Q" + (len(b"COMMIT\0") + 4).to_bytes(4, "big") + b"COMMIT\0"


class Proxy:
    def __init__(self, folder, target, share):
        self.target = str(Path(target) / ".s.PGSQL.5432")
        self.folder = Path(folder)
        self.share = share  # of the commits that lose their connection
        self.lost = {"before": 0, "after": 0}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / ".s.PGSQL.5432"))
        self.listener.listen(50)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _address = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.target)
            except OSError:
                client.close()
                continue
            state = {"drop answer": False}
            for source, sink, forward in (
                (client, server, self.question),
                (server, client, self.answer),
            ):
                threading.Thread(
                    target=self.pump, args=(source, sink, forward, state), daemon=True
                ).start()

    def pump(self, source, sink, forward, state):
        try:
            while data := source.recv(65536):
                if not forward(data, sink, state):
                    break
        except OSError:
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def question(self, data, sink, state):
        if data.endswith(COMMIT) and random.random() < self.share:
            if random.random() < 0.5:
                self.lost["before"] += 1
                return False
            self.lost["after"] += 1
            state["drop answer"] = True
        sink.sendall(data)
        return True

    def answer(self, data, sink, state):
        if state["drop answer"]:
            return False
        sink.sendall(data)
        return True

    def close(self):
        self.listener.close()
        os.unlink(self.folder / ".s.PGSQL.5432")
