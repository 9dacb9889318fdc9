"""The settings procedure. It needs no image."""

from __future__ import annotations

from gi.repository import Gimp


def run(procedure: Gimp.Procedure, run_mode: Gimp.RunMode) -> Gimp.ValueArray:
    """The procedure. Without a window there is nothing to set."""
    if run_mode is not Gimp.RunMode.NONINTERACTIVE:
        from windows import settings_window

        settings_window.show()
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
