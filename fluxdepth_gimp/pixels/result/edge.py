"""At the edge of a selection a result takes on the colours of what lies around it, so that no seam is seen.

What the model changed beyond the selection, where nothing was to change, is a difference that is known at the edge: of
what was sent and what came. From there it is spread inwards (a pixel takes what is nearest, the further away the more
averaged), fades with the distance, and is added to the result: at the edge the picture goes on as it was, and the heart
of the edit stays as it came. The spreading is the pull-push of Gortler et al., "The Lumigraph" (1996).

It is done on encoded values. In linear light the same sums left the range at 2 to 4 % of the pixels (encoded: below
0.1 %), and dark fur turned yellow and blue. Knows buffers and masks, nothing of edits.
"""

from __future__ import annotations

from gi.repository import Gegl, Gimp

from pixels.coverage import SELECTION, Coverage
from pixels.scaling import fitted, node

FADED = 0.5  # of the way from the edge to the innermost pixel: further in, the result is as it came
WORKED_PIXELS = 3_000_000  # a larger selection is worked out at half of its size: the seam is then matched less finely
PLACED = 8  # to where the selection is, its mask is looked at so much smaller
FURTHEST_PIXELS = 250_000  # how far from the edge is told smoothly enough by so many
AROUND = 4  # px around the selection that are looked at
NONE = Gegl.AbyssPolicy.NONE
# GEGL chooses its arithmetic by the format, and these numbers are to be added as they are: what is read as ENCODED is
# called linear after that.
ENCODED, NUMBERS, NUMBERS_KNOWN, FRACTION = "R'G'B' float", "RGB float", "RaGaBaA float", "Y float"
INSIDE = bytes(255 if value >= 128 else 0 for value in range(256))


def pixels_of(picture: Gimp.Image) -> Gegl.Buffer:
    """The pixels of a picture as it was sent; GIMP does not need to keep it."""
    return whole_of(picture.get_layers()[0].get_buffer(), "R'G'B' u8", "R'G'B' u8")


def whole_of(buffer: Gegl.Buffer, as_read: str, pixel: str) -> Gegl.Buffer:
    """All of ``buffer``; its numbers as those of ``as_read`` are written as those of ``pixel``."""
    place = buffer.get_extent()
    made = Gegl.Buffer.new(pixel, 0, 0, place.width, place.height)
    made.set(place, pixel, buffer.get(place, 1.0, as_read, NONE))
    return made


def match(layer: Gimp.Layer, sent: Gegl.Buffer, mask: Coverage, at_border: bool) -> None:
    """Have ``layer``, a result of any size, go on at the edge of ``mask`` as the picture ``sent`` does there.

    Both show the same rectangle as the mask. ``at_border``: the picture went on beyond that rectangle, so that its
    border is an edge too.
    """
    native = layer.get_buffer()
    size = layer.get_width(), layer.get_height()
    whole = Gegl.Buffer.new(SELECTION, 0, 0, mask.width, mask.height)
    mask.write(whole)
    selected = _sized(whole, size, SELECTION)
    part = _bounds(selected, size)
    if part is None:
        return
    halvings = 0
    while (part.width >> halvings) * (part.height >> halvings) > WORKED_PIXELS:
        halvings += 1
    if halvings:
        size = size[0] >> halvings, size[1] >> halvings
        selected = _sized(whole, size, SELECTION)
        part = _bounds(selected, size)
    if part is None:
        return
    if at_border:
        _close(selected, size)
    cut = _cut(selected, part)
    if min(bytes(cut.get(cut.get_extent(), 1.0, SELECTION, NONE))) > 127:
        return  # all of it is selected: there is no edge
    was, now = (_numbers(_sized(buffer, size, ENCODED), part) for buffer in (sent, native))
    correction = _of_two("gegl:multiply", _spread(_known(was, now, cut)), _fading(cut), NUMBERS)
    if halvings:
        times = 2**halvings
        part = Gegl.Rectangle.new(*(times * one for one in (part.x, part.y, part.width, part.height)))
        correction = fitted(correction, times, times, (part.width, part.height), NUMBERS)
        now = _numbers(native, part)
    sum_ = _of_two("gegl:add", now, correction, NUMBERS)
    native.set(part, ENCODED, sum_.get(sum_.get_extent(), 1.0, NUMBERS, NONE))
    native.flush()
    layer.update(part.x, part.y, part.width, part.height)


