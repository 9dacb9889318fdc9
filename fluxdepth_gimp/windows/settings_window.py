"""Filters > Flux Depth > Settings…: the key, the service, how it waits, how much it keeps. Needs no image."""

from __future__ import annotations

import dataclasses
import os

from gi.repository import GimpUi, GLib, Gtk

from shared.errors import FluxDepthError
from shared.jobs import spending
from shared.jobs.background import Background
from shared.jobs.wording import kept_words
from shared.language import tr
from shared.model.parameters import Parameter
from shared.service.client import Client
from shared.storage import files, settings
from shared.storage.credentials import KEY_VARIABLE, KeySource, find_key, forget_key, save_key
from shared.storage.journal import Journal
from shared.storage.library.history import disk_use
from shared.storage.log import log_file
from shared.storage.settings import ADDRESS_VARIABLE, ASK_ABOVE, HISTORY_LIMIT, MONTHLY_LIMIT, SERVICE_ADDRESS, WAITING
from windows import ui
from windows.service_check import ServiceCheck

TICK = 100  # ms


def show() -> None:
    """Open the window by itself, until it is closed."""
    ui.start()
    open_over(None)


def open_over(parent: Gtk.Window | None) -> bool:
    """Show the settings and wait until they are closed; whether something was saved."""
    window = SettingsWindow(parent)
    try:
        return window.run()
    finally:
        window.dialog.destroy()


