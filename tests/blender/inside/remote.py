"""Runs inside windowed Blender: answers the test's questions on the main thread, one after the other, from a timer.

The test sends Python source over a loopback socket; what it assigns to `answer` comes back as JSON. Names live on from
one piece to the next. Knows no extension.
"""

import contextlib
import json
import os
import queue
import socket
import threading
import time
import traceback
from pathlib import Path

import bpy

PERIOD = 0.02
_questions: queue.SimpleQueue = queue.SimpleQueue()
_names: dict = {"bpy": bpy}
ticks: list[float] = []
_names["ticks"] = ticks


def _listen(server: socket.socket) -> None:
    while True:
        with contextlib.suppress(OSError):
            connection, _ = server.accept()
            with connection:
                source = json.loads(connection.makefile("r", encoding="utf-8").readline())
                reply: queue.SimpleQueue = queue.SimpleQueue()
                _questions.put((source, reply))
                connection.sendall((json.dumps(reply.get()) + "\n").encode())


def _tick() -> float:
    ticks.append(time.monotonic())
    try:
        source, reply = _questions.get_nowait()
    except queue.Empty:
        return PERIOD
    _names["answer"] = None
    try:
        exec(compile(source, "<test>", "exec"), _names)
        json.dumps(_names["answer"])
        reply.put({"answer": _names["answer"]})
    except Exception:  # noqa: BLE001  the test gets to see it
        reply.put({"error": traceback.format_exc()})
    return PERIOD


server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=_listen, args=(server,), daemon=True).start()
bpy.app.timers.register(_tick, first_interval=0.5, persistent=True)
Path(os.environ["FLUXDEPTH_TEST_PORT"]).write_text(str(server.getsockname()[1]))
