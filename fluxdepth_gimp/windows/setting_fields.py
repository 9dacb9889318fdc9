"""The fields of the settings, bound to the arguments, with labels that line up and that a screen reader is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import arguments
from gi.repository import Gimp, GimpUi, GObject, Gtk

from shared.language import tr
from shared.model.parameters import Kind, Parameter
from windows import ui


class SettingFields:
    """Makes them, by the name of the argument; ``made`` are those that there are."""

    def __init__(self, dialog: GimpUi.ProcedureDialog, config: Gimp.ProcedureConfig) -> None:
        self._dialog, self._config = dialog, config
        self.made: dict[str, Gtk.Widget] = {}
        self._labels = Gtk.SizeGroup(mode=Gtk.SizeGroupMode.HORIZONTAL)

    def choice(self, name: str) -> Gtk.Widget:
        """Not GIMP's own widget: its combo box tells a screen reader the value's id instead of its label."""
        parameter = arguments.BY_ARGUMENT[name]
        combo = Gtk.ComboBoxText(hexpand=True, tooltip_text=tr(parameter.help))
        self._offer(combo, parameter)

        def follow(*_: object) -> None:
            combo.set_active_id(self._config.get_property(name))

        def take(_: object) -> None:
            chosen = combo.get_active_id()  # None while its choices are being exchanged
            if chosen is not None and chosen != self._config.get_property(name):
                self._config.set_property(name, chosen)

        self._config.connect(f"notify::{name}", follow)
        combo.connect("changed", take)
        words = Gtk.Label(label=arguments.label_of(parameter), use_underline=True, mnemonic_widget=combo, xalign=0)
        self._labels.add_widget(words)
        self.made[name] = combo
        return ui.row(words, combo, grow=combo)

    def _offer(self, combo: Gtk.ComboBoxText, parameter: Parameter) -> None:
        combo.remove_all()
        for one in parameter.choices:
            combo.append(one.value, tr(one.label))
        combo.set_active_id(self._config.get_property(parameter.argument))

    def mark(self, parameter: Parameter, labels: Mapping[str, str]) -> None:
        """Other labels for some values of a choice."""
        choices = tuple(replace(one, label=labels.get(one.value, one.label)) for one in parameter.choices)
        combo = self.made[parameter.argument]
        assert isinstance(combo, Gtk.ComboBoxText)
        self._offer(combo, replace(parameter, choices=choices))

    def fit(self, parameter: Parameter) -> None:
        """The field of that name has what this model's ``parameter`` has: its help, its choices, its slider."""
        widget = self.made[parameter.argument]
        widget.set_tooltip_text(tr(parameter.help))
        if isinstance(widget, Gtk.ComboBoxText):
            self._offer(widget, parameter)
        elif isinstance(widget, GimpUi.ScaleEntry):
            widget.set_bounds(*parameter.usual, True)
            for child in widget.get_children():
                if isinstance(child, Gtk.SpinButton):  # wide enough for what is usual
                    child.set_width_chars(max(5, len(f"{parameter.usual[1]:.{parameter.decimals}f}")))

    def scale(self, name: str, digits: int) -> Gtk.Widget:
        """A number with a slider."""
        return self._named(name, ui.with_digits(self._dialog.get_scale_entry(name, 1.0), digits))

    def number(self, name: str, digits: int) -> Gtk.Container:
        """A number without one."""
        return self._named(name, ui.with_digits(self._dialog.get_widget(name, GObject.TYPE_NONE), digits))

    def _named(self, name: str, labeled: Gtk.Container) -> Gtk.Container:
        """One of GIMP's labelled numbers, which by itself tells a screen reader nothing of its label."""
        assert isinstance(labeled, GimpUi.Labeled)
        self.made[name] = labeled
        self._labels.add_widget(labeled.get_label())
        for child in labeled.get_children():
            if isinstance(child, Gtk.Range | Gtk.SpinButton):
                child.get_accessible().set_name(labeled.get_label().get_text())
        return labeled

    def of(self, name: str) -> Gtk.Widget:
        """The field that fits the kind of the setting."""
        kind = arguments.BY_ARGUMENT[name].kind
        if kind is Kind.CHOICE:
            return self.choice(name)
        if kind is Kind.INTEGER:
            number, unit = self.number(name, 0), arguments.BY_ARGUMENT[name].unit
            return ui.row(number, Gtk.Label(label=tr(unit))) if unit else number
        self.made[name] = self._dialog.get_widget(name, GObject.TYPE_NONE)
        return self.made[name]
