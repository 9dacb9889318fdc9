"""Which pixels are meant: a layer, the selection with its context, or the visible image.

Knows GIMP's images and layers; reads no pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

from gi.repository import Gimp

from shared.errors import ParameterError, PictureError

# Around a selection the model is shown this fraction of its width and height on every side: it judges depth by context.
SELECTION_CONTEXT = 0.25


@dataclass(frozen=True)
class Source:
    """What will be sent: a rectangle (in the image's coordinates, pixels) of a layer or of the visible composite."""

    kind: str  # "layer", "selection" or "visible"
    image: Gimp.Image
    layer: Gimp.Layer | None
    x: int
    y: int
    width: int
    height: int

    @property
    def label(self) -> str:
        """How the artist knows it, e.g. ``Layer “Sky”``."""
        if self.layer is None:
            return "Visible image"
        name = f"“{self.layer.get_name()}”"
        return f"Selection of layer {name}" if self.kind == "selection" else f"Layer {name}"

    @property
    def whole_layer(self) -> bool:
        return self.kind == "layer"


def find_source(image: Gimp.Image, drawables: list[Gimp.Drawable], kind: str) -> Source:
    """The pixels that ``kind`` means. Raises :class:`PictureError` or :class:`ParameterError` when there are none."""
    if image is None or not image.is_valid():
        raise PictureError("There is no image to edit.", "Open an image first.")
    if image.get_floating_sel() is not None:
        raise PictureError("There is a floating selection.", "Anchor it or make it a layer, then try again.")
    if kind == "visible":
        return Source(kind, image, None, 0, 0, image.get_width(), image.get_height())
    layer = _one_layer(drawables)
    _, x, y = layer.get_offsets()
    whole = Source(kind, image, layer, x, y, layer.get_width(), layer.get_height())
    if kind == "layer":
        return whole
    if kind != "selection":
        raise ParameterError.out_of_range("source", "Source", kind, "layer, selection or visible")
    return _around_selection(whole)


def _one_layer(drawables: list[Gimp.Drawable]) -> Gimp.Layer:
    layers = []
    for drawable in drawables:
        # While a mask is edited, GIMP names the mask as the drawable; the artist means its layer.
        layer = Gimp.Layer.from_mask(drawable) if isinstance(drawable, Gimp.LayerMask) else drawable
        if isinstance(layer, Gimp.Layer) and layer not in layers:
            layers.append(layer)
    if len(layers) != 1:
        found = f"{len(layers)} layers are selected." if layers else "No layer is selected."
        raise PictureError(found, "Select one layer, or choose the visible image as the source.")
    if layers[0].get_width() < 1 or layers[0].get_height() < 1:
        raise PictureError(f"Layer “{layers[0].get_name()}” is empty.", "Select a layer with something in it.")
    return layers[0]


def _around_selection(layer: Source) -> Source:
    _, non_empty, x1, y1, x2, y2 = Gimp.Selection.bounds(layer.image)
    if not non_empty:
        raise PictureError("Nothing is selected.", "Select a part of the layer, or choose the layer as the source.")
    if min(x2, layer.x + layer.width) <= max(x1, layer.x) or min(y2, layer.y + layer.height) <= max(y1, layer.y):
        raise PictureError(
            "The selection lies outside the layer.", "Select a part of the layer, or choose the layer as the source."
        )
    across, down = round((x2 - x1) * SELECTION_CONTEXT), round((y2 - y1) * SELECTION_CONTEXT)
    left, top = max(layer.x, x1 - across), max(layer.y, y1 - down)
    right, bottom = min(layer.x + layer.width, x2 + across), min(layer.y + layer.height, y2 + down)
    return Source("selection", layer.image, layer.layer, left, top, right - left, bottom - top)
