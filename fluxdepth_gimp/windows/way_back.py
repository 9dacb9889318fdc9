"""An entry in GIMP's menu that brings a hidden window back, as long as there is something to see in it."""

from __future__ import annotations

import os
from collections.abc import Callable

from gi.repository import Gimp, GObject

MENU = "<Image>/Filters/Flux Depth"


class WayBack:
    """A temporary procedure of this run of the plug-in; it goes with it at the latest."""

    def __init__(self, label: str, show: Callable[[], object]) -> None:
        plug_in = Gimp.get_plug_in()
        assert plug_in is not None
        self._plug_in, self._show = plug_in, show
        self._name = f"plug-in-fluxdepth-show-{os.getpid()}"
        procedure = Gimp.Procedure.new(plug_in, self._name, Gimp.PDBProcType.TEMPORARY, self._run, None)
        procedure.add_enum_argument(
            "run-mode",
            "Run mode",
            "The run mode",
            Gimp.RunMode,
            Gimp.RunMode.INTERACTIVE,
            GObject.ParamFlags.READWRITE,
        )
        procedure.set_menu_label(label.replace("_", "__"))
        procedure.add_menu_path(MENU)
        procedure.set_documentation("Show the window of the edit that is under way", "It was hidden.", None)
        plug_in.add_temp_procedure(procedure)
        plug_in.persistent_enable()  # else GIMP's call would wait until the plug-in asks for something itself

    def _run(self, procedure: Gimp.Procedure, *_: object) -> Gimp.ValueArray:
        self._show()
        return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)

    def remove(self) -> None:
        self._plug_in.remove_temp_procedure(self._name)
