"""The open file as a place for results: what the core's desk asks of Blender.

A document is known by its path, and while it has none by the session of this process and the number of the load.
Knows no operator and no panel.
"""

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping
from typing import Any

import bpy

from . import ticker
from .pictures import icons, results
from .shared.errors import PictureError, ResultError
from .shared.jobs.request import Result
from .shared.jobs.ticket import Ticket
from .shared.language import N_, tr
from .shared.pictures import depth, finishing, imaging
from .shared.pictures.encoded import EncodedImage
from .shared.pictures.sending import KEPT
from .shared.storage import processes
from .shared.storage.entries import ALPHA, DEPTH, SOURCE, WHOLE, Destination

HOST = "blender"

_generation = 0  # of the open file: grows with every load


class BlenderHost:
    """The open file, as a place for results."""

    name = HOST

    def is_open(self, destination: Destination) -> bool:
        here = document()
        return destination.host == HOST and destination.same_document(here.path, here.session)

    def place(self, ticket: Ticket) -> Iterator[None]:
        """One image each step. Raises ResultError."""
        here = document()
        ticket.placed_in(path=here.path, session=here.session)
        for result in ticket.results:
            if not self.is_open(here):
                raise ResultError(tr("Another file was opened while the results came in."))
            picture = ticket.pictures.get(result.index, result.image)
            record = {"origin": dict(ticket.destination.place), "host_settings": dict(ticket.host_settings)}
            record |= ticket.notes.get(result.index, {})
            if kept := ticket.kept.get(result.index):
                record[KEPT] = dataclasses.asdict(kept)
            image = _brought_in(picture, result, record)
            icons.fill(image.preview_ensure(), ticket.icons.get(result.index))
            ticket.images.append(image.name)
            yield
        shown = bpy.data.images.get(ticket.images[0])
        if shown:
            results.show(shown)
        results.push_undo(len(ticket.images))

    def changed(self, ticket: Ticket | None) -> None:
        ticker.settle_panels()


def document(place: Mapping[str, Any] | None = None) -> Destination:
    """The open file as a destination."""
    path = os.path.realpath(bpy.data.filepath) if bpy.data.filepath else ""
    return Destination(
        host=HOST,
        path=path,
        session=f"{processes.session_name()}#{_generation}",
        title=bpy.path.basename(path) or N_("Untitled"),
        place=dict(place or {}),
    )


def another_file() -> None:
    """A file was loaded: what was open is not, even when it is the same file."""
    global _generation
    _generation += 1


def _brought_in(picture: EncodedImage, result: Result, record: Mapping[str, Any]) -> bpy.types.Image:
    try:
        return results.bring_in(picture, result, record)
    except RuntimeError as exc:
        where = tr("It is kept as {path}.").format(path=result.file) if result.file else ""
        raise ResultError(tr("Blender could not take the result in."), f"{str(exc).strip()} {where}".strip()) from exc


def composed(ticket: Ticket, result: Result) -> EncodedImage:
    """In the worker: the result as it comes into Blender: with the source's detail and transparency, in its range."""
    _note_depth(ticket, result)
    picture = _in_range(ticket, _whole(ticket, result))
    with contextlib.suppress(PictureError):  # then Blender makes one, in its own time
        ticket.icons[result.index] = imaging.icon(picture.data)
    return picture


def _whole(ticket: Ticket, result: Result) -> EncodedImage:
    try:
        picture = with_companions(ticket, result)
        # A kind that the core does not know: Pillow knows more of them than Blender.
        return picture if picture.format else imaging.as_kind(picture, "png")
    except PictureError:
        if ticket.companion(ALPHA):
            raise
        return result.image


def with_companions(ticket: Ticket, result: Result, transparent: bool = True, detailed: bool = True) -> EncodedImage:
    """In the worker: the result as its settings want it, unless the caller does not. Raises PictureError."""
    done = finishing.finished(
        result.image,
        ticket.host_settings if detailed else {},
        alpha=ticket.companion(ALPHA) if transparent else None,
        source=ticket.companion(SOURCE),
        sent=ticket.sent,
    )
    if done.kept:
        ticket.kept[result.index] = done.kept
    if done.problem:
        ticket.warnings.append(done.problem)
    return done.image


def _note_depth(ticket: Ticket, result: Result) -> None:
    """How many of the edges of true depth the result has kept. Of what can't be compared, nothing is said."""
    kept = ticket.companion(DEPTH)
    if kept is None:
        return
    with contextlib.suppress(PictureError):
        share = depth.check(result.image, kept).kept
        if share is not None:
            ticket.notes[result.index] = {results.DEPTH_CHECK: round(share, 3)}


def _in_range(ticket: Ticket, picture: EncodedImage) -> EncodedImage:
    """``picture`` between the distances that were chosen, and the source outside of them."""
    chosen = ticket.host_settings
    if not chosen.get("depth_range"):
        return picture
    source, kept = ticket.companion(WHOLE), ticket.companion(DEPTH)
    if source is None or kept is None:
        raise PictureError(tr("The depth of this edit is not here any more, so all of its result came in."))
    near, far, soft = (float(chosen[name]) for name in ("depth_from", "depth_to", "depth_soft"))
    return depth.within(picture, source, kept, near, far, soft)
