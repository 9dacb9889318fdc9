"""Which pixels are meant: a layer, the selection with its context, or the visible image.

Knows GIMP's images and layers; reads no pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gi.repository import Gimp

from shared.errors import ParameterError, PictureError
from shared.language import tr


@dataclass(frozen=True)
class Source:
    """What will be sent: a rectangle (in the image's coordinates, pixels) of a layer or of the visible composite.

    ``feather`` is that of a selection, in pixels; ``at_border`` says that nothing around it is sent with it.
    """

    kind: str  # "layer", "selection" or "visible"
    image: Gimp.Image
    layer: Gimp.Layer | None
    x: int
    y: int
    width: int
    height: int
    feather: int = 0
    at_border: bool = False

    @property
    def label(self) -> str:
        """How the artist knows it, e.g. ``Layer “Sky”``."""
        if self.layer is None:
            return tr("Visible image")
        name = tr("“{name}”").format(name=self.layer.get_name())
        words = tr("Selection of layer {name}") if self.kind == "selection" else tr("Layer {name}")
        return words.format(name=name)

    @property
    def whole_layer(self) -> bool:
        return self.kind == "layer"


def label_of(sources: Sequence[Source]) -> str:
    """The same of several, e.g. ``2 layers: “Sky”, “Sea”``."""
    if len(sources) == 1:
        return sources[0].label
    names = ", ".join(tr("“{name}”").format(name=source.layer.get_name()) for source in sources if source.layer)
    if sources[0].kind == "selection":
        return tr("Selection of {count} layers: {names}").format(count=len(sources), names=names)
    return tr("{count} layers: {names}").format(count=len(sources), names=names)


def find_sources(
    image: Gimp.Image, drawables: Sequence[Gimp.Drawable], kind: str, context: int = 0, feather: int = 0
) -> list[Source]:
    """The pixels that ``kind`` means, of each of the selected layers; a group is one, as a whole.

    A selection comes with ``context`` (percent of its longer side, on every side) and room for its ``feather`` (px).
    Raises :class:`PictureError` or :class:`ParameterError` when there are none.
    """
    if image is None:
        raise PictureError(tr("There is no image to edit."), tr("Open an image first."))
    if not image.is_valid():
        raise PictureError(
            tr("The image was closed."),
            tr("Close this window, and choose Depth Edit… in the image that you want to edit."),
        )
    if image.get_floating_sel() is not None:
        raise PictureError(tr("There is a floating selection."), tr("Anchor it or make it a layer, then try again."))
    if kind == "visible":
        return [Source(kind, image, None, 0, 0, image.get_width(), image.get_height())]
    if kind not in ("layer", "selection"):
        raise ParameterError.out_of_range("source", tr("Source"), kind, tr("layer, selection or visible"))
    found = []
    for layer in _layers(drawables):
        _, x, y = layer.get_offsets()
        whole = Source(kind, image, layer, x, y, layer.get_width(), layer.get_height())
        found.append(whole if kind == "layer" else _around_selection(whole, context, feather))
    return found


def _layers(drawables: Sequence[Gimp.Drawable]) -> list[Gimp.Layer]:
    layers: list[Gimp.Layer] = []
    for drawable in drawables:
        # While a mask is edited, GIMP names the mask as the drawable; the artist means its layer.
        layer = Gimp.Layer.from_mask(drawable) if isinstance(drawable, Gimp.LayerMask) else drawable
        if isinstance(layer, Gimp.Layer) and layer not in layers:
            layers.append(layer)
    if not layers:
        raise PictureError(
            tr("No layer is selected."), tr("Select a layer, or choose the visible image as the source.")
        )
    for layer in layers:
        if layer.get_width() < 1 or layer.get_height() < 1:
            words = tr("Layer “{name}” is empty.").format(name=layer.get_name())
            raise PictureError(words, tr("Select a layer with something in it."))
    return layers


def _around_selection(layer: Source, context: int, feather: int) -> Source:
    name = layer.layer.get_name() if layer.layer else ""
    _, non_empty, x1, y1, x2, y2 = Gimp.Selection.bounds(layer.image)
    if not non_empty:
        raise PictureError(
            tr("Nothing is selected."), tr("Select a part of the layer, or choose the layer as the source.")
        )
    if min(x2, layer.x + layer.width) <= max(x1, layer.x) or min(y2, layer.y + layer.height) <= max(y1, layer.y):
        raise PictureError(
            tr("The selection lies outside the layer “{name}”.").format(name=name),
            tr("Select a part of the layer, or choose the layer as the source."),
        )
    around = max(round(max(x2 - x1, y2 - y1) * context / 100), feather)
    left, top = max(layer.x, x1 - around), max(layer.y, y1 - around)
    right, bottom = min(layer.x + layer.width, x2 + around), min(layer.y + layer.height, y2 + around)
    return Source(
        "selection", layer.image, layer.layer, left, top, right - left, bottom - top, feather, at_border=around == 0
    )
