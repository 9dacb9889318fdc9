"""Filters > Flux Depth > Depth Edit…: the window in which an edit is set up, started, watched and repeated.

It shows and asks; what an edit is and does lies in the procedure and the core. It is GIMP's own ProcedureDialog, so
Reset, saved settings and Repeat work as everywhere in GIMP.
"""

from __future__ import annotations

from collections.abc import Callable

import arguments
import hidden
import replies
from documents import held
from gi.repository import Gdk, Gimp, GimpUi, GLib, GObject, Gtk
from gimp_host import GimpHost
from main_loop import StatusBar, keep_going, wait

from shared.errors import Cancelled, EditFailedError, FluxDepthError, ModelUnavailableError, NextStep
from shared.jobs.desk import Desk
from shared.jobs.orders import together
from shared.jobs.ticket import State, Ticket
from shared.jobs.wording import Progress, short_prompt
from shared.model.parameters import Role
from shared.storage.credentials import save_key
from windows import settings_window, ui
from windows.first_run import FirstRun, no_key
from windows.models.model_box import ModelBox, ModelFields
from windows.models.offers_watch import OffersWatch
from windows.prompt_box import PromptBox
from windows.setting_fields import SettingFields
from windows.source_box import SourceBox
from windows.status_line import StatusLine
from windows.ui import SPACE, STEP_LABELS

TOLD = 3  # sentences of what is owed; more would push the settings off a small screen

Act = Callable[[], list[Ticket]]
# Under "More", after what the model has there.
OF_SELECTION = tuple(one.argument for one in arguments.OF_SELECTION)
MORE = ("longest-side", "upload-format", "result", "fit-to-source", "keep-transparency", *OF_SELECTION)


def show(
    procedure: Gimp.Procedure,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
    host: GimpHost,
    desk: Desk,
) -> list[Ticket]:
    """Open the window until it is closed, or an edit has arrived. Returns all that was started in it."""
    ui.start()
    window = EditWindow(procedure, image, drawables, config, host, desk)
    end = keep_going(desk)
    try:
        window.run()
    finally:
        end()
        window.dialog.destroy()
    return desk.tickets


