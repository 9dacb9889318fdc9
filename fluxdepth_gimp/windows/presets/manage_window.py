"""Presets > Manage…: the artist's own presets, to rename, delete, import and export."""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import GimpUi, Gtk, Pango
from windows import ui

from shared.errors import FluxDepthError
from shared.jobs.wording import one_line
from shared.language import tr
from shared.model.presets import LONGEST_NAME, OwnPreset
from shared.storage.library import preset_files

NAME = 0  # column


class ManageWindow:
    """A list, and what can be done with the chosen one."""

    def __init__(self, parent: Gtk.Window) -> None:
        self.dialog = GimpUi.Dialog(
            title=tr("Your Presets"),
            role="fluxdepth-presets",
            transient_for=parent,
            modal=True,
            destroy_with_parent=True,
        )
        self.dialog.add_button(tr("_Close"), Gtk.ResponseType.CLOSE)
        self.dialog.set_default_size(460, 340)
        self._error = ui.ErrorBar(lambda _: None)
        self._rows = Gtk.ListStore(str, str, object)
        self._view = Gtk.TreeView(model=self._rows, search_column=NAME)
        self._view.get_accessible().set_name(tr("Your presets"))
        for number, title in enumerate((tr("Name"), tr("Prompt"))):
            cell = Gtk.CellRendererText(ellipsize=Pango.EllipsizeMode.END)
            column = Gtk.TreeViewColumn(title=title)
            column.pack_start(cell, True)
            column.add_attribute(cell, "text", number)
            column.set_expand(True)
            column.set_resizable(True)
            self._view.append_column(column)
        self._view.get_selection().connect("changed", lambda _: self._selected())
        scrolled = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN, vexpand=True)
        scrolled.add(self._view)
        self._about = ui.label(dim=True)
        self._about.set_no_show_all(True)
        # Not in the list itself, where a screen reader would not find it.
        self._name = Gtk.Entry(hexpand=True, max_length=LONGEST_NAME)
        self._name.connect("changed", lambda _: self._named())
        self._name.connect("activate", lambda _: self._renamed())
        label = Gtk.Label(label=tr("_Name"), use_underline=True, mnemonic_widget=self._name, xalign=0)
        self._rename = ui.button(tr("_Rename"), self._renamed)
        self._delete = ui.button(tr("_Delete"), self._ask_to_delete)
        self._export = ui.button(tr("_Export…"), self._ask_to_export, tr("Write it to a file, for another computer"))
        import_ = ui.button(
            tr("_Import…"), self._ask_to_import, tr("Take in what Export has written, here or in Blender")
        )
        content = ui.column(self._error, spacing=2 * ui.SPACE)
        content.pack_start(scrolled, True, True, 0)
        content.pack_start(self._about, False, False, 0)
        for row in (
            ui.row(label, self._name, self._rename, grow=self._name),
            ui.row(self._delete, self._export, import_),
        ):
            content.pack_start(row, False, False, 0)
        content.set_border_width(2 * ui.SPACE)
        self.dialog.get_content_area().pack_start(content, True, True, 0)
        content.show_all()
        self._fill()

    def run(self) -> None:
        try:
            self.dialog.run()
        finally:
            self.dialog.destroy()

    def _fill(self, chosen: str = "") -> None:
        """Show what is there; ``chosen`` is the file of the one to select."""
        shelf = preset_files.read()
        self._rows.clear()
        for preset in shelf.own:
            self._rows.append([preset.name, one_line(preset.help), preset])
        at = next((number for number, preset in enumerate(shelf.own) if preset.file == chosen), 0)
        if shelf.own:
            self._view.set_cursor(Gtk.TreePath.new_from_indices([at]), None, False)
        told = [*shelf.problems]
        if not shelf.own:
            told.append(tr("There are no presets of your own yet: Save as Preset… makes one of the dialog's settings."))
        self._about.set_text("\n".join(told))
        self._about.set_visible(bool(told))
        self._selected()

    def _current(self) -> OwnPreset | None:
        rows, at = self._view.get_selection().get_selected()
        return rows[at][2] if at else None

    def _selected(self) -> None:
        preset = self._current()
        for widget in (self._name, self._delete, self._export):
            widget.set_sensitive(preset is not None)
        self._name.set_text(preset.name if preset else "")
        self._named()

    def _named(self) -> None:
        preset, name = self._current(), self._name.get_text().strip()
        self._rename.set_sensitive(preset is not None and name not in ("", preset.name))

    def _renamed(self) -> None:
        preset, name = self._current(), self._name.get_text()
        if preset is not None and self._rename.get_sensitive():
            self._try(lambda: preset_files.rename(preset, name))

    def _ask_to_delete(self) -> None:
        preset = self._current()
        if preset is not None and ui.confirmed(
            self.dialog,
            tr("Delete the preset “{name}”?").format(name=preset.name),
            tr("This can't be undone."),
            tr("_Delete"),
        ):
            self._try(lambda: preset_files.delete(preset))

    def _ask_to_export(self) -> None:
        preset = self._current()
        if preset is not None:
            path = ui.chosen_file(self.dialog, tr("Export Preset"), ("json",), tr("Presets"), save_as=preset.file)
            if path is not None:
                self._try(lambda: preset_files.export(preset, path))

    def _ask_to_import(self) -> None:
        path = ui.chosen_file(self.dialog, tr("Import Preset"), ("json",), tr("Presets"))
        if path is not None:
            self._try(lambda: preset_files.import_file(path))

    def _try(self, act: Callable[[], OwnPreset | None]) -> None:
        """Do it and show what is there then, or why it could not be done."""
        current = self._current()
        self._error.clear()
        try:
            made = act()
        except FluxDepthError as exc:
            self._error.say(f"{exc.message} {exc.advice}")
            made = None
        chosen = made or current
        self._fill(chosen.file if chosen else "")
