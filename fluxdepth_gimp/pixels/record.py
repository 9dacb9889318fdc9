"""What a result layer remembers of the edit that made it, and which layers of an image are results.

Knows GIMP's layers; touches no pixel.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from gi.repository import Gimp

from pixels.place import Place
from pixels.scratch import checked

PARASITE = "fluxdepth-edit"
_PLACE = "place"  # beside what every record has: an image file outlives the history


def attach(layer: Gimp.Layer, record: Mapping[str, Any], place: Place) -> None:
    """Have ``layer`` carry the ``record`` of its edit, and the ``place`` that the picture was taken from."""
    text = json.dumps({**record, _PLACE: place.to_json()})  # ASCII: a parasite takes no byte above 127
    checked(layer.attach_parasite(Gimp.Parasite.new(PARASITE, Gimp.PARASITE_PERSISTENT, text.encode("ascii"))))


def record_of(layer: Gimp.Item) -> dict[str, Any] | None:
    """The record that ``layer`` carries; None when it has none that this version can read."""
    parasite = layer.get_parasite(PARASITE)
    if parasite is None:
        return None
    try:
        record = json.loads(bytes(parasite.get_data()).decode("ascii"))
    except ValueError:  # another program's, or of a version to come
        return None
    return record if isinstance(record, dict) and isinstance(record.get("settings"), dict) else None


def place_in(record: Mapping[str, Any]) -> Place | None:
    """Where the picture was taken from; None in a record of version 0.1.0."""
    place = record.get(_PLACE)
    return Place.from_json(place) if isinstance(place, dict) else None


def is_result(layer: Gimp.Item) -> bool:
    """A layer that we have made, or a group of such."""
    if layer.is_group():
        children = layer.get_children()
        return bool(children) and all(map(is_result, children))
    return layer.get_parasite(PARASITE) is not None


def current_result(drawables: Sequence[Gimp.Item]) -> Gimp.Layer | None:
    """The one result that is selected: itself, by its mask, or by its group of variations (the visible one)."""
    if len(drawables) != 1:
        return None
    return _seen(layer_of(drawables[0]))


def latest_result(image: Gimp.Image, drawables: Sequence[Gimp.Item]) -> Gimp.Layer | None:
    """The result that is selected, else the newest one above: after an edit its source is what is selected."""
    return current_result(drawables) or _seen(whole_result(image, drawables))


def whole_result(image: Gimp.Image, drawables: Sequence[Gimp.Item]) -> Gimp.Item | None:
    """The same with all its variations, where it is one of a group."""
    chosen = [layer for layer in map(layer_of, drawables) if layer is not None]
    for one in chosen:
        if is_result(one):
            group = one.get_parent()
            return group if group is not None and is_result(group) else one
    found = list(results_above(image, chosen[0])) if chosen else [one for one in image.get_layers() if is_result(one)]
    return newest(found) if found else None


def newest(results: Sequence[Gimp.Item]) -> Gimp.Item:
    """Of ``results``, from above, the one that was made last; of two that are equally new, the lower one."""
    return max(reversed(results), key=_created)


def _seen(result: Gimp.Item | None) -> Gimp.Layer | None:
    """Of a group of variations the visible one; None for what is no result that this version can read."""
    if result is None or not is_result(result):
        return None
    while result.is_group():
        children = result.get_children()
        result = next((one for one in children if one.get_visible()), children[0])
    return cast("Gimp.Layer", result) if record_of(result) is not None else None


def layer_of(drawable: Gimp.Item) -> Gimp.Item | None:
    """While a mask is edited, GIMP names the mask as the drawable; the artist means its layer."""
    return Gimp.Layer.from_mask(drawable) if isinstance(drawable, Gimp.LayerMask) else drawable


def results_above(image: Gimp.Image, layer: Gimp.Item) -> Iterator[Gimp.Item]:
    """The results above ``layer``, beside it and beside the groups that it is in, from above."""
    at: Gimp.Item | None = layer
    while at is not None:
        parent = at.get_parent()
        beside = parent.get_children() if parent is not None else image.get_layers()
        yield from (one for one in beside[: image.get_item_position(at)] if is_result(one))
        at = parent


def _created(result: Gimp.Item) -> float:
    if result.is_group():
        return max(map(_created, result.get_children()))
    created = (record_of(result) or {}).get("created")
    return float(created) if isinstance(created, (int, float)) else 0.0
