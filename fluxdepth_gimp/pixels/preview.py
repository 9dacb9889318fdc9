"""A small picture of what will be sent, for a window. Costs little, however large the source is."""

from __future__ import annotations

import functools

from gi.repository import GdkPixbuf, Gegl, Gimp, GLib

from pixels.coverage import SELECTION
from pixels.source import Source

PIXEL, BYTES = "R'G'B'A u8", 4
# What Gimp.Precision means: hundreds are the numbers (babl's name, bytes), the rest is the curve (gray, colour).
NUMBERS = {1: ("u8", 1), 2: ("u16", 2), 3: ("u32", 4), 5: ("half", 2), 6: ("float", 4), 7: ("double", 8)}
COLOURS = {0: ("Y", "RGB"), 50: ("Y'", "R'G'B'"), 75: ("Y~", "R~G~B~")}
CHECK = 8  # px: GIMP's small checks, in its two grays
PALER = 2  # the context of a selection, over the checks
LIGHT, DARK = 0x999999, 0x666666


def preview(source: Source, side: int) -> GdkPixbuf.Pixbuf | None:
    """``source`` with its longest side at most ``side`` pixels, over checks where it is transparent."""
    scale = min(1.0, side / max(source.width, source.height))
    width, height = max(1, round(source.width * scale)), max(1, round(source.height * scale))
    Gegl.init(None)  # without it a scaled read gives black, and says nothing
    if source.layer is not None and not source.whole_layer:
        return _part(source, source.layer, scale, width, height)
    shown = source.layer or source.image
    if _is_raw():
        return _converted(shown, source.image.get_precision(), width, height)
    return shown.get_thumbnail(width, height, Gimp.PixbufTransparency.SMALL_CHECKS)


@functools.cache
def _is_raw() -> bool:
    """Whether GIMP hands thumbnails out in the image's own precision, as 3.0 does; its pixbufs are then no pictures."""
    image = Gimp.Image.new_with_precision(1, 1, Gimp.ImageBaseType.RGB, Gimp.Precision.FLOAT_NON_LINEAR)
    try:
        layer = Gimp.Layer.new(image, "one", 1, 1, Gimp.ImageType.RGBA_IMAGE, 100, Gimp.LayerMode.NORMAL)
        image.insert_layer(layer, None, 0)
        return bool(layer.get_thumbnail_data(1, 1)[3] > BYTES)
    finally:
        image.delete()


def _converted(
    shown: Gimp.Image | Gimp.Drawable, precision: Gimp.Precision, width: int, height: int
) -> GdkPixbuf.Pixbuf | None:
    found, width, height, size = shown.get_thumbnail_data(width, height)
    if not found:
        return None
    kind, curve = divmod(int(precision), 100)
    number, each = NUMBERS[kind]
    channels = size // each
    pixel = f"{COLOURS[curve][channels > 2]}{'' if channels % 2 else 'A'} {number}"
    place = Gegl.Rectangle.new(0, 0, width, height)
    buffer = Gegl.Buffer.new(pixel, 0, 0, width, height)
    buffer.set(place, pixel, found.get_data())
    return _over_checks(buffer.get(place, 1.0, PIXEL, Gegl.AbyssPolicy.NONE), width, height)


def _part(source: Source, layer: Gimp.Layer, scale: float, width: int, height: int) -> GdkPixbuf.Pixbuf | None:
    # Not get_sub_thumbnail(): called from Python it ends the process (double free) in GIMP 3.0.4 and 3.2.6.
    _, x, y = layer.get_offsets()
    part = Gegl.Rectangle.new(round((source.x - x) * scale), round((source.y - y) * scale), width, height)
    data = bytearray(layer.get_buffer().get(part, scale, PIXEL, Gegl.AbyssPolicy.CLAMP))
    there = Gegl.Rectangle.new(round(source.x * scale), round(source.y * scale), width, height)
    selected = source.image.get_selection().get_buffer().get(there, scale, SELECTION, Gegl.AbyssPolicy.NONE)
    alphas = zip(data[3::4], selected, strict=True)
    data[3::4] = bytes(alpha if chosen > 127 else alpha // PALER for alpha, chosen in alphas)
    return _over_checks(bytes(data), width, height)


def _over_checks(data: bytes, width: int, height: int) -> GdkPixbuf.Pixbuf | None:
    pixels = GdkPixbuf.Pixbuf.new_from_bytes(
        GLib.Bytes.new(data), GdkPixbuf.Colorspace.RGB, True, 8, width, height, BYTES * width
    )
    return pixels.composite_color_simple(width, height, GdkPixbuf.InterpType.NEAREST, 255, CHECK, LIGHT, DARK)
