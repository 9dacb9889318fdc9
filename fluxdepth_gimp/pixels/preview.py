"""A small picture of what will be sent, for a window. Costs little, however large the source is."""

from __future__ import annotations

from gi.repository import GdkPixbuf, Gegl, Gimp, GLib

from pixels.coverage import SELECTION
from pixels.source import Source

CHECK = 8  # px: GIMP's small checks, in its two grays
PALER = 2  # the context of a selection, over the checks
LIGHT, DARK = 0x999999, 0x666666


def preview(source: Source, side: int) -> GdkPixbuf.Pixbuf | None:
    """``source`` with its longest side at most ``side`` pixels, over checks where it is transparent."""
    scale = min(1.0, side / max(source.width, source.height))
    width, height = max(1, round(source.width * scale)), max(1, round(source.height * scale))
    if source.layer is None:
        return source.image.get_thumbnail(width, height, Gimp.PixbufTransparency.SMALL_CHECKS)
    if source.whole_layer:
        return source.layer.get_thumbnail(width, height, Gimp.PixbufTransparency.SMALL_CHECKS)
    return _part(source, source.layer, scale, width, height)


def _part(source: Source, layer: Gimp.Layer, scale: float, width: int, height: int) -> GdkPixbuf.Pixbuf | None:
    # Not get_sub_thumbnail(): called from Python it ends the process (double free) in GIMP 3.0.4 and 3.2.6.
    Gegl.init(None)  # without it a scaled read gives black, and says nothing
    _, x, y = layer.get_offsets()
    part = Gegl.Rectangle.new(round((source.x - x) * scale), round((source.y - y) * scale), width, height)
    data = bytearray(layer.get_buffer().get(part, scale, "R'G'B'A u8", Gegl.AbyssPolicy.CLAMP))
    there = Gegl.Rectangle.new(round(source.x * scale), round(source.y * scale), width, height)
    selected = source.image.get_selection().get_buffer().get(there, scale, SELECTION, Gegl.AbyssPolicy.NONE)
    alphas = zip(data[3::4], selected, strict=True)
    data[3::4] = bytes(alpha if chosen > 127 else alpha // PALER for alpha, chosen in alphas)
    pixels = GdkPixbuf.Pixbuf.new_from_bytes(
        GLib.Bytes.new(bytes(data)), GdkPixbuf.Colorspace.RGB, True, 8, width, height, 4 * width
    )
    return pixels.composite_color_simple(width, height, GdkPixbuf.InterpType.NEAREST, 255, CHECK, LIGHT, DARK)
