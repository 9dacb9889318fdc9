"""Filters > Flux Depth > History…: what was edited, when, and what became of it; insert again, or use the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import replies
from gi.repository import Gimp, GimpUi, Gtk
from main_loop import keep_going, wait

from shared.jobs.desk import Desk
from shared.jobs.owed import discardable
from shared.jobs.ticket import Ticket
from shared.jobs.wording import Progress, short_prompt, state_words, when, where
from shared.model.edit import DepthEdit
from shared.model.parameters import Kind, Role
from shared.storage.entries import EditEntry, EditState, Job
from shared.storage.journal import Journal
from windows import ui

SHOWN = 300  # edits; more make the list slow and nobody looks there
TITLES = ("When", "Prompt", "Seed", "State", "Where")
PROMPT_LENGTH = 60  # characters in the list; the whole prompt stands below


@dataclass(frozen=True)
class Edit:
    """One line of the list."""

    job: Job
    entry: EditEntry


@dataclass(frozen=True)
class Deeds:
    """What the window asks for. ``bring`` starts to bring an edit in; ``is_open`` tells whether its document is."""

    bring: Callable[[Job, EditEntry], Ticket]
    is_open: Callable[[Job], bool]


def show(image: Gimp.Image | None, desk: Desk, deeds: Deeds) -> Edit | None:
    """Open the window until it is closed; the edit whose settings are to be used, or None."""
    ui.start()
    window = HistoryWindow(image, desk, deeds)
    end = keep_going(desk)
    try:
        return window.run()
    finally:
        end()
        window.dialog.destroy()


class HistoryWindow:
    """A list of edits, the newest first, and what can be done with the chosen one."""

    def __init__(self, image: Gimp.Image | None, desk: Desk, deeds: Deeds) -> None:
        self.image, self.desk, self.deeds = image, desk, deeds
        self._ticket: Ticket | None = None
        self._chosen: Edit | None = None
        self.dialog = GimpUi.Dialog(title="Flux Depth History", role="fluxdepth-history")
        self.dialog.add_button("_Close", Gtk.ResponseType.CLOSE)
        self.dialog.set_default_size(720, 420)
        self.dialog.connect("delete-event", lambda *_: self._stop())
        self._build()
        self._fill()

    def _build(self) -> None:
        self.error = ui.ErrorBar(lambda _: None)
        self.rows = Gtk.ListStore(str, str, str, str, str, object)
        self.view = Gtk.TreeView(model=self.rows, search_column=1)
        self.view.get_accessible().set_name("Edits")
        for number, title in enumerate(TITLES):
            cell = Gtk.CellRendererText()
            shown = Gtk.TreeViewColumn(title=title)
            shown.pack_start(cell, True)
            shown.add_attribute(cell, "text", number)
            shown.set_resizable(True)
            shown.set_expand(title == "Prompt")
            self.view.append_column(shown)
        self.view.get_selection().connect("changed", self._selected)
        self.view.connect("row-activated", lambda *_: self._insert())
        scrolled = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN, vexpand=True)
        scrolled.add(self.view)
        self.about = ui.label(dim=True)
        self.id = ui.label(dim=True)
        self.id.set_selectable(True)  # to quote it to the vendor
        self.insert = ui.button("_Insert", self._insert, "Fetch it if need be, and insert its result; costs nothing")
        self.reuse = ui.button("_Use These Settings", self._reuse, "Open the edit dialog with them")
        self.discard = ui.button("_Discard", self._discard, "Never offer it again; the entry stays in the history")
        self.work = ui.WorkPanel(self._stop, None)
        self.buttons = ui.row(self.insert, self.reuse, self.discard)
        content = ui.column(self.error, spacing=2 * ui.SPACE)
        content.pack_start(scrolled, True, True, 0)
        for part in (self.about, self.id, self.buttons, self.work):
            content.pack_start(part, False, False, 0)
        content.set_border_width(2 * ui.SPACE)
        self.dialog.get_content_area().pack_start(content, True, True, 0)
        content.show_all()

    def _fill(self, at: int = 0) -> None:
        journal = Journal()
        self.rows.clear()
        for job in journal.entries():
            for entry in job.edits:
                if len(self.rows) < SHOWN:
                    self.rows.append([*_words(job, entry), Edit(job, entry)])
        self.about.set_text(
            " ".join(journal.problems)
            or ("" if len(self.rows) else "There are no edits yet. Each one will be listed here with its result.")
        )
        if len(self.rows):
            self.view.get_selection().select_path(Gtk.TreePath.new_from_indices([min(at, len(self.rows) - 1)]))
        self._selected()

    def _current(self) -> Edit | None:
        rows, at = self.view.get_selection().get_selected()
        return rows[at][len(TITLES)] if at else None

    def _selected(self, *_: object) -> None:
        current = self._current()
        there = current is not None and current.entry.state in (EditState.DONE, EditState.TAKEN)
        self.insert.set_sensitive(there)
        belongs = current is None or self.deeds.is_open(current.job)
        self.insert.set_label("_Insert" if belongs else "Open as _New Image")
        self.reuse.set_sensitive(current is not None and self.image is not None)
        # What has arrived is the artist's own, in a document; there is nothing to give up.
        waits = current if current and current.entry.arrived is None else None
        self.discard.set_sensitive(waits is not None and discardable(waits.job, waits.entry))
        self.id.set_visible(current is not None and bool(current.entry.uuid))
        if current:
            entry = current.entry
            edit = current.job.asked(entry)
            parts = (edit.prompt, _settings(edit), entry.error)
            self.about.set_text("\n".join(part for part in parts if part))
            self.id.set_text(f"Id at the service: {entry.uuid}")

    def run(self) -> Edit | None:
        """Until it is closed; the edit whose settings are to be used, or None."""
        while self.dialog.run() == Gtk.ResponseType.NONE:
            pass
        return self._chosen

    def _reuse(self) -> None:
        if self.image is None or not self.image.is_valid():
            self.error.say("The image was closed. Open one, then come back: the settings stay in the history.")
            return
        self._chosen = self._current()
        self.dialog.response(Gtk.ResponseType.OK)

    def _insert(self) -> None:
        current = self._current()
        if current is None or self._ticket is not None or not self.insert.get_sensitive():
            return
        self.error.clear()
        self._ticket = ticket = self.deeds.bring(current.job, current.entry)
        self.buttons.set_sensitive(False)
        self.work.show()

        def progress(now: Progress) -> None:
            self.work.show_progress(now.text, now.fraction)

        try:
            wait(self.desk, [ticket], progress)
        finally:
            self._ticket = None
            self.work.hide()
            self.buttons.set_sensitive(True)
        error = replies.error_of(ticket)
        if error is not None:
            self.error.tell(error, {})
        replies.tell([ticket])
        self.dialog.present()  # a new image's window comes before it
        self._fill(self._position())

    def _discard(self) -> None:
        current = self._current()
        if current is not None and ui.confirmed(self.dialog, *ui.discard_question(1)):
            self.desk.discard(current.job.id, [current.entry.index])
            self._fill(self._position())

    def _position(self) -> int:
        rows, at = self.view.get_selection().get_selected()
        return rows.get_path(at).get_indices()[0] if at else 0

    def _stop(self) -> bool:
        """Stop fetching, if that is under way; it costs nothing to fetch again."""
        if self._ticket is None:
            return False
        self.desk.stop(self._ticket)
        return True


def _settings(edit: DepthEdit) -> str:
    """The model and the settings in the artist's words, without the prompt."""
    words = [edit.model.label]
    for parameter in edit.model.parameters:
        if parameter.role is Role.PROMPT:
            continue
        value = edit.values.get(parameter.name, parameter.default)
        if parameter.kind is Kind.BOOLEAN:
            value = "yes" if value else "no"
        words.append(f"{parameter.label} {value}")
    return " · ".join(words)


def _words(job: Job, entry: EditEntry) -> tuple[str, ...]:
    edit = job.asked(entry)
    return (
        when(job),
        short_prompt(edit.prompt, PROMPT_LENGTH),
        str(edit.seed),
        state_words(entry),
        where(job.destination),
    )
