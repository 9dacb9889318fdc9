"""Recover: bring in what was paid for and has not arrived, without paying again. The windows use the same ways."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

from gi.repository import Gimp
from main_loop import StatusBar, wait
from pixels.insert import Inserted, insert
from pixels.place import Place
from replies import failed, note_arrival, show, succeeded

from shared.errors import FluxDepthError
from shared.jobs.background import RunningJob
from shared.jobs.pipeline import Result
from shared.storage.journal import EditEntry, Job, Journal


@dataclass
class Brought:
    """What came in, and the error of each edit that did not."""

    inserted: list[Inserted] = field(default_factory=list)
    failures: list[FluxDepthError] = field(default_factory=list)

    @property
    def layers(self) -> list[Gimp.Layer]:
        return [layer for one in self.inserted for layer in one.layers]


def unfinished() -> list[tuple[Job, EditEntry]]:
    """GIMP's own edits to recover; Blender's are left to Blender."""
    return [(job, entry) for job, entry in Journal().unfinished() if job.origin.get("host", "gimp") == "gimp"]


def bring_all(image: Gimp.Image | None, wait_for: Callable[[RunningJob], None]) -> Brought:
    """Fetch and insert everything that is unfinished, the variations of a job together."""
    brought = Brought()
    for job, pairs in itertools.groupby(unfinished(), key=lambda pair: pair[0]):
        bring(job, [entry for _, entry in pairs], image, wait_for, brought)
    return brought


def bring(
    job: Job,
    entries: list[EditEntry],
    image: Gimp.Image | None,
    wait_for: Callable[[RunningJob], None],
    brought: Brought,
) -> None:
    """Fetch and insert some edits of ``job`` into ``image``, or into a new image when it is None."""
    results: list[Result] = []
    for entry in entries:
        running = RunningJob.start_recovery(job, entry)
        wait_for(running)
        try:
            results += running.outcome.results
        except FluxDepthError as exc:
            brought.failures.append(exc)
    if results:
        try:
            brought.inserted.append(_insert(job, results, image))
        except FluxDepthError as exc:
            brought.failures.append(exc)


def _insert(job: Job, results: list[Result], image: Gimp.Image | None) -> Inserted:
    first = results[0].image
    origin = job.origin.get("place")
    place = Place.from_json(origin if isinstance(origin, dict) else {}, (first.width, first.height))
    above = None
    if image is not None:
        if place.layer_name:
            above = image.get_layer_by_name(place.layer_name)
        if not place.overlaps(image.get_width(), image.get_height()):
            place = place.at_origin()
    inserted = insert(results, place, image, above)
    return dataclasses.replace(inserted, remarks=(*inserted.remarks, *note_arrival(results)))


def tell(brought: Brought, run_mode: Gimp.RunMode) -> None:
    """Show what came, and say what did not."""
    for one in brought.inserted:
        show(one, run_mode)
    for failure in brought.failures:
        Gimp.message(f"Flux Depth: {failure}")


def run(procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None) -> Gimp.ValueArray:
    """The procedure. It fails only when something was to be had and nothing at all came."""
    status = StatusBar()
    try:
        brought = bring_all(image, lambda job: wait(job, status.show))
    finally:
        status.end()
    if brought.failures and not brought.layers:
        return failed(procedure, brought.failures[0])
    tell(brought, run_mode)
    if not brought.layers:
        Gimp.message("Flux Depth: There is nothing to recover.")
    return succeeded(procedure, brought.layers[0] if brought.layers else None)
