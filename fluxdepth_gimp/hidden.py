"""Windows that were hidden while their edit goes on, and the way back to them.

Each window is a process of its own. A hidden one leaves a file in the data folder and watches it: who takes the file
away asks for the window.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import documents
from gi.repository import Gio

from shared.errors import StorageError
from shared.storage import files, processes


def _folder() -> Path:
    return files.home() / "hidden"


class Sign:
    """That a window is hidden; ``bring_back`` is called, in the main loop, when somebody asks for it."""

    def __init__(self, words: str, bring_back: Callable[[], object]) -> None:
        self._path = _folder() / f"{os.getpid()}.json"
        content = {"process": processes.session_name(), "gimp": documents.session(), "words": words}
        with contextlib.suppress(StorageError):  # a full disk: the edit goes on in the status bar all the same
            files.write_by_rename(self._path, json.dumps(content).encode())
        self._monitor = Gio.File.new_for_path(str(self._path)).monitor_file(Gio.FileMonitorFlags.NONE, None)

        def changed(_monitor: Gio.FileMonitor, _file: Gio.File, _other: object, event: Gio.FileMonitorEvent) -> None:
            if event is Gio.FileMonitorEvent.DELETED and not self._monitor.is_cancelled():
                bring_back()

        self._monitor.connect("changed", changed)

    def end(self) -> None:
        """The window is seen again, or its edit has ended."""
        self._monitor.cancel()
        with contextlib.suppress(OSError):
            self._path.unlink()


@dataclass(frozen=True)
class Hidden:
    """A hidden window of the running GIMP."""

    words: str  # what its edit is
    path: Path

    def ask(self) -> bool:
        """Have it shown again; False when its edit has just ended."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True


def windows() -> list[Hidden]:
    """The hidden windows of the running GIMP; the signs of processes that have died are cleared away."""
    found = []
    for path in sorted(_folder().glob("*.json")):
        try:
            sign = json.loads(path.read_text("utf-8"))
            alive = processes.is_alive(sign["process"]) is not False
            here, words = sign["gimp"] == documents.session(), str(sign["words"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if not alive:
            with contextlib.suppress(OSError):
                path.unlink()
        elif here:
            found.append(Hidden(words, path))
    return found