class EditWindow:
    """The dialog and the one edit at a time that it waits for."""

    def __init__(
        self,
        procedure: Gimp.Procedure,
        image: Gimp.Image,
        drawables: list[Gimp.Drawable],
        config: Gimp.ProcedureConfig,
        host: GimpHost,
        desk: Desk,
    ) -> None:
        self.image, self.drawables, self.config, self.host, self.desk = image, drawables, config, host, desk
        self._next: Act = self._edit
        self._busy_with: list[Ticket] | None = None  # None: nothing is under way
        self._last: tuple[list[Ticket], arguments.Chosen] | None = None
        self._sign: hidden.Sign | None = None  # while this window is hidden
        self._hidden = hidden.windows()
        self.dialog = GimpUi.ProcedureDialog.new(procedure, config, "Depth Edit")
        self.dialog.set_ok_label("_Edit")
        self.dialog.connect("delete-event", self._closed)
        self.dialog.connect("key-press-event", self._key_pressed)
        self.dialog.connect("focus-in-event", self._looked_at)
        self._build()
        self.status.refresh()
        host.on_change = self._show_standing
        desk.look(held())
        self.offers.ask()

    # What it looks like.

    def _build(self) -> None:
        self.error = ui.ErrorBar(self._next_step)
        self.notice = ui.NoticeBar()
        self.first_run = FirstRun()
        self.fields = SettingFields(self.dialog, self.config)
        self.source = SourceBox(self.image, self.drawables, self.config)
        self.prompt = PromptBox(self.config)
        self.model = ModelBox(self.config, self.fields, self._other_model)
        self.of_models = ModelFields(self.config, self.fields)
        self.status = StatusLine(self.config, self.dialog, self.model, self.source)
        self.offers = OffersWatch(self.dialog, self.model.know)
        self.work = ui.WorkPanel(self._stop, self._hide)
        self.settings = ui.column(
            self.source,
            self.prompt,
            self.model,
            self.fields.choice("source"),
            *self.of_models.main(),
            self.fields.scale("variations", 0),
            self._more(),
        )
        long = ui.column(self.first_run.box, self.settings, spacing=2 * SPACE)
        content = ui.column(self.error, self.notice, spacing=2 * SPACE)
        self.scrolled = ui.scrolled(long, self._shrink, (self.error, self.notice))
        content.pack_start(self.scrolled, True, True, 0)
        for part in (self.status, self.work):
            content.pack_start(part, False, False, 0)
        content.set_margin_top(SPACE)  # the sides are those of GIMP's own buttons below
        self.dialog.set_default_size(ui.DIALOG_WIDTH, -1)
        self.dialog.get_content_area().pack_start(content, True, True, 0)
        content.show_all()
        self.of_models.show(self.model.model)
        self.config.connect("notify", lambda _, setting: self._changed(setting.name.replace("-", "_")))
        self.first_run.entry.entry.connect("changed", lambda _: self._changed("key"))
        self.first_run.box.set_visible(no_key())
        (self.first_run.entry.entry if no_key() else self.prompt.view).grab_focus()

    def _other_model(self) -> None:
        self.of_models.show(self.model.model)
        self.status.refresh()
        self._shrink()

    def _more(self) -> Gtk.Expander:
        inside = ui.column(*self.of_models.more(), *map(self.fields.of, MORE))
        inside.show_all()
        self.config.connect("notify::source", lambda *_: self._show_of_selection())
        self._show_of_selection()
        inside.set_margin_top(SPACE)
        inside.set_margin_start(2 * SPACE)
        self.more = more = Gtk.Expander(label="_More", use_underline=True)
        more.add(inside)
        # What is folded away is not reached with Tab either.
        more.bind_property("expanded", inside, "visible", GObject.BindingFlags.SYNC_CREATE)
        inside.set_no_show_all(True)
        more.connect("notify::expanded", self._show_more)
        return more

    def _show_of_selection(self) -> None:
        """What is about a selection alone."""
        for name in OF_SELECTION:
            self.fields.made[name].set_visible(self.config.get_property("source") == "selection")

    def _changed(self, setting: str) -> None:
        if self.error.changed(setting):
            self._shrink()

    def _looked_at(self, *_: object) -> bool:
        """The artist may come from the image, where something was selected."""
        if self._busy_with is None:
            self.source.look_again()
        return False

    def _show_more(self, more: Gtk.Expander, _: object) -> None:
        """Where the screen is too small for all, what was asked for comes into sight."""

        def to_the_end() -> bool:
            place = self.scrolled.get_vadjustment()
            place.set_value(place.get_upper() if more.get_expanded() else 0)
            return GLib.SOURCE_REMOVE

        GLib.idle_add(to_the_end, priority=GLib.PRIORITY_LOW)  # when the new sizes are there

    # What it does.

    def run(self) -> None:
        """Until the artist closes it, or an edit has arrived."""
        while self.dialog.run():
            act, self._next = self._next, self._edit
            self.error.clear()
            self.notice.clear()
            try:
                tickets = act()
            except FluxDepthError as exc:
                self._tell(exc)
                continue
            error = replies.error_of_all(tickets)
            if error is not None:
                self._tell(error, started=True)
            elif any(ticket.images for ticket in tickets):
                return

    def _do(self, act: Act) -> None:
        """Leave the dialog's own loop for ``act``, as its button does for an edit."""
        self._next = act
        self.dialog.response(Gtk.ResponseType.OK)

    def _edit(self) -> list[Ticket]:
        self._last = None
        self.status.forget()
        self._take_key()
        chosen = arguments.read(self.config)
        self._busy([])
        try:
            requests = self.host.take(self.image, self.drawables, chosen, begin=self._preparing)
            tickets = together.start(self.desk, requests)
            self._last = tickets, chosen
            return self._followed(tickets)
        finally:
            self._busy(None)

    def _preparing(self, words: str) -> None:
        """So that the window says what is going on before a picture is encoded, which takes the main thread."""
        self.work.show_progress(words, None)
        while GLib.MainContext.default().iteration(False):
            pass

    def _again(self, confirmed: bool = False) -> list[Ticket]:
        """What did not come, again as it was sent; when a setting was changed meanwhile, a new edit is meant."""
        if self._last is None or arguments.read(self.config) != self._last[1]:
            return self._edit()
        tickets = together.retry(self.desk, self._last[0], confirmed=confirmed)
        return self._followed(tickets) if tickets else self._edit()

    def _recover(self) -> list[Ticket]:
        for ticket in [one for one in self.desk.tickets if one.state is State.KEPT]:
            self.desk.dismiss(ticket)  # else it waits for its image
        self.desk.look_now(held())
        tickets = [self.desk.recover(owed) for owed in self.desk.here()]
        if not tickets:
            self._tell_standing(replies.not_brought(self.desk) or ["There is nothing to recover."])
        return self._followed(tickets)

    def _followed(self, tickets: list[Ticket]) -> list[Ticket]:
        """``tickets``, when none of them is under way any more."""
        self._busy(tickets)
        status = None

        def show(progress: Progress) -> None:
            nonlocal status
            if self._sign:
                status = status or StatusBar()
                status.show(progress)
                return
            if status:
                status.end()
                status = None
            self.work.show_progress(progress.text, progress.fraction)

        try:
            wait(self.desk, tickets, show)
        finally:
            if status:
                status.end()
            self._busy(None)
        if self._sign:
            replies.announce(tickets)
            self._sign.end()
            self._sign = None
        return tickets

    def _show_standing(self) -> None:
        """What was paid for and has not arrived, or may have been: before the next edit, if there is any."""
        under_way = [f"{one.words} is under way in a window that is hidden." for one in self._hidden]
        owed = [one.words for one in (*self.desk.here(), *self.desk.uncertain())]
        if self._busy_with is None and not self.error.get_visible() and (under_way or owed):
            self._tell_standing(under_way + owed)

    def _tell_standing(self, sentences: list[str]) -> None:
        actions: dict[str, Callable[[], object]] = {}
        if self._hidden:
            actions["_Bring Back"] = self._show_hidden
        if self.desk.here():
            actions["Reco_ver"] = lambda: self._do(self._recover)
        if self.desk.uncertain():
            actions["Disc_ard"] = self._discard
        more = [f"And {len(sentences) - TOLD} more, in History…"] if len(sentences) > TOLD else []
        self.notice.tell("\n".join(sentences[:TOLD] + more), actions)
        self._shrink()

    def _show_hidden(self) -> None:
        for one in self._hidden:
            one.ask()
        self._hidden = []
        self.notice.clear()
        self._show_standing()
        self._shrink()

    def _discard(self) -> None:
        """Take what can't be found again off the list, if that is meant."""
        uncertain = self.desk.uncertain()
        if ui.confirmed(self.dialog, *ui.discard_question(sum(len(owed.indices) for owed in uncertain))):
            for owed in uncertain:
                self.desk.discard(owed.job.id, owed.indices)
            self.notice.clear()
            self.desk.look(held())
            self._shrink()

    def _take_key(self) -> None:
        if self.first_run.box.get_visible() and self.first_run.entry.text:
            save_key(self.first_run.entry.text)
            self.first_run.box.hide()
            self.status.forget()
            self.offers.ask()

    def _busy(self, tickets: list[Ticket] | None) -> None:
        self._busy_with = tickets
        busy = tickets is not None
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
        width, _ = self.dialog.get_size()
        self.dialog.resize(width or ui.DIALOG_WIDTH, 1)

    def _tell(self, error: FluxDepthError, started: bool = False) -> None:
        steps = {
            step: words for step, words in STEP_LABELS.items() if step is not NextStep.CHANGE_SETTING or error.field
        }
        if isinstance(error, Cancelled) and error.next_step is NextStep.TRY_AGAIN:
            del steps[NextStep.TRY_AGAIN]  # the artist stopped it, and Edit is there
        self.error.tell(error, steps, started=started)
        if isinstance(error, ModelUnavailableError):
            self.offers.ask()
        if isinstance(error, EditFailedError):
            self.prompt.view.grab_focus()  # the same again would fail again, and may be paid for
        self.dialog.present()

    def _next_step(self, error: FluxDepthError) -> None:
        if error.next_step is NextStep.TRY_AGAIN:
            self._do(self._again)
        elif error.next_step is NextStep.EDIT_ANYWAY:
            self._do(lambda: self._again(confirmed=True))
        elif error.next_step is NextStep.OPEN_SETTINGS:
            self._open_settings()
        elif error.next_step is NextStep.CHANGE_SETTING:
            self._focus(error.field or "")
        elif error.next_step is NextStep.RECOVER:
            self._do(self._recover)

    def _open_settings(self) -> None:
        if settings_window.open_over(self.dialog):
            self.error.clear()
        self.first_run.box.set_visible(no_key())
        self.status.forget()

    def _focus(self, field: str) -> None:
        self.error.clear()
        parameter = arguments.BY_ARGUMENT.get(field.replace("_", "-"))
        if parameter and parameter.role is Role.PROMPT:
            self.prompt.view.grab_focus()
        elif field == "key":
            self.first_run.entry.entry.grab_focus()
        else:
            if parameter and parameter.advanced:
                self.more.set_expanded(True)
            self.fields.made[field.replace("_", "-")].child_focus(Gtk.DirectionType.TAB_FORWARD)

    # Stopping, hiding, closing.

    def _stop(self) -> None:
        for ticket in self._busy_with or []:
            self.desk.stop(ticket)

    def _hide(self) -> None:
        self.dialog.hide()
        self._sign = hidden.Sign(f"“{short_prompt(self.prompt.text)}”", self._come_back)

    def _come_back(self) -> None:
        if self._sign:
            self._sign.end()
            self._sign = None
        self.dialog.present()

    def _closed(self, *_: object) -> bool:
        """Closing while an edit is under way hides the window: what is paid for is not thrown away by a key."""
        if self._busy_with is None:
            return False
        self._hide()
        return True

    def _key_pressed(self, _dialog: Gtk.Dialog, event: Gdk.EventKey) -> bool:
        if event.keyval == Gdk.KEY_Escape and self._busy_with is not None:
            self._hide()
            return True
        if event.keyval in (Gdk.KEY_Return, Gdk.KEY_KP_Enter) and event.state & Gdk.ModifierType.CONTROL_MASK:
            if self._busy_with is None:
                self.dialog.response(Gtk.ResponseType.OK)
            return True
        return False
