"""The compare procedure: one click shows and hides a result, so that it is seen beside what it was made from."""

from __future__ import annotations

from gi.repository import Gimp, GLib
from pixels.record import whole_result

from shared.language import tr

NONE = tr("There is no result of Flux Depth here: select one, or the layer below it.")


def run(procedure: Gimp.Procedure, image: Gimp.Image, drawables: list[Gimp.Drawable]) -> Gimp.ValueArray:
    """The procedure, the same in any run mode. One undo step, as GIMP's own eye in the list of layers."""
    result = whole_result(image, drawables)
    if result is None:
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(NONE))
    result.set_visible(not result.get_visible())
    Gimp.displays_flush()
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
