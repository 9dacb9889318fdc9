"""The edit procedure: from the chosen values to the new layers. The dialog and the batch mode both go this way.

Nothing here decides about the service: the core runs the job, :mod:`pixels_out` and :mod:`pixels_in` handle pixels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import arguments
from arguments import Chosen
from gi.repository import Gimp, GLib, GObject
from main_loop import StatusBar, settle, wait
from pixels.export import export, find_source
from pixels.insert import Inserted, Place, insert

from shared.errors import Cancelled, FluxDepthError, NextStep, StorageError
from shared.jobs.background import RunningJob
from shared.jobs.pipeline import EditRequest, Outcome, Result
from shared.storage.credentials import key_or_error
from shared.storage.journal import Journal


@dataclass(frozen=True)
class Prepared:
    """An edit that is ready to be sent, and where its results will go."""

    request: EditRequest
    place: Place
    image: Gimp.Image
    layer: Gimp.Layer | None


def prepare(image: Gimp.Image, drawables: list[Gimp.Drawable], chosen: Chosen) -> Prepared:
    """Validate and encode, without touching the network. Raises :class:`FluxDepthError`."""
    key_or_error()  # told before the picture is encoded, which can take a second
    source = find_source(image, drawables, str(chosen.host["source"]))
    outgoing = export(
        source,
        longest_side=chosen.longest_side,
        upload_format=str(chosen.host["upload_format"]),
        keep_transparency=chosen.host["keep_transparency"] is True,
    )
    place = Place(
        source.kind,
        source.x,
        source.y,
        source.width,
        source.height,
        fit=chosen.host["fit_to_source"] is True,
        new_image=chosen.host["result"] == "image",
        layer_name=source.layer.get_name() if source.layer else "",
        alpha=outgoing.alpha,
        mask=outgoing.mask,
    )
    origin = {"host": "gimp", **document(image), "place": place.to_json(), "host_settings": dict(chosen.host)}
    request = EditRequest(chosen.edit, outgoing.picture, chosen.variations, origin)
    return Prepared(request, place, image, source.layer)


def document(image: Gimp.Image) -> dict[str, Any]:
    """How the journal names an image: its file, when it has one, and its title."""
    file = image.get_file() or image.get_imported_file()
    name = file.get_basename() if file else image.get_name()
    return {"document": name, "path": file.get_path() or file.get_uri() if file else ""}


def bring_in(prepared: Prepared, outcome: Outcome) -> Inserted:
    """Insert the results and note in the journal that they have arrived. Raises :class:`FluxDepthError`."""
    if not prepared.place.new_image and not prepared.image.is_valid():
        gone = FluxDepthError(
            "The image was closed while the edit was on its way.",
            "The result is kept: Recover brings it into another image.",
        )
        gone.next_step = NextStep.RECOVER
        raise gone
    target = None if prepared.place.new_image else prepared.image
    inserted = insert(outcome.results, prepared.place, target, prepared.layer)
    remarks = [*inserted.remarks, *(result.warning for result in outcome.results if result.warning)]
    remarks += [f"One variation did not arrive: {failure}" for failure in outcome.failures]
    remarks += note_arrival(outcome.results)
    return dataclasses.replace(inserted, remarks=tuple(dict.fromkeys(remarks)))


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


def run(
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
) -> Gimp.ValueArray:
    """The whole procedure, in any run mode."""
    if run_mode is Gimp.RunMode.INTERACTIVE:
        from windows import edit_window as dialog

        return dialog.run(procedure, image, drawables, config)
    try:
        repeated = {"variations": 1} if run_mode is Gimp.RunMode.WITH_LAST_VALS else {}
        layers = _edit(image, drawables, arguments.read(config, **repeated), run_mode)
    except FluxDepthError as exc:
        return failed(procedure, exc)
    return succeeded(procedure, layers[0])


def _edit(
    image: Gimp.Image, drawables: list[Gimp.Drawable], chosen: Chosen, run_mode: Gimp.RunMode
) -> tuple[Gimp.Layer, ...]:
    status = StatusBar()
    try:
        prepared = prepare(image, drawables, chosen)
        job = RunningJob.start(prepared.request)
        wait(job, status.show)
        settle(job)
        inserted = bring_in(prepared, job.outcome)
    finally:
        status.end()
    show(inserted, run_mode)
    return inserted.layers


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
