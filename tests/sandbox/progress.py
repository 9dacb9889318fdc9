"""Says which request reaches the sandbox, for a person who watches a demo."""

from __future__ import annotations

import threading
import time

from tests.sandbox import Sandbox


class showing_progress:
    """While it is open, says which request reaches the stand-in."""

    WORDS = {"upload": "uploading the picture", "submit": "submitting the edit", "download": "inserting the result"}

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> None:
        self._started = time.monotonic()
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)

    def _show(self) -> None:
        last = ""
        while not self._stop.wait(0.1):
            requests = list(self._sandbox.requests)
            words = self.WORDS.get(requests[-1].stage, "waiting for the edit") if requests else "starting"
            if words != last:
                print(f"  {time.monotonic() - self._started:5.1f} s  {words}", flush=True)
            last = words
