"""What the artist looks for in the history: words, and which edits."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import GLib, Gtk

from shared.language import number, tr, trn
from shared.storage.library.history import Show
from windows import ui

PAUSE = 200  # ms without a key before what was typed is looked for
FILTERS = {
    Show.ALL: tr("All"),
    Show.DOCUMENT: tr("This Image"),
    Show.FAVOURITES: tr("Favourites"),
    Show.UNFINISHED: tr("Unfinished"),
}
# What is said when one of them finds nothing.
NOTHING = {
    Show.ALL: tr("There are no edits yet. Each one will be listed here with its result."),
    Show.DOCUMENT: tr("No edit of this image is in the history. All shows those of other images."),
    Show.FAVOURITES: tr("There are no favourites yet. The button Favourite makes one of the chosen edit."),
    Show.UNFINISHED: tr("Nothing is unfinished: whatever was paid for has arrived, or was given up."),
}


class Finder(Gtk.Box):
    """``changed`` is called when something else is looked for, ``leave`` by Escape when there is nothing to clear."""

    def __init__(self, changed: Callable[[], object], leave: Callable[[], object], *, with_image: bool) -> None:
        super().__init__(orientation=Gtk.Orientation.HORIZONTAL, spacing=ui.SPACE)
        self._changed, self._leave = changed, leave
        self._timer = 0
        self.show_only = Show.ALL
        self.search = Gtk.SearchEntry(placeholder_text=tr("Search in prompts and documents"))
        self.search.get_accessible().set_name(tr("Search"))
        self.search.set_tooltip_text(tr("Words of the prompt or of the document's name, in any order (Ctrl+F)"))
        self.search.connect("search-changed", lambda _: self._typed())
        self.search.connect("activate", lambda _: self._tell())
        self.search.connect("stop-search", lambda _: self._stopped())
        filters = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL)
        filters.get_style_context().add_class("linked")
        first: Gtk.RadioButton | None = None
        for show, words in FILTERS.items():
            made = Gtk.RadioButton(label=words, draw_indicator=False, group=first)
            made.connect("toggled", self._filtered, show)
            made.set_sensitive(show is not Show.DOCUMENT or with_image)
            filters.pack_start(made, False, False, 0)
            first = first or made
        self._count = ui.label(dim=True)
        self.pack_start(self.search, True, True, 0)
        self.pack_start(filters, False, False, 0)
        self.pack_start(self._count, False, False, 0)

    @property
    def typed(self) -> str:
        return self.search.get_text().strip()

    @property
    def nothing(self) -> str:
        """What to say when nothing is found."""
        return tr("Nothing is found for “{words}”.").format(words=self.typed) if self.typed else NOTHING[self.show_only]

    def show_count(self, total: int) -> None:
        self._count.set_text(trn("{count} edit", "{count} edits", total).format(count=number(total)))

    def stop(self) -> None:
        """What was typed last is not looked for any more."""
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0

    def _typed(self) -> None:
        self.stop()
        self._timer = GLib.timeout_add(PAUSE, self._tell)

    def _filtered(self, button: Gtk.RadioButton, show: Show) -> None:
        if button.get_active():
            self.show_only = show
            self._tell()

    def _tell(self) -> bool:
        self.stop()
        self._changed()
        return GLib.SOURCE_REMOVE

    def _stopped(self) -> None:
        if self.search.get_text():
            self.search.set_text("")
        else:
            self._leave()
