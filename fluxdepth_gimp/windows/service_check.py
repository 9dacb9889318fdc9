"""Asks the service, without paying, whether key and model are good, while the window stays alive."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import GLib, Gtk

from shared.errors import FluxDepthError
from shared.jobs.background import Background
from shared.language import tr
from shared.model.model import Model
from shared.model.models import DEFAULT
from shared.service.client import Client

TICK = 100  # ms


class ServiceCheck:
    """One question at a time; ``tell(line, running)`` is called in the main thread."""

    def __init__(
        self, window: Gtk.Window, tell: Callable[[str, bool], None], model: Callable[[], Model] = lambda: DEFAULT
    ) -> None:
        self._tell, self._model = tell, model
        self._work: Background[str] | None = None
        self._timer = 0
        window.connect("destroy", lambda _: self.stop())

    def start(self, client: Callable[[], Client] = Client.from_settings) -> None:
        """Ask now, by the ``client`` that is made off the main thread. Its own time-outs bound the wait."""
        if self._timer:
            return
        self._tell(tr("Asking the service…"), True)
        model = self._model()
        self._work = Background(lambda: client().status(model).line, "fluxdepth-check")
        self._timer = GLib.timeout_add(TICK, self._look)

    def _look(self) -> bool:
        if self._work is None or not self._work.finished:
            return GLib.SOURCE_CONTINUE
        self._timer = 0
        try:
            answer = self._work.answer()
        except FluxDepthError as exc:
            answer = str(exc)
        self._tell(answer, False)
        return GLib.SOURCE_REMOVE

    def stop(self) -> None:
        """What is still to come is not told any more."""
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0
