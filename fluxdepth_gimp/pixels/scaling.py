"""A drawable's pixels at the size at which they are sent: from edge to edge, and without what is transparent.

GEGL halves a picture fast, so it is read as often halved as it may be and scaled to the very size after that; a strip
at a time, so that a large picture takes little memory. Knows no edit.
"""

from __future__ import annotations

from collections.abc import Iterator

from gi.repository import Gegl, Gimp

STRIP_BYTES = 16 * 1024 * 1024  # that are held of the drawable at a time
WEIGHED = "RaGaBaA float"
WEIGHED_SMALL = "RaGaBaA half"
NONE = Gegl.AbyssPolicy.NONE


def read_scaled(
    drawable: Gimp.Drawable, size: tuple[int, int], as_read: str, pixel: str, see_through: bool
) -> Gegl.Buffer:
    """``drawable``, which is at least as large, at ``size``, in the format ``pixel``; GIMP does not need to keep it.

    The numbers of the format ``as_read`` are written as those of ``pixel``: GEGL need not know what they mean. Where
    ``drawable`` is ``see_through``, its colours are weighed by their alpha.
    """
    source = None
    if size != (drawable.get_width(), drawable.get_height()):
        source = _scaled(drawable, size, as_read, see_through)
        if as_read == pixel:
            return source
    buffer = Gegl.Buffer.new(pixel, 0, 0, *size)
    for strip in _strips(*size, 4 * size[0]):
        # A fresh buffer for each strip: the old one's tile cache would grow to the whole layer.
        buffer.set(strip, pixel, (source or drawable.get_buffer()).get(strip, 1.0, as_read, NONE))
    return buffer


def fill(layer: Gimp.Layer, pixels: Gegl.Buffer) -> None:
    """Makes ``pixels``, of the same size and format, the layer's own."""
    place, buffer = pixels.get_extent(), layer.get_buffer()
    pixels.copy(place, NONE, buffer, place)
    buffer.flush()
    layer.update(0, 0, place.width, place.height)


def _strips(width: int, height: int, row_bytes: int) -> Iterator[Gegl.Rectangle]:
    rows = max(1, STRIP_BYTES // row_bytes)
    for top in range(0, height, rows):
        yield Gegl.Rectangle.new(0, top, width, min(rows, height - top))


def _scaled(drawable: Gimp.Drawable, size: tuple[int, int], pixel: str, see_through: bool) -> Gegl.Buffer:
    halvings = 0
    while drawable.get_width() >> halvings + 1 >= size[0] and drawable.get_height() >> halvings + 1 >= size[1]:
        halvings += 1
    halved = _halved(drawable, halvings, pixel, see_through)
    # Not from size to size: what halving leaves over at the right and below counts too, or it all would be shifted.
    across = size[0] / drawable.get_width() * 2**halvings
    down = size[1] / drawable.get_height() * 2**halvings
    return fitted(halved, across, down, size, pixel)


def _halved(drawable: Gimp.Drawable, halvings: int, pixel: str, see_through: bool) -> Gegl.Buffer:
    """``drawable`` at 1 / 2^``halvings`` of its size, without the pixels that are left over."""
    width, height = drawable.get_width() >> halvings, drawable.get_height() >> halvings
    small = WEIGHED_SMALL if see_through else pixel
    halved = Gegl.Buffer.new(small, 0, 0, width, height)
    for strip in _strips(width, height, drawable.get_width() * 2**halvings * (16 if see_through else 4)):
        source = drawable.get_buffer()
        if see_through and halvings:
            # GEGL halves alpha by the curve of the colours, and the colours as if all were opaque.
            source = _weighed(source, strip, 2**halvings)
        halved.set(strip, small, source.get(strip, 0.5**halvings, small, NONE))
    return halved


def _weighed(source: Gegl.Buffer, strip: Gegl.Rectangle, times: int) -> Gegl.Buffer:
    x, y, width, height = (times * value for value in (strip.x, strip.y, strip.width, strip.height))
    place = Gegl.Rectangle.new(x, y, width, height)
    weighed = Gegl.Buffer.new(WEIGHED, x, y, width, height)
    source.copy(place, NONE, weighed, place)
    return weighed


def fitted(source: Gegl.Buffer, across: float, down: float, size: tuple[int, int], pixel: str) -> Gegl.Buffer:
    """``source`` scaled by ``across`` and ``down``, which makes it ``size``; at the edge it goes on as it is."""
    made = Gegl.Buffer.new(pixel, 0, 0, *size)
    graph = Gegl.Node()
    scaled = node(
        graph,
        "gegl:scale-ratio",
        node(graph, "gegl:buffer-source", buffer=source),
        x=across,
        y=down,
        sampler=Gegl.SamplerType.LINEAR,
        **{"abyss-policy": Gegl.AbyssPolicy.CLAMP},
    )
    node(graph, "gegl:write-buffer", scaled, buffer=made).process()
    return made


def node(
    graph: Gegl.Node,
    operation: str,
    source: Gegl.Node | None = None,
    aux: Gegl.Node | None = None,
    /,
    **properties: object,
) -> Gegl.Node:
    """One of GEGL's operations in ``graph``, with what it works on."""
    made = graph.create_child(operation)
    for name, value in properties.items():
        made.set_property(name, value)
    for pad, before in (("input", source), ("aux", aux)):
        if before is not None:
            before.connect_to("output", made, pad)
    return made
