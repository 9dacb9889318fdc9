"""Filters > Flux Depth > History…: what was edited, when, and what became of it; insert again, or use the settings."""

from __future__ import annotations

import time
from collections.abc import Callable

from gi.repository import Gimp, GimpUi, Gtk
from main_loop import wait
from pixels.insert import short_prompt

from shared.errors import FluxDepthError
from shared.jobs.background import Progress, RunningJob
from shared.model.models import FLUX_DEPTH_PRO
from shared.model.parameters import Kind
from shared.storage.journal import EditEntry, EditState, Job, Journal
from windows import ui

SHOWN = 300  # edits; more make the list slow and nobody looks there
STATES = {
    EditState.PREPARED: "Not submitted",
    EditState.SUBMITTING: "Submitting",
    EditState.TAKEN: "To be fetched",
    EditState.DONE: "Done",
    EditState.FAILED: "Failed",
    EditState.UNCERTAIN: "Uncertain, may be billed",
    EditState.STOPPED: "Stopped before the submit",
}
TITLES = ("When", "Prompt", "Seed", "State", "Where")


Insert = Callable[[Job, EditEntry, Callable[[RunningJob], None]], list[FluxDepthError]]


def show(image: Gimp.Image | None, insert: Insert) -> tuple[Job, EditEntry] | None:
    """Open the window until it is closed; the edit whose settings are to be used, or None.

    ``insert`` fetches an edit and puts its result into the image; it returns what went wrong.
    """
    ui.start()
    window = HistoryWindow(image, insert)
    try:
        return window.run()
    finally:
        window.dialog.destroy()


class HistoryWindow:
    """A list of edits, the newest first, and what can be done with the chosen one."""

    def __init__(self, image: Gimp.Image | None, insert: Insert) -> None:
        self.image = image
        self._bring = insert
        self.job: RunningJob | None = None
        self._chosen: tuple[Job, EditEntry] | None = None
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
            shown = Gtk.TreeViewColumn(title, cell, text=number)
            shown.set_resizable(True)
            shown.set_expand(title == "Prompt")
            self.view.append_column(shown)
        self.view.get_selection().connect("changed", self._selected)
        self.view.connect("row-activated", lambda *_: self._insert())
        scrolled = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN, vexpand=True)
        scrolled.add(self.view)
        self.about = ui.label(dim=True)
        self.insert = ui.button("_Insert", self._insert, "Fetch it if need be, and insert its result; costs nothing")
        self.reuse = ui.button("_Use These Settings", self._reuse, "Open the edit dialog with them")
        self.work = ui.WorkPanel(self._stop, None)
        self.buttons = ui.row(self.insert, self.reuse)
        content = ui.column(self.error, spacing=2 * ui.SPACE)
        content.pack_start(scrolled, True, True, 0)
        for part in (self.about, self.buttons, self.work):
            content.pack_start(part, False, False, 0)
        content.set_border_width(2 * ui.SPACE)
        self.dialog.get_content_area().pack_start(content, True, True, 0)
        content.show_all()

    def _fill(self) -> None:
        journal = Journal()
        self.rows.clear()
        for job in journal.entries():
            for entry in job.edits:
                if len(self.rows) < SHOWN:
                    self.rows.append([*_words(job, entry), (job, entry)])
        self.about.set_text(
            " ".join(journal.problems)
            or ("" if len(self.rows) else "There are no edits yet. Each one will be listed here with its result.")
        )
        if len(self.rows):
            self.view.get_selection().select_path(Gtk.TreePath.new_first())
        self._selected()

    def _current(self) -> tuple[Job, EditEntry] | None:
        rows, at = self.view.get_selection().get_selected()
        return rows[at][len(TITLES)] if at else None

    def _selected(self, *_: object) -> None:
        current = self._current()
        self.insert.set_sensitive(current is not None and current[1].state in (EditState.DONE, EditState.TAKEN))
        self.reuse.set_sensitive(current is not None and self.image is not None)
        if current:
            job, entry = current
            parts = (str(entry.settings.get("prompt", "")), _settings(entry), entry.error)
            self.about.set_text("\n".join(part for part in parts if part))

    def run(self) -> tuple[Job, EditEntry] | None:
        """Until it is closed; the edit whose settings are to be used, or None."""
        while self.dialog.run() == Gtk.ResponseType.NONE:
            pass
        return self._chosen

    def _reuse(self) -> None:
        self._chosen = self._current()
        self.dialog.response(Gtk.ResponseType.OK)

    def _insert(self) -> None:
        current = self._current()
        if current is None or self.job is not None or not self.insert.get_sensitive():
            return
        self.error.clear()
        try:
            failures = self._bring(*current, self._wait)
        finally:
            self.job = None
            self.work.hide()
            self.buttons.set_sensitive(True)
        for failure in failures:
            self.error.tell(failure, {})
        self._fill()

    def _wait(self, job: RunningJob) -> None:
        self.job = job
        self.buttons.set_sensitive(False)
        self.work.show()

        def show(progress: Progress) -> None:
            self.work.show_progress(progress.text, progress.fraction)

        wait(job, show)

    def _stop(self) -> bool:
        """Stop fetching, if that is under way; it costs nothing to fetch again."""
        if self.job is None:
            return False
        self.job.stop()
        return True


def _settings(entry: EditEntry) -> str:
    """The settings in the artist's words, without the prompt."""
    words = []
    for parameter in FLUX_DEPTH_PRO.parameters[1:]:
        value = entry.settings.get(parameter.name, parameter.default)
        if parameter.kind is Kind.BOOLEAN:
            value = "yes" if value else "no"
        words.append(f"{parameter.label} {value}")
    return " · ".join(words)


def _words(job: Job, entry: EditEntry) -> tuple[str, ...]:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(job.created))
    state = STATES[entry.state]
    if entry.state is EditState.DONE and not entry.imported:
        state = "Done, not inserted yet"
    host = {"gimp": "GIMP", "blender": "Blender"}.get(str(job.origin.get("host")), "")
    where = " · ".join(part for part in (host, str(job.origin.get("document") or "")) if part)
    return (
        when,
        short_prompt(str(entry.settings.get("prompt", ""))),
        str(entry.settings.get("seed", "")),
        state,
        where,
    )
