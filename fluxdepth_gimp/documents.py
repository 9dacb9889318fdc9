"""Open images as the core knows documents: by GIMP's session and the image's number, else by the file.

Knows GIMP's images and the parasites that results carry; nothing of windows and of the service.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gi.repository import Gimp, Gio, GLib
from pixels.place import Place
from pixels.record import place_in, record_of

from shared.storage.entries import Destination
from shared.storage.journal import Journal
from shared.storage.processes import session_name

HOST = "gimp"
UNFIT = '<>:"/\\|?*'  # in the name of a file, on one system or another


@functools.lru_cache(maxsize=1)
def session() -> str:
    """The name of the running GIMP. The plug-in is a process of its own, a new one for each call."""
    return session_name(Gimp.getpid())


def name_of(image: Gimp.Image) -> str:
    """The document's id in its session; GIMP gives no number twice."""
    return f"{session()}#{image.get_id()}"


def destination(image: Gimp.Image, place: Place) -> Destination:
    """Where results of ``image`` belong, as plain data."""
    return Destination(
        host=HOST, path=path_of(image), session=name_of(image), title=title_of(image), place=place.to_json()
    )


def path_of(image: Gimp.Image) -> str:
    """The image's file, absolute, or "" while it has none on this computer."""
    file = image.get_file() or image.get_imported_file()
    path = file.get_path() if file else None
    return os.path.realpath(path) if path else ""


def title_of(image: Gimp.Image) -> str:
    """How the artist knows it."""
    file = image.get_file() or image.get_imported_file()
    return (file.get_basename() if file else None) or image.get_name()


def give_name(image: Gimp.Image, source: Destination, name: str) -> None:
    """Call a new image ``name``, beside the ``source`` that it was made from; it is not saved."""
    pictures = GLib.get_user_special_dir(GLib.UserDirectory.DIRECTORY_PICTURES) or GLib.get_home_dir()
    folder = Path(source.path).parent if source.path else Path(pictures)
    stem = "".join("_" if one in UNFIT else one for one in name)
    with quietly():
        open_now = {path_of(one) for one in Gimp.get_images()}  # or Save would write the one over the other
    numbered = (str(folder / f"{stem}{f' {number}' if number else ''}.xcf") for number in itertools.count())
    free = (path for path in numbered if not os.path.lexists(path) and os.path.realpath(path) not in open_now)
    image.set_file(Gio.File.new_for_path(next(free)))


def find(wanted: Destination) -> Gimp.Image | None:
    """The open image that ``wanted`` means, if it is open."""
    if wanted.host != HOST:
        return None
    with quietly():
        return _found(wanted, Gimp.get_images())


def _found(wanted: Destination, images: list[Gimp.Image]) -> Gimp.Image | None:
    for image in images:
        if wanted.session == name_of(image):
            return image
    if wanted.path:
        path = os.path.realpath(wanted.path)  # version 1 of the journal wrote it as GIMP said it
        for image in images:
            if path_of(image) == path:
                return image
    return None


def of_this_session(wanted: Destination) -> bool:
    """Whether it is, or was, an image of the running GIMP."""
    return wanted.host == HOST and wanted.session.startswith(f"{session()}#")


def own_image(wanted: Destination) -> Destination:
    """An image of its own for what belongs to ``wanted``: another image, or another host's document."""
    place = {**wanted.place, "result": "image"} if wanted.host == HOST else {}
    return Destination(HOST, title=wanted.title, place=place)


def in_image(image: Gimp.Image, wanted: Destination) -> Destination:
    """``image`` for what belongs to ``wanted``: at the place it had in its own; what had none in GIMP fills it."""
    place = Place.from_json(wanted.place)
    if wanted.host == HOST and place.known:
        return destination(image, dataclasses.replace(place, new_image=False))
    return destination(image, Place(width=image.get_width(), height=image.get_height(), fit=True, new_image=False))


def held() -> frozenset[tuple[str, int]]:
    """The (job, index) of each result that is in an open image now."""
    with quietly():
        return frozenset(_records(layer for image in Gimp.get_images() for layer in _all_layers(image.get_layers())))


@contextmanager
def quietly() -> Iterator[None]:
    """Any image may be closed while we look, a scratch image of another plug-in too: GIMP is not to tell of it."""
    plug_in = Gimp.get_plug_in()
    assert plug_in is not None  # nothing else can ask GIMP for its images
    handler = plug_in.get_pdb_error_handler()
    plug_in.set_pdb_error_handler(Gimp.PDBErrorHandler.PLUGIN)
    try:
        yield
    finally:
        plug_in.set_pdb_error_handler(handler)


def _all_layers(layers: Sequence[Gimp.Item] | None) -> Iterator[Gimp.Item]:
    for layer in layers or []:  # None: the image is gone
        yield layer
        if layer.is_group():
            yield from _all_layers(layer.get_children())


def _records(layers: Iterator[Gimp.Item]) -> Iterator[tuple[str, int]]:
    for layer in layers:
        with suppress(KeyError, TypeError, ValueError):  # a layer without a record, or another program's
            record = record_of(layer) or {}
            yield str(record["job"]), int(record["index"])


@dataclass(frozen=True)
class Origin:
    """What a result was made from: its image, and there its layer; None where the layer is gone, or all was seen."""

    image: Gimp.Image
    layer: Gimp.Layer | None
    kind: str  # of the source: "layer", "selection" or "visible"; "" when nothing is known


def origin(result: Gimp.Layer) -> Origin:
    """What ``result`` was made from, as far as it is still open."""
    record = record_of(result) or {}
    image = result.get_image()
    place = place_in(record)
    if place is None:  # of version 0.1.0
        job = Journal().job(str(record.get("job")))
        place = Place.from_json(job.destination.place) if job else Place()
    if not place.known:
        return Origin(image, None, "")
    if not place.new_image:
        layer = place.layer_in(image)
        return Origin(image, None if layer == result else layer, place.kind)
    with quietly():
        for other in Gimp.get_images():
            layer = place.layer_in(other)
            # Another image can have a layer of that name, or of that number.
            if layer is not None and (layer.get_tattoo(), layer.get_name()) == (place.tattoo, place.layer_name):
                return Origin(other, layer, place.kind)
    return Origin(image, None, "")
