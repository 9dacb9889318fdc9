"""Filters > Flux Depth > History…: what was edited, when, and what became of it; insert again, or use the settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import documents
import replies
from gi.repository import Gdk, Gimp, GimpUi, GLib, Gtk
from main_loop import keep_going, wait

from shared.errors import FluxDepthError
from shared.jobs import spending
from shared.jobs.desk import Desk
from shared.jobs.owed import discardable
from shared.jobs.ticket import Ticket
from shared.jobs.wording import Progress
from shared.language import tr
from shared.storage.entries import EditEntry, EditState, Job
from shared.storage.journal import Journal
from shared.storage.library.history import Edit, Query
from windows import ui
from windows.history import details, grid
from windows.history.details import Details
from windows.history.finder import Finder
from windows.history.grid import Grid, Tile
from windows.history.shelf import Key, Shelf, key_of

SIZE = 1080, 640  # px: four tiles beside the details, on the smallest screen too
NOTED = 100  # ms: what is noted on the disk in one go is read once


@dataclass(frozen=True)
class Deeds:
    """What the window asks for, each in the main thread.

    ``insert`` starts to bring an edit into this image, ``open_new`` into an image of its own, ``fetch`` to where it
    belongs. ``on_change`` takes what is to be called when the desk has noted something.
    """

    insert: Callable[[Job, EditEntry], Ticket]
    open_new: Callable[[Job, EditEntry], Ticket]
    fetch: Callable[[Job, EditEntry], Ticket]
    on_change: Callable[[Callable[[], object]], object]


def show(image: Gimp.Image | None, desk: Desk, deeds: Deeds) -> Edit | None:
    """Open the window until it is closed; the edit whose settings are to be used, or None."""
    ui.start()
    window = HistoryWindow(image, desk, deeds)
    end = keep_going(desk)
    try:
        return window.run()
    finally:
        end()
        window.close()


class HistoryWindow:
    """The grid, the newest edits first, and what can be done with the chosen one."""

    def __init__(self, image: Gimp.Image | None, desk: Desk, deeds: Deeds) -> None:
        self.image, self.desk, self.deeds = image, desk, deeds
        self.shelf = Shelf(desk.journal.home, self._changed)  # reads while the window is made
        self._ticket: Ticket | None = None
        self._chosen: Key | None = None
        self._used: Edit | None = None
        self._noting = 0
        self._said = ""
        self._anew = True  # the next answer is that of another query, and its first edit is chosen
        self._opened = False
        self.dialog = GimpUi.Dialog(title=tr("Flux Depth History"), role="fluxdepth-history")
        self.dialog.add_button(tr("_Close"), Gtk.ResponseType.CLOSE)
        self.dialog.set_default_size(*SIZE)
        self.dialog.connect("delete-event", lambda *_: self._stop())
        self.dialog.connect("key-press-event", self._pressed)
        self._build()
        self.shelf.side = grid.SIDE * self.dialog.get_scale_factor()
        self._tell()
        deeds.on_change(self._note)

    def _build(self) -> None:
        self.error = ui.ErrorBar(lambda _: None)
        self.finder = Finder(self._look, self._leave, with_image=self.image is not None)
        self.grid = Grid(
            fill=self._fill,
            in_sight=self.shelf.see,
            chosen=self._choose,
            activated=self._bring_in,
            pressed=self._pressed_in_grid,
        )
        self.nothing = ui.label(dim=True)
        self.nothing.set_halign(Gtk.Align.CENTER)
        self.nothing.set_valign(Gtk.Align.CENTER)
        over = Gtk.Overlay(hexpand=True, vexpand=True)
        over.add(self.grid)
        over.add_overlay(self.nothing)
        over.set_overlay_pass_through(self.nothing, True)

        beside = ui.column(self._chosen_part(), spacing=ui.SPACE)
        beside.set_child_packing(beside.get_children()[0], True, True, 0, Gtk.PackType.START)
        beside.pack_start(self._build_buttons(), False, False, 0)
        beside.set_size_request(details.WIDTH, -1)
        self.work = ui.WorkPanel(self._stop, None)
        self.said = ui.label(dim=True)
        self.said.set_selectable(True)  # the place of a file
        self.said.set_can_focus(False)
        self.said.set_no_show_all(True)
        content = ui.column(self.finder, self.error, spacing=2 * ui.SPACE)
        middle = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=2 * ui.SPACE)
        middle.pack_start(over, True, True, 0)
        middle.pack_start(beside, False, False, 0)
        content.pack_start(middle, True, True, 0)
        for part in (self.work, self.said):
            content.pack_start(part, False, False, 0)
        content.set_border_width(2 * ui.SPACE)
        self.dialog.get_content_area().pack_start(content, True, True, 0)
        content.show_all()

    def _chosen_part(self) -> Gtk.Widget:
        self.details = Details()
        self.details.set_border_width(ui.SPACE)
        made = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, overlay_scrolling=False)
        made.add(self.details)
        return made

    def _build_buttons(self) -> Gtk.Widget:
        self.bring = ui.button(
            tr("_Insert"), self._bring_in, tr("Insert it into this image; fetches it if need be, for free")
        )
        self.as_new = ui.button(tr("Open as _New Image"), self._open_new, tr("The result in an image of its own"))
        self.reuse = ui.button(tr("_Use These Settings"), self._reuse, tr("Open the edit dialog with them"))
        self.copy = ui.button(tr("Copy _Prompt"), self._copy, tr("Put the prompt into the clipboard"))
        self.file = ui.button(tr("_Show File"), self._show_file, tr("Open the folder with the result as it came"))
        self.star = Gtk.ToggleButton(label=tr("_Favourite"), use_underline=True)
        self.star.set_tooltip_text(tr("Favourites are never dropped from the history"))
        self.star.get_accessible().set_name(tr("Favourite"))
        self._starring = self.star.connect("toggled", lambda _: self._toggled())
        self.discard = ui.button(
            tr("_Discard"), self._discard, tr("Never offer it again; the entry stays in the history")
        )
        self.delete = ui.button(tr("De_lete"), self._delete, tr("Take it out of the history, with its result"))
        made = Gtk.Grid(row_spacing=ui.SPACE, column_spacing=ui.SPACE, column_homogeneous=True)
        order = (self.bring, self.as_new, self.reuse, self.copy, self.star, self.file, self.discard, self.delete)
        for number, button in enumerate(order):
            made.attach(button, number % 2, number // 2, 1, 1)
        self.buttons = made
        return made

    def run(self) -> Edit | None:
        """Until it is closed; the edit whose settings are to be used, or None."""
        while self.dialog.run() == Gtk.ResponseType.NONE:
            pass
        return self._used

    def close(self) -> None:
        self.deeds.on_change(lambda: None)
        self.shelf.close()
        self.finder.stop()
        if self._noting:
            GLib.source_remove(self._noting)
        self.dialog.destroy()

    # What is looked for.

    def _look(self) -> None:
        there = self.image if self.image is not None and self.image.is_valid() else None
        path, session = (documents.path_of(there), documents.name_of(there)) if there else ("", "")
        self.grid.get_vadjustment().set_value(0)
        self._anew = True
        self.shelf.find(Query(self.finder.typed, self.finder.show_only, path, session))

    def _leave(self) -> None:
        self.dialog.response(Gtk.ResponseType.CLOSE)

    def _note(self) -> None:
        """Something was noted on the disk, here or by the desk."""
        if not self._noting:
            self._noting = GLib.timeout_add(NOTED, self._reread)

    def _reread(self) -> bool:
        self._noting = 0
        self.shelf.refresh()
        return GLib.SOURCE_REMOVE

    # What is shown.

    def _changed(self) -> None:
        """The shelf has something new."""
        total, at = self.shelf.total or 0, self.grid.chosen
        if self.shelf.is_current:
            found = self.shelf.position(self._chosen) if self._chosen else None
            at = 0 if self._anew else at if found is None else found
            self._anew = False
        self.grid.show_total(total, at)
        edit = self._current()
        self._chosen = key_of(edit) if edit else self._chosen
        if total and not self._opened:
            self._opened = True
            self.grid.grab()
        self._tell()

    def _fill(self, tile: Tile) -> None:
        edit = self.shelf.edit(tile.position)
        if edit is None:
            tile.show_edit("", ("", "", ""), None, False)
            return
        tile.show_edit(*details.tile_words(edit), self.shelf.picture(edit), self.shelf.has_none(edit))

    def _current(self) -> Edit | None:
        return self.shelf.edit(self.grid.chosen)

    def _choose(self, position: int) -> None:
        edit = self.shelf.edit(position)
        self._chosen = key_of(edit) if edit else None
        self._said = ""
        self._tell()

    def _tell(self) -> None:
        """What is said, and what can be pressed, for what is chosen now."""
        current = self._current()
        self.details.show_edit(current)
        entry = current.entry if current else None
        there = entry is not None and entry.state in (EditState.DONE, EditState.TAKEN)
        fetch = entry is not None and entry.unfinished
        self.bring.set_label(tr("F_etch") if fetch else tr("_Insert"))
        self.bring.set_sensitive(there and (fetch or self._has_image()))
        self.as_new.set_sensitive(there)
        self.reuse.set_sensitive(current is not None and self.image is not None)
        self.copy.set_sensitive(current is not None)
        self.file.set_sensitive(entry is not None and entry.result_file is not None)
        self.star.set_sensitive(current is not None)
        with self.star.handler_block(self._starring):
            self.star.set_active(entry is not None and entry.starred)
        self.star.set_label(tr("_Favourite ★") if self.star.get_active() else tr("_Favourite ☆"))
        # What has arrived is the artist's own, in a document; there is nothing to give up.
        waits = current if current and current.entry.arrived is None else None
        self.discard.set_sensitive(waits is not None and discardable(waits.job, waits.entry))
        self.delete.set_sensitive(entry is not None and not entry.pending)
        self.finder.show_count(self.shelf.total or 0)
        words = " ".join((self._said, *self.shelf.problems)).strip()
        self.said.set_text(words)
        self.said.set_visible(bool(words))
        self.nothing.set_text(self._nothing())

    def _nothing(self) -> str:
        if self.shelf.total is None:
            return "" if self.shelf.problems else tr("Reading the history…")
        return "" if self.shelf.total else self.finder.nothing

    # Keys.

    def _pressed(self, _: Gtk.Widget, event: Gdk.EventKey) -> bool:
        keys = event.state & Gtk.accelerator_get_default_mod_mask()
        if event.keyval in (Gdk.KEY_f, Gdk.KEY_F) and keys == Gdk.ModifierType.CONTROL_MASK:
            self.finder.search.grab_focus()
            return Gdk.EVENT_STOP
        if event.keyval in (Gdk.KEY_Down, Gdk.KEY_KP_Down) and self.finder.search.has_focus():
            self.grid.grab()
            return Gdk.EVENT_STOP
        return Gdk.EVENT_PROPAGATE

    def _pressed_in_grid(self, event: Gdk.EventKey) -> bool:
        if event.keyval in (Gdk.KEY_Delete, Gdk.KEY_KP_Delete):
            self._delete()
            return Gdk.EVENT_STOP
        if event.state & Gtk.accelerator_get_default_mod_mask():
            return Gdk.EVENT_PROPAGATE
        return self.finder.search.handle_event(event)  # a letter begins a search

    # What is done.

    def _has_image(self) -> bool:
        return self.image is not None and self.image.is_valid()

    def _reuse(self) -> None:
        if not self._has_image():
            self.error.say(tr("The image was closed. Open one, then come back: the settings stay in the history."))
            return
        self._used = self._current()
        self.dialog.response(Gtk.ResponseType.OK)

    def _bring_in(self) -> None:
        current = self._current()
        if current is None or not self.bring.get_sensitive():
            return
        if current.entry.unfinished:
            self._bring(current, self.deeds.fetch)
        elif self._has_image():
            self._bring(current, self.deeds.insert)
        else:
            self.error.say(tr("The image was closed. Open as New Image still works."))

    def _open_new(self) -> None:
        current = self._current()
        if current is not None:
            self._bring(current, self.deeds.open_new)

    def _bring(self, edit: Edit, start: Callable[[Job, EditEntry], Ticket]) -> None:
        if self._ticket is not None:
            return
        self.error.clear()
        self._ticket = ticket = start(edit.job, edit.entry)
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
        self._note()
        self._tell()

    def _toggled(self) -> None:
        current = self._current()
        if current is None:
            return
        starred = self.star.get_active()
        self._write(lambda journal: journal.mark(current.job.id, [current.entry.index], starred=starred))

    def _discard(self) -> None:
        current = self._current()
        if current is not None and ui.confirmed(self.dialog, *ui.discard_question(1)):
            self.desk.discard(current.job.id, [current.entry.index])

    def _delete(self) -> None:
        current = self._current()
        if current is None:
            return
        if current.entry.pending:
            self.error.say(tr("This edit is not finished. Fetch it or discard it first."))
        elif ui.confirmed(
            self.dialog,
            tr("Delete this edit?"),
            tr(
                "Its entry and its result go out of the history, and can't be brought back. "
                "What is in an image stays there."
            ),
            tr("_Delete"),
        ):
            self._write(lambda journal: spending.delete(journal, current.job.id, current.entry.index))

    def _write(self, work: Callable[[Journal], object]) -> None:
        """Let a worker write to the disk, and show what has become of it."""
        self.error.clear()

        def then(answer: object) -> None:
            if isinstance(answer, FluxDepthError):
                self.error.tell(answer, {})
            self._note()

        self.shelf.write(work, then)

    def _copy(self) -> None:
        current = self._current()
        if current is not None:
            clipboard = Gtk.Clipboard.get(Gdk.SELECTION_CLIPBOARD)
            clipboard.set_text(current.job.pattern or current.job.asked(current.entry).prompt, -1)
            clipboard.store()  # it is to outlive this window
            self._said = tr("The prompt is in the clipboard.")
            self._tell()

    def _show_file(self) -> None:
        current = self._current()
        if current is not None and current.entry.result_file is not None:
            self._said = ui.open_folder_of(str(current.entry.result_file), self.dialog)
            self._tell()

    def _stop(self) -> bool:
        """Stop fetching, if that is under way; it costs nothing to fetch again."""
        if self._ticket is None:
            return False
        self.desk.stop(self._ticket)
        return True
