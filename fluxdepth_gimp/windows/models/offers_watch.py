"""Asks the service in the background which models it offers and what they cost; nothing waits for it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from gi.repository import GLib, Gtk

from shared.errors import FluxDepthError
from shared.jobs.background import Background
from shared.service import offers
from shared.service.offers import Offers
from windows.first_run import no_key

TICK = 100  # ms


class OffersWatch:
    """``tell`` is called in the main thread when there is news. Without a key nothing leaves this computer."""

    def __init__(self, window: Gtk.Window, tell: Callable[[Offers], None]) -> None:
        self._tell = tell
        self._work: Background[Offers] | None = None
        self._timer = 0
        window.connect("destroy", lambda _: self.stop())

    def ask(self) -> None:
        if self._timer or no_key():
            return
        self._work = Background(offers.asked, "fluxdepth-offers")
        self._timer = GLib.timeout_add(TICK, self._look)

    def _look(self) -> bool:
        if self._work is None or not self._work.finished:
            return GLib.SOURCE_CONTINUE
        self._timer = 0
        with contextlib.suppress(FluxDepthError):  # the edit itself says what is wrong
            self._tell(self._work.answer())
        return GLib.SOURCE_REMOVE

    def stop(self) -> None:
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0
