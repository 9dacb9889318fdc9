"""The last line of the dialog: is there a key, what will it cost, and what the service says when it is asked.

The price is that of the list of models; key and model are asked about when the artist presses Test.
"""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gimp, Gtk

from shared.errors import FluxDepthError
from shared.jobs.wording import order, order_of_layers
from shared.language import tr
from shared.storage.credentials import find_key
from windows import ui
from windows.models.model_box import ModelBox
from windows.service_check import ServiceCheck
from windows.source_box import SourceBox


class StatusLine(Gtk.Box):
    """Follows the number of variations and of layers; another model, other ``prompts`` come by :meth:`refresh`."""

    def __init__(
        self,
        config: Gimp.ProcedureConfig,
        parent: Gtk.Window,
        model: ModelBox,
        source: SourceBox,
        prompts: Callable[[], int],
    ) -> None:
        super().__init__(orientation=Gtk.Orientation.HORIZONTAL, spacing=ui.SPACE)
        self._config, self._model, self._source, self._prompts = config, model, source, prompts
        self._words = ui.label()
        self._check = ServiceCheck(parent, self._said, lambda: model.model)
        self._button = ui.button(
            tr("Test"), self._check.start, tr("Ask the service about key, model and credits; free")
        )
        self.pack_start(self._words, True, True, 0)
        self.pack_start(self._button, False, False, 0)
        self._answer = ""
        for name in ("variations", "source"):
            config.connect(f"notify::{name}", self.refresh)

    def forget(self) -> None:
        """What the service said was about another key or address, or another hour."""
        self._check.stop()
        self._answer = ""
        self.refresh()

    def refresh(self, *_: object) -> None:
        try:
            key = find_key()
            has_key = tr("Key from {place}").format(place=tr(key.source.value)) if key else tr("No key yet")
        except FluxDepthError as exc:
            key, has_key = None, exc.message
        count = self._config.get_property("variations")
        prompts, price = self._prompts(), self._model.price
        if prompts:
            words = order(prompts * count * self._source.count, price)
        else:
            words = order_of_layers(self._source.count, count, price)
        self._words.set_text(f"{self._answer or has_key} · {words}")
        self._button.set_sensitive(key is not None)

    def _said(self, line: str, running: bool) -> None:
        self._answer = line
        self._button.set_sensitive(not running)
        self.refresh()
