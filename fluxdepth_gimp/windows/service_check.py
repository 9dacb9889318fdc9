"""Asks the service, without paying, whether key and model are good: in a thread, so that the window stays alive."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from gi.repository import GLib, Gtk

from shared.errors import FluxDepthError
from shared.service.client import Client

TICK = 100  # ms


class ServiceCheck:
    """One question at a time; ``tell(line, running)`` is called in the main thread."""

    def __init__(self, window: Gtk.Window, tell: Callable[[str, bool], None]) -> None:
        self._tell = tell
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._timer = 0
        window.connect("destroy", self._end)

    def start(self) -> None:
        """Ask now. The client's own time-outs bound the wait."""
        if self._timer:
            return
        self._tell("Asking the service…", True)
        self._answers = queue.SimpleQueue()
        threading.Thread(target=_ask, args=(self._answers,), name="fluxdepth-check", daemon=True).start()
        self._timer = GLib.timeout_add(TICK, self._look)

    def _look(self) -> bool:
        try:
            answer = self._answers.get_nowait()
        except queue.Empty:
            return GLib.SOURCE_CONTINUE
        self._timer = 0
        self._tell(answer, False)
        return GLib.SOURCE_REMOVE

    def _end(self, *_: object) -> None:
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0


def _ask(answers: queue.SimpleQueue[str]) -> None:
    try:
        answers.put(Client.from_settings().status().line)
    except FluxDepthError as exc:
        answers.put(str(exc))
