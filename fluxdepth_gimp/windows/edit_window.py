"""Filters > Flux Depth > Depth Edit…: the window in which an edit is set up, started, watched and repeated.

It shows and asks; what an edit is and does lies in the procedure and the core. It is GIMP's own ProcedureDialog, so
Reset, saved settings and Repeat work as everywhere in GIMP.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

import arguments
from gi.repository import Gdk, Gimp, GimpUi, GLib, GObject, Gtk
from main_loop import StatusBar, settle, wait

from shared.errors import Cancelled, FluxDepthError, NextStep
from shared.jobs.background import Progress, RunningJob
from shared.model.parameters import SEED_COUNT
from shared.storage.credentials import find_key, save_key
from windows import settings_window, ui
from windows.prompt_box import PromptBox
from windows.source_box import SourceBox
from windows.status_line import StatusLine
from windows.ui import SPACE, STEP_LABELS

MORE = ("prompt-upsampling", "safety-tolerance", "format", "longest-side", "upload-format", "result")
MORE_CHECKS = ("fit-to-source", "keep-transparency")


class Edits(Protocol):
    """What the window asks for. Both wait by the function that they are given, and raise :class:`FluxDepthError`."""

    def make(self, chosen: arguments.Chosen, wait_for: Callable[[RunningJob], None]) -> Gimp.Layer: ...

    def recover(self, wait_for: Callable[[RunningJob], None]) -> Gimp.Layer | None: ...


def show(
    procedure: Gimp.Procedure,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
    edits: Edits,
) -> Gimp.Layer | None:
    """Open the window; the first layer that came, or None when it was closed before."""
    ui.start()
    window = EditWindow(procedure, image, drawables, config, edits)
    try:
        return window.run()
    finally:
        window.dialog.destroy()


class EditWindow:
    """The dialog and the one edit at a time that it runs."""

    def __init__(
        self,
        procedure: Gimp.Procedure,
        image: Gimp.Image,
        drawables: list[Gimp.Drawable],
        config: Gimp.ProcedureConfig,
        edits: Edits,
    ) -> None:
        self.image, self.drawables, self.config, self.edits = image, drawables, config, edits
        self.job: RunningJob | None = None
        self._recovered: Gimp.Layer | None = None
        self.dialog = GimpUi.ProcedureDialog.new(procedure, config, "Depth Edit")
        self.dialog.set_ok_label("_Edit")
        self.dialog.connect("delete-event", self._closed)
        self.dialog.connect("key-press-event", self._key_pressed)
        self._build()
        self.status.refresh()

    # What it looks like.

    def _build(self) -> None:
        self.error = ui.ErrorBar(self._next_step)
        self.first_run = FirstRun()
        self.source = SourceBox(self.image, self.drawables, self.config)
        self.prompt = PromptBox(self.config)
        self.status = StatusLine(self.config, self.dialog)
        self.work = ui.WorkPanel(self._stop, self._hide)
        self.settings = ui.column(
            self.source,
            self.prompt,
            self._widget("source"),
            self.dialog.get_scale_entry("steps", 1.0),
            ui.with_digits(self.dialog.get_scale_entry("guidance", 1.0), 1),
            self._seed(),
            self.dialog.get_scale_entry("variations", 1.0),
            self._more(),
        )
        long = ui.column(self.first_run.box, self.settings, spacing=2 * SPACE)
        content = ui.column(self.error, spacing=2 * SPACE)
        self.scrolled = ui.scrolled(long)
        content.pack_start(self.scrolled, True, True, 0)
        for part in (self.status, self.work):
            content.pack_start(part, False, False, 0)
        content.set_margin_top(SPACE)  # the sides are those of GIMP's own buttons below
        self.dialog.set_default_size(ui.DIALOG_WIDTH, -1)
        self.dialog.get_content_area().pack_start(content, True, True, 0)
        content.show_all()
        self.first_run.box.set_visible(_no_key())
        (self.first_run.entry.entry if _no_key() else self.prompt.view).grab_focus()

    def _widget(self, name: str) -> Gtk.Widget:
        # Asked for by name: for a choice GIMP 3.2 would make a radio button of each value, which takes half the screen.
        choice = self.config.find_property(name).value_type == GObject.TYPE_STRING
        return self.dialog.get_widget(name, Gtk.ComboBox.__gtype__ if choice else GObject.TYPE_NONE)

    def _seed(self) -> Gtk.Widget:
        seed = ui.with_digits(self._widget("seed"), 0)
        seed.set_hexpand(True)
        for child in seed.get_children():
            child.set_hexpand(isinstance(child, Gtk.SpinButton))
        dice = ui.button("Ra_ndom", self._roll, "Roll the dice: another seed can change the depth a lot")
        return ui.row(seed, dice, grow=seed)

    def _roll(self) -> None:
        self.config.set_property("seed", float(random.randrange(SEED_COUNT)))

    def _more(self) -> Gtk.Expander:
        inside = ui.column(*(self._widget(name) for name in (*MORE, *MORE_CHECKS)))
        inside.set_margin_top(SPACE)
        inside.set_margin_start(2 * SPACE)
        more = Gtk.Expander(label="_More", use_underline=True)
        more.add(inside)
        more.connect("notify::expanded", self._show_more)
        return more

    def _show_more(self, more: Gtk.Expander, _: object) -> None:
        """Where the screen is too small for all, what was asked for comes into sight."""

        def to_the_end() -> bool:
            place = self.scrolled.get_vadjustment()
            place.set_value(place.get_upper() if more.get_expanded() else 0)
            return GLib.SOURCE_REMOVE

        GLib.idle_add(to_the_end, priority=GLib.PRIORITY_LOW)  # when the new sizes are there

    # What it does.

    def run(self) -> Gimp.Layer | None:
        """Until the artist closes it, or an edit has arrived: its first layer, or None."""
        while True:
            if not self.dialog.run():
                return self._recovered
            try:
                return self._edit()
            except FluxDepthError as exc:
                self._tell(exc)

    def _edit(self) -> Gimp.Layer:
        self.error.clear()
        self._take_key()
        chosen = arguments.read(self.config)
        self._busy(True)
        try:
            self.work.show_progress("Preparing", None)
            _let_gtk_draw()
            return self.edits.make(chosen, self._wait)
        finally:
            self.job = None
            self._busy(False)

    def _wait(self, job: RunningJob) -> None:
        self.job = job
        status = None

        def show(progress: Progress) -> None:
            nonlocal status
            if self.dialog.get_visible():
                self.work.show_progress(progress.text, progress.fraction)
            else:
                status = status or StatusBar()
                status.show(progress)

        wait(job, show)
        if status:
            status.end()
        settle(job)

    def _take_key(self) -> None:
        if self.first_run.box.get_visible() and self.first_run.entry.text:
            save_key(self.first_run.entry.text)
            self.first_run.box.hide()
            self.status.refresh()

    def _busy(self, busy: bool) -> None:
        self.settings.set_sensitive(not busy)
        self.first_run.box.set_sensitive(not busy)
        self.dialog.get_action_area().set_sensitive(not busy)
        self.work.set_visible(busy)
        self.status.set_visible(not busy)
        self._shrink()
        if busy:
            self.work.stop_button.grab_focus()

    def _shrink(self) -> None:
        """Let go of the height that hidden parts leave; GTK only grows by itself."""
        self.dialog.resize(self.dialog.get_size().width, 1)

    def _tell(self, error: FluxDepthError) -> None:
        steps = {
            step: words for step, words in STEP_LABELS.items() if step is not NextStep.CHANGE_SETTING or error.field
        }
        if isinstance(error, Cancelled) and error.next_step is NextStep.TRY_AGAIN:
            del steps[NextStep.TRY_AGAIN]  # the artist stopped it, and Edit is there
        self.error.tell(error, steps)
        self.dialog.present()

    def _next_step(self, error: FluxDepthError) -> None:
        if error.next_step is NextStep.TRY_AGAIN:
            self.dialog.response(Gtk.ResponseType.OK)
        elif error.next_step is NextStep.OPEN_SETTINGS:
            self._open_settings()
        elif error.next_step is NextStep.CHANGE_SETTING:
            self._focus(error.field or "")
        elif error.next_step is NextStep.RECOVER:
            self._recover()

    def _open_settings(self) -> None:
        if settings_window.open_over(self.dialog):
            self.error.clear()
        self.first_run.box.set_visible(_no_key())
        self.status.refresh()

    def _focus(self, field: str) -> None:
        self.error.clear()
        if field == "prompt":
            self.prompt.view.grab_focus()
        elif field == "key":
            self.first_run.entry.entry.grab_focus()
        else:
            self._widget(field.replace("_", "-")).child_focus(Gtk.DirectionType.TAB_FORWARD)

    def _recover(self) -> None:
        self.error.clear()
        self._busy(True)
        error = None
        try:
            self._recovered = self.edits.recover(self._wait)
        except FluxDepthError as exc:
            error = exc
        finally:
            self.job = None
            self._busy(False)
        if error:
            self._tell(error)
        elif self._recovered:
            self.dialog.response(Gtk.ResponseType.CANCEL)

    # Stopping, hiding, closing.

    def _stop(self) -> None:
        if self.job:
            self.job.stop()

    def _hide(self) -> None:
        self.dialog.hide()

    def _closed(self, *_: object) -> bool:
        """Closing while an edit is under way hides the window: what is paid for is not thrown away by a key."""
        if self.job is None:
            return False
        self._hide()
        return True

    def _key_pressed(self, _dialog: Gtk.Dialog, event: Gdk.EventKey) -> bool:
        if event.keyval == Gdk.KEY_Escape and self.job is not None:
            self._hide()
            return True
        if event.keyval in (Gdk.KEY_Return, Gdk.KEY_KP_Enter) and event.state & Gdk.ModifierType.CONTROL_MASK:
            if self.job is None:
                self.dialog.response(Gtk.ResponseType.OK)
            return True
        return False


def _no_key() -> bool:
    """Whether the dialog should ask for a key: there is none, or what is there can't be one."""
    try:
        return find_key() is None
    except FluxDepthError:
        return True  # the status line tells what is wrong with it


class FirstRun:
    """What an artist without a key reads, and where the key is pasted."""

    def __init__(self) -> None:
        self.entry = ui.KeyEntry("Paste your API key here")
        self.box = Gtk.Frame(label="Before the first edit", no_show_all=True)
        inside = ui.column(
            ui.label("• The picture and the prompt are sent to the 1min.ai service, which makes the edit."),
            ui.label(
                "• A key comes from your account there (1min.ai, API). It stays in a file that only you can read."
            ),
            ui.label("• Every edit costs credits of that account."),
            self.entry,
        )
        inside.set_border_width(2 * SPACE)
        inside.show_all()
        self.box.add(inside)


def _let_gtk_draw() -> None:
    """So that the window says what is going on before the picture is encoded, which takes the main thread."""
    while GLib.MainContext.default().iteration(False):
        pass