def _sized(buffer: Gegl.Buffer, size: tuple[int, int], pixel: str) -> Gegl.Buffer:
    """``buffer`` at ``size``: itself, or scaled into the format ``pixel``."""
    place = buffer.get_extent()
    if size == (place.width, place.height):
        return buffer
    halvings = 0
    while place.width >> halvings + 1 >= size[0] and place.height >> halvings + 1 >= size[1]:
        halvings += 1
    halved = Gegl.Buffer.new(pixel, 0, 0, place.width >> halvings, place.height >> halvings)
    halved.set(halved.get_extent(), pixel, buffer.get(halved.get_extent(), 0.5**halvings, pixel, NONE))
    return fitted(halved, size[0] / place.width * 2**halvings, size[1] / place.height * 2**halvings, size, pixel)


def _bounds(selected: Gegl.Buffer, size: tuple[int, int]) -> Gegl.Rectangle | None:
    """Where anything is selected, and :data:`AROUND` that; None when nothing is."""
    across, down = -(-size[0] // PLACED), -(-size[1] // PLACED)
    small = bytes(selected.get(Gegl.Rectangle.new(0, 0, across, down), 1 / PLACED, SELECTION, NONE))
    rows = [y for y in range(down) if any(small[y * across : (y + 1) * across])]
    columns = [x for x in range(across) if any(small[x::across])]
    if not rows:
        return None
    left, top = (max(0, PLACED * (one[0] - 1) - AROUND) for one in (columns, rows))
    right, bottom = (
        min(most, PLACED * (one[-1] + 2) + AROUND) for one, most in zip((columns, rows), size, strict=True)
    )
    return Gegl.Rectangle.new(left, top, right - left, bottom - top)


def _close(selected: Gegl.Buffer, size: tuple[int, int]) -> None:
    """Takes the pixels at the border out of ``selected``, so that there is an edge."""
    width, height = size
    for x, y, wide, high in ((0, 0, width, 1), (0, height - 1, width, 1), (0, 0, 1, height), (width - 1, 0, 1, height)):
        selected.set(Gegl.Rectangle.new(x, y, wide, high), SELECTION, bytes(wide * high))


def _numbers(buffer: Gegl.Buffer, part: Gegl.Rectangle) -> Gegl.Buffer:
    made = Gegl.Buffer.new(NUMBERS, 0, 0, part.width, part.height)
    made.set(made.get_extent(), NUMBERS, buffer.get(part, 1.0, ENCODED, NONE))
    return made


def _cut(selected: Gegl.Buffer, part: Gegl.Rectangle) -> Gegl.Buffer:
    made = Gegl.Buffer.new(SELECTION, 0, 0, part.width, part.height)
    made.set(made.get_extent(), SELECTION, selected.get(part, 1.0, SELECTION, NONE))
    return made


def _known(was: Gegl.Buffer, now: Gegl.Buffer, selected: Gegl.Buffer) -> Gegl.Buffer:
    """The difference where it is known: at the edge, one or two pixels wide on both of its sides."""
    place = selected.get_extent()
    half = -(-place.width // 2), -(-place.height // 2)
    # Softened by scaling down and up: a blur of one pixel takes ten times as long.
    soft = Gegl.Buffer.new(FRACTION, 0, 0, *half)
    soft.set(soft.get_extent(), FRACTION, selected.get(soft.get_extent(), 0.5, FRACTION, NONE))
    soft = fitted(soft, 2, 2, (place.width, place.height), FRACTION)
    graph = Gegl.Node()
    share = node(graph, "gegl:buffer-source", buffer=soft)
    there = node(graph, "gegl:multiply", share, node(graph, "gegl:invert-linear", share))
    # A hard edge that two pixels share evenly has ¼ and ¾ in them: that is to be 1.
    there = node(graph, "gegl:rgb-clip", node(graph, "gegl:multiply", there, value=16 / 3))
    difference = node(
        graph,
        "gegl:subtract",
        node(graph, "gegl:buffer-source", buffer=was),
        node(graph, "gegl:buffer-source", buffer=now),
    )
    return _made(graph, node(graph, "gegl:opacity", difference, there), NUMBERS_KNOWN, selected)


def _spread(known: Gegl.Buffer) -> Gegl.Buffer:
    """What is ``known``, everywhere: where it is not, as the next coarser level has it that does."""
    levels = [known]
    while max(levels[-1].get_extent().width, levels[-1].get_extent().height) > 2:
        last = levels[-1].get_extent()
        half = Gegl.Buffer.new(NUMBERS_KNOWN, 0, 0, -(-last.width // 2), -(-last.height // 2))
        half.set(half.get_extent(), NUMBERS_KNOWN, levels[-1].get(half.get_extent(), 0.5, NUMBERS_KNOWN, NONE))
        # A line covers half as much of each coarser level. Twice over itself it covers what it did; else all scales
        # would count alike, and the edge's own colour would be lost within some pixels.
        graph = Gegl.Node()
        covering = node(graph, "gegl:buffer-source", buffer=half)
        for _ in range(2):
            covering = node(graph, "gegl:over", covering, covering)
        levels.append(_made(graph, covering, NUMBERS_KNOWN, half))
    filled = levels.pop()
    for level in reversed(levels):
        place = level.get_extent()
        below = fitted(filled, 2, 2, (place.width, place.height), NUMBERS_KNOWN)
        filled = _of_two("gegl:over", below, level, NUMBERS_KNOWN)
    return filled


def _fading(selected: Gegl.Buffer) -> Gegl.Buffer:
    """1 at the edge and beyond it, 0 from :data:`FADED` of the way inwards on, smooth at both ends."""
    place = selected.get_extent()
    halvings = 0
    while (place.width >> halvings) * (place.height >> halvings) > FURTHEST_PIXELS:
        halvings += 1
    size = max(1, place.width >> halvings), max(1, place.height >> halvings)
    there = Gegl.Rectangle.new(0, 0, *size)
    hard = Gegl.Buffer.new(FRACTION, 0, 0, *size)
    hard.set(there, SELECTION, bytes(selected.get(there, 0.5**halvings, SELECTION, NONE)).translate(INSIDE))
    graph = Gegl.Node()
    distance = node(graph, "gegl:distance-transform", node(graph, "gegl:buffer-source", buffer=hard), normalize=False)
    far = _made(graph, distance, FRACTION, hard)
    way = max(1.0, max(memoryview(far.get(there, 1.0, FRACTION, NONE)).cast("f")) * FADED)
    graph = Gegl.Node()
    left = node(graph, "gegl:multiply", node(graph, "gegl:buffer-source", buffer=far), value=-1 / way)
    left = node(graph, "gegl:rgb-clip", node(graph, "gegl:add", left, value=1 + 1 / way))  # the edge is 1 px away
    steep = node(graph, "gegl:add", node(graph, "gegl:multiply", left, value=-2.0), value=3.0)
    smooth = node(graph, "gegl:multiply", node(graph, "gegl:multiply", left, left), steep)  # 3x² − 2x³
    fading = _made(graph, smooth, FRACTION, hard)
    return fitted(fading, 2**halvings, 2**halvings, (place.width, place.height), FRACTION) if halvings else fading


def _of_two(operation: str, source: Gegl.Buffer, aux: Gegl.Buffer, pixel: str) -> Gegl.Buffer:
    graph = Gegl.Node()
    inputs = (node(graph, "gegl:buffer-source", buffer=buffer) for buffer in (source, aux))
    return _made(graph, node(graph, operation, *inputs), pixel, source)


def _made(graph: Gegl.Node, result: Gegl.Node, pixel: str, like: Gegl.Buffer) -> Gegl.Buffer:
    """What comes out of ``result``, as large as ``like``."""
    place = like.get_extent()
    made = Gegl.Buffer.new(pixel, 0, 0, place.width, place.height)
    node(graph, "gegl:write-buffer", result, buffer=made).process()
    return made
