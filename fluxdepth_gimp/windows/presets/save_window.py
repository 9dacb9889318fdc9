"""Presets > Save as Preset…: a name, and what of the dialog is kept."""

from __future__ import annotations

import arguments
from gi.repository import Gimp, GimpUi, Gtk
from windows import ui

from shared.errors import FluxDepthError, ParameterError
from shared.jobs.wording import preset_name
from shared.language import tr
from shared.model.parameters import Value
from shared.model.presets import LONGEST_NAME, OwnPreset
from shared.storage.library import preset_files

TITLE = tr("Save as Preset")


class SaveWindow:
    """Asks until it is saved or given up."""

    def __init__(self, parent: Gtk.Window, config: Gimp.ProcedureConfig) -> None:
        self._config = config
        self.dialog = GimpUi.Dialog(title=TITLE, role="fluxdepth-save-preset", transient_for=parent, modal=True)
        self.dialog.add_button(tr("_Cancel"), Gtk.ResponseType.CANCEL)
        self._ok = self.dialog.add_button(tr("_Save"), Gtk.ResponseType.OK)
        self.dialog.set_default_response(Gtk.ResponseType.OK)
        self._error = ui.ErrorBar(lambda _: None)
        self._name = Gtk.Entry(hexpand=True, activates_default=True, max_length=LONGEST_NAME)
        label = Gtk.Label(label=tr("_Name"), use_underline=True, mnemonic_widget=self._name, xalign=0)
        model = arguments.chosen_model(config)
        self._prompt = _tick(tr("The _prompt"))
        self._settings = _tick(tr("The se_ttings, the seed among them"))
        self._model = _tick(tr("The _model, {model}").format(model=model.label))
        prompt = next(iter(self._kept(prompt=True, settings=False).values()), "")
        self._name.set_text(preset_name(str(prompt)))
        if not prompt:
            self._prompt.set_active(False)
            self._prompt.set_sensitive(False)
            self._prompt.set_tooltip_text(tr("There is no prompt yet"))
        for one in (self._prompt, self._settings, self._model):
            one.connect("toggled", self._changed)
        self._name.connect("changed", self._changed)
        what = ui.column(ui.label(tr("What it keeps:")), self._prompt, self._settings, self._model)
        content = ui.column(self._error, ui.row(label, self._name, grow=self._name), what, spacing=2 * ui.SPACE)
        content.set_border_width(2 * ui.SPACE)
        self.dialog.get_content_area().pack_start(content, True, True, 0)
        content.show_all()
        self._changed()

    def run(self) -> None:
        try:
            while self.dialog.run() == Gtk.ResponseType.OK and not self._saved():
                pass
        finally:
            self.dialog.destroy()

    def _kept(self, prompt: bool, settings: bool) -> dict[str, Value]:
        values = arguments.to_keep(self._config, prompt=prompt, settings=settings)
        return {name: value for name, value in values.items() if str(value).strip()}

    def _changed(self, *_: object) -> None:
        self._error.clear()
        any_kept = any(one.get_active() for one in (self._prompt, self._settings, self._model))
        self._ok.set_sensitive(any_kept and bool(self._name.get_text().strip()))

    def _saved(self, replace: bool = False) -> bool:
        name = self._name.get_text()
        model = arguments.chosen_model(self._config) if self._model.get_active() else None
        try:
            values = self._kept(self._prompt.get_active(), self._settings.get_active())
            preset_files.save(name, model, values, replace=replace)
        except ParameterError as exc:
            there = preset_files.read().find(" ".join(name.split()))
            if exc.field == "name" and isinstance(there, OwnPreset) and not replace:
                question = tr("Replace the preset “{name}”?").format(name=there.name)
                if ui.confirmed(self.dialog, question, tr("What it holds now is lost."), tr("_Replace")):
                    return self._saved(replace=True)
            else:
                self._error.say(f"{exc.message} {exc.advice}")
        except FluxDepthError as exc:
            self._error.say(f"{exc.message} {exc.advice}")
        else:
            return True
        self._name.grab_focus()
        return False


def _tick(label: str) -> Gtk.CheckButton:
    return Gtk.CheckButton(label=label, use_underline=True, active=True)
