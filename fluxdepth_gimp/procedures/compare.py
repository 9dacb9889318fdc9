"""The compare procedure: one click hides the results of a source, so that it is seen, and another one shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import documents
from gi.repository import Gimp, GLib
from pixels.insert import undo_step
from pixels.record import is_result, layer_of, newest, results_above, whole_result

from shared.language import tr

NONE = tr("There is no result of Flux Depth here: select one, or the layer below it.")
HIDDEN = "fluxdepth-hidden"  # a parasite of what a click has hidden; what the artist has hidden has none
KIND = Gimp.PARASITE_PERSISTENT | Gimp.PARASITE_UNDOABLE


def run(procedure: Gimp.Procedure, image: Gimp.Image, drawables: list[Gimp.Drawable]) -> Gimp.ValueArray:
    """The procedure, the same in any run mode. One undo step, as GIMP's own eye in the list of layers."""
    found = whole_result(image, drawables)
    if found is None:
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(NONE))
    chosen = [layer for layer in map(layer_of, drawables) if layer is not None]
    below = chosen[0] if chosen and not any(map(is_result, chosen)) else None
    results = _of_one_source(image, found, below)
    if below is not None:
        found = next((one for one in results if one.get_visible()), None) or newest(results)
    hidden = [one for one in results if one.get_parasite(HIDDEN) is not None]
    with undo_step(image):
        if found.get_visible():
            for one in results:
                _hide(one)
        else:
            for one in hidden if hidden and (below is not None or found in hidden) else [found]:
                one.detach_parasite(HIDDEN)
                one.set_visible(True)
    Gimp.displays_flush()
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)


def _hide(result: Gimp.Item) -> None:
    if result.get_visible():
        result.attach_parasite(Gimp.Parasite.new(HIDDEN, KIND, b"1"))
        result.set_visible(False)
    elif result.get_parasite(HIDDEN) is not None:  # of an earlier click, and not what this one brings back
        result.detach_parasite(HIDDEN)


def _of_one_source(image: Gimp.Image, result: Gimp.Item, below: Gimp.Item | None) -> Sequence[Gimp.Item]:
    """The results above ``below`` that were made from it, else those of what ``result`` was made from; groups whole.

    What was made of such a result, or of all that is seen, hides the source as well.
    """
    origin = documents.origin(_one_of(result))
    source = below or (origin.layer if origin.image == image else None)
    if source is not None:
        found = [one for one in results_above(image, source) if _made_from(one, image, source)]
        return found if result in found or (found and below is not None) else [*found, result]
    if origin.kind == "visible":
        results = [one for one in image.get_layers() if is_result(one)]
        return [one for one in results if documents.origin(_one_of(one)).kind == "visible"]
    return [result]


def _made_from(result: Gimp.Item, image: Gimp.Image, source: Gimp.Item) -> bool:
    passed: list[Gimp.Layer] = []
    layer: Gimp.Layer | None = _one_of(result)
    while layer is not None and layer not in passed:
        passed.append(layer)
        origin = documents.origin(layer)
        if origin.kind == "visible" or origin.layer == source:
            return True
        layer = origin.layer if origin.image == image and origin.layer and is_result(origin.layer) else None
    return False


def _one_of(result: Gimp.Item) -> Gimp.Layer:
    """Of a group of variations the first one: all were made from the same source."""
    while result.is_group():
        result = result.get_children()[0]
    return cast("Gimp.Layer", result)
