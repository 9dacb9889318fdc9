"""What a procedure says back: its return values to GIMP, its words to the artist."""

from __future__ import annotations

from collections.abc import Sequence

from gi.repository import Gimp, GLib, GObject
from pixels.insert import Inserted

from shared.errors import Cancelled, FluxDepthError, StorageError
from shared.jobs.pipeline import Result
from shared.storage.journal import Journal


def note_arrival(results: Sequence[Result]) -> list[str]:
    """Note in the journal that the results are in an image; returns what is to be said when it can't be noted."""
    try:
        for result in results:
            if result.file is not None:
                Journal().mark_imported(result.job_id, result.index)
    except StorageError as exc:
        return [f"The history could not note that the result has arrived. {exc}"]
    return []


def show(inserted: Inserted, run_mode: Gimp.RunMode) -> None:
    """Let the artist see what came, and read what is to be said about it."""
    if inserted.new_image and run_mode is not Gimp.RunMode.NONINTERACTIVE:
        Gimp.Display.new(inserted.image)
    Gimp.displays_flush()
    for remark in inserted.remarks:
        Gimp.message(f"Flux Depth: {remark}")


def failed(procedure: Gimp.Procedure, error: FluxDepthError) -> Gimp.ValueArray:
    """What the procedure returns to GIMP for ``error``."""
    if isinstance(error, Cancelled):
        Gimp.message(f"Flux Depth: {error}")  # GIMP passes no words on with a cancel, and credits may be at stake
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(str(error)))


def succeeded(procedure: Gimp.Procedure, layer: Gimp.Layer | None) -> Gimp.ValueArray:
    """What the procedure returns to GIMP for the new ``layer``."""
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    if layer is not None:
        values.remove(1)
        values.insert(1, GObject.Value(Gimp.Layer, layer))
    return values
