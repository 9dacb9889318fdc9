"""Recover: bring in what was paid for and has not arrived, without paying again."""

from __future__ import annotations

import dataclasses
import itertools

from edit import failed, note_arrival, show, succeeded
from gi.repository import Gimp
from pixels_in import Inserted, Place, insert
from waiting import StatusBar, wait

from shared.errors import FluxDepthError
from shared.job import Result
from shared.journal import EditEntry, Job, Journal
from shared.worker import RunningJob


def unfinished() -> list[tuple[Job, EditEntry]]:
    """GIMP's own edits to recover; Blender's are left to Blender."""
    return [(job, entry) for job, entry in Journal().unfinished() if job.origin.get("host", "gimp") == "gimp"]


def bring_in(job: Job, results: list[Result], image: Gimp.Image | None) -> Inserted:
    """Insert results of an earlier job where they belong in ``image``, or into a new image when it is None."""
    first = results[0].image
    place = Place.from_json(job.origin.get("place", {}), (first.width, first.height))
    above = None
    if image is not None:
        if place.layer_name:
            above = image.get_layer_by_name(place.layer_name)
        if not place.overlaps(image.get_width(), image.get_height()):
            place = place.at_origin()
    inserted = insert(results, place, image, above)
    return dataclasses.replace(inserted, remarks=(*inserted.remarks, *note_arrival(results)))


def run(procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None) -> Gimp.ValueArray:
    """Fetch and insert everything that is unfinished. Fails only when nothing at all could be brought in."""
    status = StatusBar()
    layers: list[Gimp.Layer] = []
    failures: list[FluxDepthError] = []
    remarks: list[str] = []
    try:
        for job, entries in itertools.groupby(unfinished(), key=lambda pair: pair[0]):
            try:
                results = _fetch(job, [entry for _, entry in entries], status, failures)
                if results:
                    inserted = bring_in(job, results, image)
                    layers += inserted.layers
                    show(inserted, run_mode)
            except FluxDepthError as exc:
                failures.append(exc)
    finally:
        status.end()
    if failures and not layers:
        return failed(procedure, failures[0])
    remarks += [str(failure) for failure in failures]
    if not layers:
        remarks.append("There is nothing to recover.")
    for remark in remarks:
        Gimp.message(f"Flux Depth: {remark}")
    return succeeded(procedure, layers[0] if layers else None)


def _fetch(job: Job, entries: list[EditEntry], status: StatusBar, failures: list[FluxDepthError]) -> list[Result]:
    results = []
    for entry in entries:
        running = RunningJob.start_recovery(job, entry)
        wait(running, status.show)
        try:
            results += running.outcome.results
        except FluxDepthError as exc:
            failures.append(exc)
    return results
