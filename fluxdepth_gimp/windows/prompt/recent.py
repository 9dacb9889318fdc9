"""The recent prompts, found by typing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gi.repository import Gdk, GLib, Gtk, Pango
from windows import ui

from shared.jobs.wording import one_line
from shared.language import tr
from shared.model.search import found

SHOWN = 100  # prompts; who wants another one types a word of it
WIDTH, HEIGHT = 460, 260  # px


class RecentButton(Gtk.MenuButton):
    """Opens the list; ``take`` gets the prompt that is chosen."""

    def __init__(self, take: Callable[[str], object]) -> None:
        super().__init__(label=tr("Recent"), tooltip_text=tr("Your last prompts, found by typing"))
        self._take = take
        self._prompts: Sequence[str] = ()
        self._search = Gtk.SearchEntry(placeholder_text=tr("Words of the prompt"))
        self._search.get_accessible().set_name(tr("Find a prompt"))
        self._search.connect("search-changed", lambda _: self._fill())
        self._search.connect("activate", lambda _: self._take_row(0))
        self._search.connect("key-press-event", self._key_pressed)
        self._rows = Gtk.ListStore(str, str, str)  # on one line, as it is, for the tooltip
        self._view = Gtk.TreeView(model=self._rows, headers_visible=False, enable_search=False, tooltip_column=2)
        self._view.get_accessible().set_name(tr("Recent prompts"))
        self._view.set_activate_on_single_click(True)
        cell = Gtk.CellRendererText(ellipsize=Pango.EllipsizeMode.END)
        column = Gtk.TreeViewColumn(title=tr("Prompt"))
        column.pack_start(cell, True)
        column.add_attribute(cell, "text", 0)
        self._view.append_column(column)
        self._view.connect("row-activated", lambda _, path, __: self._take_row(path.get_indices()[0]))
        scrolled = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN, hscrollbar_policy=Gtk.PolicyType.NEVER)
        scrolled.add(self._view)
        scrolled.set_size_request(WIDTH, HEIGHT)
        self._about = ui.label(dim=True)
        content = ui.column(self._search, scrolled, self._about)
        content.set_border_width(ui.SPACE)
        content.show_all()
        self._popover = Gtk.Popover()
        self._popover.add(content)
        self._popover.connect("show", self._opened)
        self.set_popover(self._popover)
        self.know([])

    def know(self, prompts: Sequence[str]) -> None:
        """The newest first."""
        self._prompts = prompts
        self.set_sensitive(bool(prompts))
        self._fill()

    def _opened(self, *_: object) -> None:
        self._search.set_text("")
        self._fill()
        self._search.grab_focus()

    def _fill(self) -> None:
        fitting = found(self._search.get_text(), self._prompts)
        self._rows.clear()
        for prompt in fitting[:SHOWN]:
            self._rows.append([one_line(prompt), prompt, GLib.markup_escape_text(prompt)])
        if len(fitting) > SHOWN:
            self._about.set_text(
                tr("{shown} of {count} prompts; type a word to find another one.").format(
                    shown=SHOWN, count=len(fitting)
                )
            )
        else:
            self._about.set_text("" if fitting else tr("No prompt has these words."))
        self._about.set_visible(bool(self._about.get_text()))

    def _key_pressed(self, _: Gtk.SearchEntry, event: Gdk.EventKey) -> bool:
        if event.keyval == Gdk.KEY_Down and len(self._rows):
            self._view.grab_focus()
            self._view.set_cursor(Gtk.TreePath.new_first(), None, False)
            return True
        return False

    def _take_row(self, number: int) -> None:
        self._fill()  # what was typed last may not have been looked for yet
        if number < len(self._rows):
            prompt = self._rows[number][1]
            self._popover.popdown()
            self._take(prompt)
