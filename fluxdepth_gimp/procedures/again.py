"""The again procedure: the dialog with the settings of a result, its source, and the next seed."""

from __future__ import annotations

from gi.repository import Gimp, GLib
from pixels.record import latest_result

from procedures import edit
from shared.language import tr

NO_RESULT = tr("There is no result of Flux Depth here: select one, or the layer below it.")
NO_WINDOW = tr("Edit Again opens a window. Scripts call plug-in-fluxdepth-edit with the settings that they want.")


def run(
    procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image, drawables: list[Gimp.Drawable]
) -> Gimp.ValueArray:
    """The procedure. Repeat opens the window too: nothing is paid for that was not seen."""
    result = latest_result(image, drawables)
    refused = NO_WINDOW if run_mode is Gimp.RunMode.NONINTERACTIVE else NO_RESULT if result is None else ""
    if result is None or refused:
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(refused))
    return edit.opened_by(procedure, image, [result], {"again": True})
