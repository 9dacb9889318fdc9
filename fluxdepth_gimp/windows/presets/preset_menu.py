"""The menu of presets: the ready ones, the artist's own, and where settings and prompts come from beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import arguments
from gi.repository import Gimp, Gtk
from main_loop import later
from windows import ui
from windows.presets.manage_window import ManageWindow
from windows.presets.save_window import SaveWindow

from shared.errors import FluxDepthError, StorageError
from shared.language import tr
from shared.model.presets import Fitting, OwnPreset, Preset, reused
from shared.pictures.embedded import settings_in
from shared.storage.library import preset_files

PICTURES = ("png", "jpg", "jpeg", "webp")

Use = Callable[[Fitting], object]
Tell = Callable[[Sequence[str]], object]


class PresetMenu(Gtk.MenuButton):
    """``use`` gets what fits of what is chosen, ``tell`` sentences to show, ``list_prompts`` asks for their file."""

    def __init__(
        self,
        dialog: Gtk.Window,
        config: Gimp.ProcedureConfig,
        use: Use,
        tell: Tell,
        list_prompts: Callable[[], object],
    ) -> None:
        super().__init__(label=tr("Prese_ts"), use_underline=True)
        self.set_tooltip_text(tr("Ready settings for the uses of the model's page, and your own"))
        self._dialog, self._config, self._use, self._tell = dialog, config, use, tell
        self._list_prompts = list_prompts
        self._menu = Gtk.Menu()
        self._menu.connect("show", lambda _: self._fill())  # another window may have saved one
        self.set_popup(self._menu)
        self._fill()

    def _fill(self) -> None:
        for item in self._menu.get_children():
            item.destroy()
        shelf = preset_files.read()
        for preset in shelf.all:
            if isinstance(preset, OwnPreset) and preset is shelf.own[0]:
                self._menu.append(Gtk.SeparatorMenuItem())
            ready = isinstance(preset, Preset)
            label, about = (tr(preset.label), tr(preset.help)) if ready else (preset.label, preset.help)
            self._add(label, partial(self._take, preset), about)
        self._menu.append(Gtk.SeparatorMenuItem())
        self._add(tr("Save as Preset…"), self._save)
        self._add(tr("Manage…"), self._manage, tr("Rename, delete, import and export your own presets"))
        self._menu.append(Gtk.SeparatorMenuItem())
        self._add(
            tr("Settings from a Result File…"), self._open_result, tr("Those that a picture made by Flux Depth carries")
        )
        self._add(tr("Prompts from a Text File…"), self._list_prompts, tr("One prompt on each line, one edit for each"))
        self._menu.show_all()

    def _add(self, label: str, act: Callable[[], object], tooltip: str = "") -> None:
        item = Gtk.MenuItem(label=label)
        if tooltip:
            item.set_tooltip_text(tooltip)
        item.connect("activate", lambda _: act())
        self._menu.append(item)

    def _take(self, preset: Preset | OwnPreset) -> None:
        self._use(preset.fitted(arguments.chosen_model(self._config), arguments.OF_THE_HOST))

    def _save(self) -> None:
        SaveWindow(self._dialog, self._config).run()

    def _manage(self) -> None:
        ManageWindow(self._dialog).run()

    def _open_result(self) -> None:
        path = ui.chosen_file(self._dialog, tr("Settings from a Result File"), PICTURES, tr("Result files"))
        if path is not None:
            self.take_settings(path)

    def take_settings(self, path: Path) -> None:
        """Those that a result's file carries, read off the main thread."""
        if path.suffix.lower().lstrip(".") not in PICTURES:  # it may be anything, of any size
            self._take_record(path, None)
            return
        later(lambda: _record(path), lambda answer: self._take_record(path, answer), self._dialog)

    def _take_record(self, path: Path, answer: dict[str, Any] | FluxDepthError | None) -> None:
        if isinstance(answer, FluxDepthError):
            self._tell([answer.message])
        elif answer is None:
            self._tell([tr("“{name}” carries no settings of Flux Depth.").format(name=path.name)])
        else:
            self._use(reused(answer, arguments.chosen_model(self._config), arguments.OF_THE_HOST))


def _record(path: Path) -> dict[str, Any] | None:
    """Raises :class:`StorageError`."""
    try:
        return settings_in(path.read_bytes())
    except OSError as exc:
        raise StorageError(
            tr("“{path}” can't be read: {reason}.").format(path=path, reason=exc.strerror or exc)
        ) from exc
