"""The edit procedure: from the chosen values to the new layers. The dialog and the batch mode both go this way.

Nothing here decides about the service: the core runs the job, the room ``pixels`` handles pixels.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import arguments
from arguments import Chosen
from gi.repository import Gimp
from main_loop import StatusBar, settle, wait
from pixels.export import export
from pixels.insert import Inserted, insert
from pixels.place import Place
from pixels.source import find_source
from replies import failed, note_arrival, show, succeeded

from procedures import recover
from shared.errors import FluxDepthError, NextStep
from shared.jobs.background import RunningJob
from shared.jobs.pipeline import EditRequest, Outcome
from shared.storage.credentials import key_or_error


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


def run(
    procedure: Gimp.Procedure,
    run_mode: Gimp.RunMode,
    image: Gimp.Image,
    drawables: list[Gimp.Drawable],
    config: Gimp.ProcedureConfig,
) -> Gimp.ValueArray:
    """The whole procedure, in any run mode."""
    if run_mode is Gimp.RunMode.INTERACTIVE:
        return interactive(procedure, image, drawables, config)
    try:
        repeated = {"variations": 1} if run_mode is Gimp.RunMode.WITH_LAST_VALS else {}
        layers = _edit(image, drawables, arguments.read(config, **repeated), run_mode)
    except FluxDepthError as exc:
        return failed(procedure, exc)
    return succeeded(procedure, layers[0])


def interactive(
    procedure: Gimp.Procedure, image: Gimp.Image, drawables: list[Gimp.Drawable], config: Gimp.ProcedureConfig
) -> Gimp.ValueArray:
    """The dialog, until the artist closes it or an edit has arrived."""
    from windows import edit_window

    layer = edit_window.show(procedure, image, drawables, config, Edits(image, drawables))
    if layer is None:
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    return succeeded(procedure, layer)


class Edits:
    """What the dialog asks for: an edit, or what is to be recovered. ``wait_for`` lets the window live meanwhile."""

    def __init__(self, image: Gimp.Image, drawables: list[Gimp.Drawable]) -> None:
        self._image, self._drawables = image, drawables

    def make(self, chosen: Chosen, wait_for: Callable[[RunningJob], None]) -> Gimp.Layer:
        """The first new layer. Raises :class:`FluxDepthError`."""
        prepared = prepare(self._image, self._drawables, chosen)
        job = RunningJob.start(prepared.request)
        wait_for(job)
        inserted = bring_in(prepared, job.outcome)
        show(inserted, Gimp.RunMode.INTERACTIVE)
        return inserted.layers[0]

    def recover(self, wait_for: Callable[[RunningJob], None]) -> Gimp.Layer | None:
        """The first layer that was brought in, if any. Raises the first error when there was nothing but errors."""
        brought = recover.bring_all(self._image if self._image.is_valid() else None, wait_for)
        if brought.failures and not brought.layers:
            raise brought.failures[0]
        if brought.layers:
            recover.tell(brought, Gimp.RunMode.INTERACTIVE)
        return brought.layers[0] if brought.layers else None


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