class SettingsWindow:
    """The dialog; nothing is saved before Save."""

    def __init__(self, parent: Gtk.Window | None) -> None:
        self.dialog = GimpUi.Dialog(title=tr("Flux Depth Settings"), role="fluxdepth-settings")
        if parent:
            self.dialog.set_transient_for(parent)
            self.dialog.set_modal(True)
        self.dialog.add_button(tr("_Close"), Gtk.ResponseType.CANCEL)
        self.dialog.add_button(tr("_Save"), Gtk.ResponseType.OK)
        self.dialog.set_default_response(Gtk.ResponseType.OK)
        self._stored = settings.load()
        self._check = ServiceCheck(self.dialog, self._said)
        self._build()

    def _build(self) -> None:
        self.error = ui.ErrorBar(lambda _: None)
        self.key = ui.KeyEntry("")
        self.key_state = ui.label(dim=True)
        self.forget = ui.button(tr("_Forget the Key"), self._forget, tr("Remove the key file of this computer"))
        self.test = ui.button(
            tr("_Test"), self._test, tr("Ask the service about key, model and credits; this costs nothing")
        )
        self.answer = ui.label()
        self.address = Gtk.Entry(text=self._stored.service_address, activates_default=True, hexpand=True)
        self.waiting = Gtk.ComboBoxText()
        for choice in WAITING.choices:
            self.waiting.append(choice.value, tr(choice.label))
        self.waiting.set_active_id(self._stored.waiting)
        self.history = _number(HISTORY_LIMIT, self._stored.history_limit, 10)
        self.ask_above = _number(ASK_ABOVE, self._stored.ask_above, 1)
        self.monthly_limit = _number(MONTHLY_LIMIT, self._stored.monthly_limit, 10000)
        self.kept = ui.label(dim=True)
        self.spent = ui.label(dim=True)
        self._sums = Background(_sums, "fluxdepth-sums")
        self._timer = GLib.timeout_add(TICK, self._show_sums)
        self.dialog.connect("destroy", lambda _: self._stop_looking())
        log = ui.button(
            tr("Open the _Log"), self._open_log, tr("What the plug-in and the service said; the key is not in it")
        )

        grid = Gtk.Grid(row_spacing=ui.SPACE, column_spacing=2 * ui.SPACE)
        grid.attach(_name(tr("API _key"), self.key.entry), 0, 0, 1, 1)
        grid.attach(self.key, 1, 0, 1, 1)
        grid.attach(self.key_state, 1, 1, 1, 1)
        grid.attach(ui.row(self.test, self.forget), 1, 2, 1, 1)
        grid.attach(self.answer, 1, 3, 1, 1)
        for row, (parameter, mnemonic, widget) in enumerate(
            (
                (SERVICE_ADDRESS, tr("Service _address"), self.address),
                (WAITING, tr("_Waiting mode"), self.waiting),
                (HISTORY_LIMIT, tr("_Edits kept"), self.history),
                (ASK_ABOVE, tr("Ask a_bove"), self.ask_above),
                (MONTHLY_LIMIT, tr("_Monthly limit"), self.monthly_limit),
            ),
            start=4,
        ):
            grid.attach(_name(mnemonic, widget), 0, row, 1, 1)
            widget.set_tooltip_text(tr(parameter.help))
            grid.attach(ui.row(widget, self.kept, grow=widget) if widget is self.history else widget, 1, row, 1, 1)
        grid.attach(self.spent, 1, 9, 1, 1)
        grid.attach(log, 1, 10, 1, 1)
        self._tell_of_environment(grid)
        log.set_halign(Gtk.Align.START)
        content = ui.column(self.error, grid, spacing=2 * ui.SPACE)
        content.set_border_width(2 * ui.SPACE)
        self.dialog.get_content_area().pack_start(content, True, True, 0)
        content.show_all()
        for entry in (self.key.entry, self.address):
            entry.connect("changed", self._changed)
        self._show_key()

    def _tell_of_environment(self, grid: Gtk.Grid) -> None:
        """As with the key, what the environment says wins, and is not changed here."""
        if address := os.environ.get(ADDRESS_VARIABLE):
            self.address.set_sensitive(False)
            words = tr("FLUXDEPTH_BASE_URL is set, so {address} is used").format(address=address)
            grid.insert_next_to(self.address, Gtk.PositionType.BOTTOM)
            grid.attach_next_to(ui.label(words, dim=True), self.address, Gtk.PositionType.BOTTOM, 1, 1)

    def _show_sums(self) -> bool:
        if not self._sums.finished:
            return GLib.SOURCE_CONTINUE
        self._timer = 0
        try:
            kept, spent = self._sums.answer()
        except FluxDepthError as exc:
            kept, spent = "", str(exc)
        self.kept.set_text(tr("Now {kept}").format(kept=kept) if kept else "")
        self.spent.set_text(spent)
        return GLib.SOURCE_REMOVE

    def _stop_looking(self) -> None:
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0

    def _show_key(self) -> None:
        key = None
        try:
            key = find_key()
        except FluxDepthError as exc:
            self.key_state.set_text(str(exc))
        else:
            self.key_state.set_text(
                tr("In use: the key from {place}").format(place=tr(key.source.value))
                if key
                else tr("There is none yet. It comes from your 1min.ai account")
            )
        from_environment = key is not None and key.source is KeySource.ENVIRONMENT
        self.key.entry.set_placeholder_text(tr("Paste another key to replace it") if key else tr("Paste your key here"))
        self.key.set_sensitive(not from_environment)
        self.key.set_tooltip_text(
            tr("{variable} is set and wins").format(variable=KEY_VARIABLE) if from_environment else None
        )
        self.forget.set_sensitive(key is not None and not from_environment)
        self._has_key = key is not None
        self._let_test()

    def _let_test(self) -> None:
        self.test.set_sensitive(self._has_key or bool(self.key.text))

    def run(self) -> bool:
        """Until it is closed; whether something was saved."""
        while self.dialog.run() == Gtk.ResponseType.OK:
            if self._save():
                return True
        return False

    def _save(self) -> bool:
        self.error.clear()
        try:
            settings.save(self._chosen())
            self._save_key()
        except FluxDepthError as exc:
            self.error.tell(exc, {})
            {"service_address": self.address, "key": self.key.entry}.get(exc.field or "", self.address).grab_focus()
            return False
        return True

    def _save_key(self) -> None:
        if self.key.text:
            save_key(self.key.text)
            self.key.entry.set_text("")
            self._show_key()

    def _chosen(self) -> settings.Settings:
        return dataclasses.replace(
            self._stored,
            service_address=self.address.get_text(),
            waiting=self.waiting.get_active_id() or self._stored.waiting,
            history_limit=self.history.get_value_as_int(),
            ask_above=self.ask_above.get_value_as_int(),
            monthly_limit=self.monthly_limit.get_value_as_int(),
        )

    def _test(self) -> None:
        """What stands in the fields is asked about, and kept only by Save: the key in use may be the better one."""
        chosen, key = self._chosen(), self.key.text
        self._check.start(lambda: Client.from_settings(chosen, key))

    def _changed(self, *_: object) -> None:
        """What was said is about another key or address."""
        self._check.stop()
        self.error.clear()
        self.answer.set_text("")
        self._let_test()

    def _said(self, line: str, running: bool) -> None:
        self.answer.set_text(line)
        self.test.set_sensitive(not running)

    def _forget(self) -> None:
        self.error.clear()
        try:
            forget_key()
        except FluxDepthError as exc:
            self.error.tell(exc, {})
        self.answer.set_text("")
        self._show_key()

    def _open_log(self) -> None:
        path = log_file(files.home())
        if path.exists():
            self.answer.set_text(ui.open_log(str(path), self.dialog))
        else:
            self.answer.set_text(tr("There is no log yet: it begins with the first edit."))


def _name(text: str, widget: Gtk.Widget) -> Gtk.Label:
    return Gtk.Label(label=text, use_underline=True, mnemonic_widget=widget, xalign=0)


def _number(parameter: Parameter, value: int, step: int) -> Gtk.SpinButton:
    made = Gtk.SpinButton.new_with_range(0 if parameter.zero_means else parameter.minimum, parameter.maximum, step)
    made.set_value(value)
    made.set_activates_default(True)
    made.set_width_chars(8)
    return made


def _sums() -> tuple[str, str]:
    """What the history holds, and what was spent. For a worker: with thousands of edits it takes a while."""
    journal = Journal()
    return kept_words(*disk_use(journal)), "\n".join(spending.spent(journal).lines())
