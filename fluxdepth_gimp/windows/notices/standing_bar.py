"""What was paid for and has not arrived, or may have been, and windows that are hidden: told before the next edit."""

from __future__ import annotations

from collections.abc import Callable

import hidden
from documents import held
from gi.repository import Gtk
from windows import ui

from shared.jobs.desk import Desk
from shared.language import tr

TOLD = 3  # sentences of what is owed; more would push the settings off a small screen


class StandingBar(ui.NoticeBar):
    """``recover`` brings in what is owed here; ``resized`` is called when the bar is higher or lower."""

    def __init__(
        self, dialog: Gtk.Dialog, desk: Desk, recover: Callable[[], object], resized: Callable[[], object]
    ) -> None:
        super().__init__()
        self._dialog, self._desk, self._recover, self._resized = dialog, desk, recover, resized
        self._hidden = hidden.windows()

    def refresh(self) -> None:
        """Tell it, if there is any."""
        under_way = [
            tr("{edit} is under way in a window that is hidden.").format(edit=one.words) for one in self._hidden
        ]
        owed = [one.words for one in (*self._desk.here(), *self._desk.uncertain())]
        if under_way or owed:
            self.tell_of(under_way + owed)

    def tell_of(self, sentences: list[str]) -> None:
        actions: dict[str, Callable[[], object]] = {}
        if self._hidden:
            actions[tr("_Bring Back")] = self._show_hidden
        if self._desk.here():
            actions[tr("Reco_ver")] = self._recover
        if self._desk.uncertain():
            actions[tr("Disc_ard")] = self._discard
        more = (
            [tr("And {count} more, in History…").format(count=len(sentences) - TOLD)] if len(sentences) > TOLD else []
        )
        self.tell("\n".join(sentences[:TOLD] + more), actions)
        self._resized()

    def _show_hidden(self) -> None:
        """This window has done what it was opened for when another one comes."""
        brought_back = [one for one in self._hidden if one.ask()]
        if brought_back:
            self._dialog.response(Gtk.ResponseType.CANCEL)
            return
        self._hidden = []
        self.clear()
        self.refresh()
        self._resized()

    def _discard(self) -> None:
        """Take what can't be found again off the list, if that is meant."""
        uncertain = self._desk.uncertain()
        if ui.confirmed(self._dialog, *ui.discard_question(sum(len(owed.indices) for owed in uncertain))):
            for owed in uncertain:
                self._desk.discard(owed.job.id, owed.indices)
            self.clear()
            self._desk.look(held())
            self._resized()
