"""The source's own detail, put back into a result that is smaller than its source: as shared/pictures/detail.py has it.

There is no numpy in GIMP: sums of pictures are made by GEGL, and what is decided in cells of some pixels is reckoned
in Python. The large pictures are read and written in strips. Knows buffers and layers, nothing of edits.
"""

from __future__ import annotations

import math
import random
from array import array
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

from gi.repository import GdkPixbuf, Gegl, Gimp, GLib

from pixels.coverage import strips
from pixels.result.edge import ENCODED, NONE, NUMBERS, whole_of
from pixels.scaling import node
from pixels.scratch import checked
from shared.pictures import compared, grain, registration
from shared.pictures.compared import CELL, LARGEST_GAIN
from shared.pictures.registration import IN_PLACE, Placement

BYTES, NUMBERS_AS_BYTES = "R'G'B' u8", "RGB u8"  # the same bytes; what is called linear GEGL takes as it is
MARGIN = 3  # px that an enlargement looks at beyond the border, and that a cell of the border has there
NOISE_SIDE = 512  # px of a tile of grain; it is laid beside itself
MOST_CORES = 8  # more have too little to do, each with a strip of its own
CLAMP = Gegl.AbyssPolicy.CLAMP
LINEAR, SHARP = Gegl.SamplerType.LINEAR, Gegl.SamplerType.NOHALO
# Of the finest detail, that is added before an enlargement: what the enlargement takes of it. Of 0.1 to 0.45 this is
# what comes nearest to cubic enlargement by Pillow.
SHARPENED = 0.3
STEPS = 65536  # of a pixel, in which Gdk reckons
RGB = GdkPixbuf.Colorspace.RGB, False, 8  # without alpha


@dataclass(frozen=True)
class Wanted:
    """What an artist wants, 0–1: how much of the detail, and how much of the source's grain over what has none.

    ``apart``: as a layer of its own.
    """

    strength: float = 1.0
    grain: float = 0.0
    apart: bool = False


def kept(
    result: Gimp.Layer, source: Gimp.Drawable, sent: Gegl.Buffer, wanted: Wanted, image: Gimp.Image
) -> tuple[Gimp.Layer, float]:
    """A new layer of ``image`` that shows ``result`` (opaque) at the size of ``source``, with its detail.

    ``sent`` is ``source`` as the service got it, at any size. And how much of the source's detail it has, 0–1.
    """
    size = result.get_width(), result.get_height()
    full = source.get_width(), source.get_height()
    now, was = whole_of(result.get_buffer(), ENCODED, NUMBERS), _at(sent, size)
    tiles = (
        (place, _brightness(was, place, NUMBERS), _brightness(now, place, NUMBERS))
        for place in registration.places(*size)
    )

    def enlarging(buffer: Gegl.Buffer, cell: int = 1) -> _Enlarging:
        return _Enlarging(buffer, cell, size, full, lies)

    with ThreadPoolExecutor(_cores()) as cores:
        coming = cores.submit(_finest, now)  # while Python itself is at work, as is what is begun below
        lies = registration.placement(tiles)
        if lies.moved:
            was = _at(sent, size, lies)
        finest, other = _finest(was), coming.result()
        before = cores.submit(lambda: enlarging(_sharper(was, finest, finest)))
        cells = compared.in_cells(*cores.map(_in_cells, (finest, other, finest), (finest, other, other)))
        *mending, taken = (_filled(size, values) for values in cells.weights(wanted.strength))
        after = enlarging(_sharper(now, other, _mended(finest, other, mending)))
        parts = after, before.result(), enlarging(taken, CELL)
    deviation = 0.0
    if wanted.grain:
        places = registration.places(*full)
        deviation = wanted.grain * grain.measured(_brightness(source.get_buffer(), one, BYTES) for one in places)
    layer = Gimp.Layer.new(image, "detail", *full, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
    checked(image.insert_layer(layer, None, 0))
    _sum(layer, source, parts, _noise(deviation))
    return layer, cells.share


def _sum(layer: Gimp.Layer, source: Gimp.Drawable, parts: tuple[_Enlarging, ...], noise: Gegl.Buffer | None) -> None:
    """Fills ``layer`` with the enlarged result and what is taken of all that ``source`` has beyond what was sent.

    ``parts`` are the result, what was sent, and how much is taken, as a part of the largest gain. This thread reads and
    writes the strips, as GIMP wants it; they are added up beside it, on all cores.
    """
    full = layer.get_width(), layer.get_height()
    cores = _cores()
    graphs: SimpleQueue[_Adding] = SimpleQueue()
    for _ in range(cores):
        graphs.put(_Adding(parts, noise))

    def added(strip: Gegl.Rectangle, read: bytes) -> bytes:
        graph = graphs.get()
        try:
            return graph.added(strip, read)
        finally:
            graphs.put(graph)

    # A fresh buffer for each strip, here and below: the old one's tile cache would grow to the whole layer.
    def write(strip: Gegl.Rectangle, coming: Future[bytes]) -> None:
        target = layer.get_buffer()
        target.set(strip, BYTES, coming.result())
        target.flush()

    with ThreadPoolExecutor(cores) as pool:
        begun: deque[tuple[Gegl.Rectangle, Future[bytes]]] = deque()
        for strip in strips(*full, 2 * cores):  # twice as large ones are no faster, and take 100 MB more
            read = source.get_buffer().get(strip, 1.0, BYTES, NONE)
            begun.append((strip, pool.submit(added, strip, read)))
            if len(begun) > cores:
                write(*begun.popleft())
        for one in begun:
            write(*one)
    layer.update(0, 0, *full)


def _cores() -> int:
    """How many threads are worth it: as many as the artist lets GIMP have."""
    threads: int = Gegl.config().get_property("threads")
    return min(threads, MOST_CORES)


class _Enlarging:
    """A picture at its full size, a strip at a time: doubled by GEGL, and from there on enlarged by Gdk, both linearly.

    Twice linear is a smooth enlargement, as a cubic one is. Gdk takes a tenth of GEGL's time, in 8 bits; but it goes
    from pixel to pixel in whole steps and begins with the first one, so the doubled picture is made to lie as it does.
    """

    def __init__(
        self, buffer: Gegl.Buffer, cell: int, size: tuple[int, int], full: tuple[int, int], lies: Placement
    ) -> None:
        """``buffer`` has a pixel for each cell of a result of ``size``, which ``lies`` beside its source."""
        larger = full[0] / size[0], full[1] / size[1]
        across, down = (_step(2 / cell / times) for times in larger)  # px of the doubled picture in one of the full
        place = Gegl.Rectangle.new(0, 0, math.ceil(full[0] * across), math.ceil(full[1] * down))
        graph = Gegl.Node()
        back = lies.back()
        scaled = _scaled(graph, buffer, (cell, cell), back, (larger[0] * across, larger[1] * down), back.beyond(size))
        doubled = _made(scaled, place, NUMBERS_AS_BYTES)
        data = GLib.Bytes.new(doubled.get(place, 1.0, NUMBERS_AS_BYTES, NONE))
        self._doubled = GdkPixbuf.Pixbuf.new_from_bytes(data, *RGB, place.width, place.height, 3 * place.width)
        self._scale = 1 / across, 1 / down

    def write(self, strip: Gegl.Rectangle, buffer: Gegl.Buffer) -> None:
        """Sets ``buffer``, whose rows are whole words, to what the picture has in ``strip``."""
        place = buffer.get_extent()
        rows = GdkPixbuf.Pixbuf.new(*RGB, place.width, place.height)
        if rows is None:
            raise MemoryError
        self._doubled.scale(
            rows, 0, 0, strip.width, strip.height, 0, -strip.y, *self._scale, GdkPixbuf.InterpType.BILINEAR
        )
        buffer.set(place, NUMBERS_AS_BYTES, rows.read_pixel_bytes().get_data())


def _step(wanted: float) -> float:
    """Of the steps in which Gdk goes the one that is next to ``wanted`` px and no more, nor more than a pixel."""
    most = min(STEPS, int(STEPS * wanted))
    # Gdk reckons it anew, from a scale.
    return next(step for step in range(most, 0, -1) if int(STEPS / (STEPS / step)) == step) / STEPS


class _Adding:
    """A graph that adds to the enlarged result what is taken of a source, a strip at a time; for one thread at once."""

    def __init__(self, larger: tuple[_Enlarging, ...], noise: Gegl.Buffer | None) -> None:
        self._larger = larger
        self._graph = graph = Gegl.Node()  # to be held as long as its nodes
        self._pixels = [node(graph, "gegl:buffer-source") for _ in range(4)]
        source, now, was, taken = self._pixels
        part = node(graph, "gegl:multiply", taken, value=LARGEST_GAIN)
        beyond = node(graph, "gegl:subtract", source, was)
        sum_ = node(graph, "gegl:add", now, node(graph, "gegl:multiply", beyond, part))
        if noise is not None:
            tiled = node(graph, "gegl:tile", node(graph, "gegl:buffer-source", buffer=noise))
            left = node(graph, "gegl:rgb-clip", node(graph, "gegl:invert-linear", part))
            sum_ = node(graph, "gegl:add", sum_, node(graph, "gegl:multiply", left, tiled))
        for one in graph.get_children():
            one.set_property("dont-cache", True)  # each pixel is asked for once
        self._sum = sum_

    def added(self, strip: Gegl.Rectangle, read: bytes) -> bytes:
        """Of the source's bytes in ``strip`` those of the sum."""
        whole_words = -(-strip.width // 4) * 4  # for Gdk's rows
        buffers = [Gegl.Buffer.new(NUMBERS_AS_BYTES, 0, strip.y, whole_words, strip.height) for _ in range(5)]
        made, source, *rest = buffers
        source.set(strip, NUMBERS_AS_BYTES, read)
        for larger, buffer in zip(self._larger, rest, strict=True):
            larger.write(strip, buffer)
        for pixels, buffer in zip(self._pixels, (source, *rest), strict=True):
            pixels.set_property("buffer", buffer)
        self._sum.blit_buffer(made, strip, 0, NONE)
        return made.get(strip, 1.0, NUMBERS_AS_BYTES, NONE)


def _mended(finest: Gegl.Buffer, other: Gegl.Buffer, weights: list[Gegl.Buffer]) -> Gegl.Buffer:
    """The result's finest detail: so much of the source's, ``finest``, instead of so much of its own, ``other``."""
    graph = Gegl.Node()
    sources = [node(graph, "gegl:buffer-source", buffer=one) for one in (finest, other)]
    more, less = (
        node(graph, "gegl:multiply", source, _scaled(graph, weight, (CELL, CELL)))
        for source, weight in zip(sources, weights, strict=True)
    )
    sum_ = node(graph, "gegl:subtract", node(graph, "gegl:add", sources[1], more), less)
    return _made(sum_, finest.get_extent())


def _sharper(buffer: Gegl.Buffer, finest: Gegl.Buffer, mended: Gegl.Buffer) -> Gegl.Buffer:
    """``buffer`` with ``mended`` instead of its finest detail, and as much more of it as an enlargement takes of it."""
    graph = Gegl.Node()
    whole, own, new = (node(graph, "gegl:buffer-source", buffer=one) for one in (buffer, finest, mended))
    more = node(graph, "gegl:multiply", new, value=1 + SHARPENED)
    return _made(node(graph, "gegl:add", node(graph, "gegl:subtract", whole, own), more), buffer.get_extent())


def _scaled(
    graph: Gegl.Node,
    buffer: Gegl.Buffer,
    before: tuple[float, float],
    lies: Placement = IN_PLACE,
    after: tuple[float, float] = (1.0, 1.0),
    beyond: float = 0,
    sampler: Gegl.SamplerType = LINEAR,
) -> Gegl.Node:
    """``buffer``, enlarged ``before`` and ``after`` it was laid where it ``lies``.

    It goes on beyond its border, of which ``beyond`` px, in those between both, are asked for.
    """
    place = buffer.get_extent()
    margin = MARGIN + int(beyond / min(before))
    wide = Gegl.Rectangle.new(-margin, -margin, place.width + 2 * margin, place.height + 2 * margin)
    padded = Gegl.Buffer.new(NUMBERS, wide.x, wide.y, wide.width, wide.height)
    padded.set(wide, NUMBERS, buffer.get(wide, 1.0, NUMBERS, CLAMP))
    source = node(graph, "gegl:buffer-source", buffer=padded)
    # GEGL makes one of all transformations that follow each other.
    of: dict[str, object] = {"sampler": sampler}
    across, down = lies.wide * before[0] * after[0], lies.high * before[1] * after[1]
    scaled = node(graph, "gegl:scale-ratio", source, x=across, y=down, **of)
    if not lies.moved:
        return scaled
    taller = after[1] / after[0]
    turned = node(
        graph, "gegl:shear", scaled, x=-lies.turned / lies.high / taller, y=lies.turned / lies.wide * taller, **of
    )
    return node(graph, "gegl:translate", turned, x=lies.right * after[0], y=lies.down * after[1], **of)


def _at(sent: Gegl.Buffer, size: tuple[int, int], lies: Placement = IN_PLACE) -> Gegl.Buffer:
    """``sent`` where a result of ``size`` shows it."""
    numbers = whole_of(sent, ENCODED, NUMBERS)
    place = numbers.get_extent()
    if size == (place.width, place.height) and not lies.moved:
        return numbers
    graph = Gegl.Node()  # to be held until it was worked
    before = size[0] / place.width, size[1] / place.height
    scaled = _scaled(graph, numbers, before, lies, beyond=lies.beyond(size), sampler=SHARP)
    return _made(scaled, Gegl.Rectangle.new(0, 0, *size))


def _finest(buffer: Gegl.Buffer) -> Gegl.Buffer:
    """``buffer`` without what is coarser than a pixel or two: less its own mean by the weights 1 4 6 4 1."""
    graph = Gegl.Node()
    source = node(graph, "gegl:buffer-source", buffer=buffer)
    blurred: dict[str, object] = {"std-dev-x": 1.0, "std-dev-y": 1.0, "abyss-policy": CLAMP}  # as those weights do it
    return _made(
        node(graph, "gegl:subtract", source, node(graph, "gegl:gaussian-blur", source, **blurred)),
        buffer.get_extent(),
    )


def _in_cells(one: Gegl.Buffer, two: Gegl.Buffer) -> memoryview[float]:
    """The mean of their product in each cell and, half as much, those around; three values for each, by rows."""
    place = one.get_extent()
    graph = Gegl.Node()
    nodes = (node(graph, "gegl:buffer-source", buffer=buffer) for buffer in (one, two))
    small = _of_cells((place.width, place.height))
    whole = Gegl.Rectangle.new(0, 0, CELL * small.width, CELL * small.height)  # there is nothing beyond the border
    product = _made(node(graph, "gegl:multiply", *nodes), whole)
    cells = Gegl.Buffer.new(NUMBERS, 0, 0, small.width, small.height)
    cells.set(small, NUMBERS, product.get(small, 1 / CELL, NUMBERS, NONE))
    around: dict[str, object] = {"std-dev-x": 0.5**0.5, "std-dev-y": 0.5**0.5, "abyss-policy": CLAMP}
    graph = Gegl.Node()
    soft = _made(node(graph, "gegl:gaussian-blur", node(graph, "gegl:buffer-source", buffer=cells), **around), small)
    return memoryview(soft.get(small, 1.0, NUMBERS, NONE)).cast("f")


def _of_cells(size: tuple[int, int]) -> Gegl.Rectangle:
    return Gegl.Rectangle.new(0, 0, -(-size[0] // CELL), -(-size[1] // CELL))


def _filled(size: tuple[int, int], values: bytes) -> Gegl.Buffer:
    """The cells of a picture of that size."""
    place = _of_cells(size)
    made = Gegl.Buffer.new(NUMBERS, 0, 0, place.width, place.height)
    made.set(place, NUMBERS, values)
    return made


def _brightness(buffer: Gegl.Buffer, place: tuple[int, int], pixel: str) -> list[float]:
    """That of a tile, in steps of 255."""
    at = Gegl.Rectangle.new(*place, registration.SIDE, registration.SIDE)
    data = buffer.get(at, 1.0, pixel, NONE)
    values, step = (data, 1) if pixel is BYTES else (memoryview(data).cast("f"), 255)
    red, green, blue = (step * weight for weight in compared.BRIGHTNESS)
    colours = zip(values[0::3], values[1::3], values[2::3], strict=True)
    return [red * r + green * g + blue * b for r, g, b in colours]


def _noise(deviation: float) -> Gegl.Buffer | None:
    """A tile of gray noise, the same each time; ``deviation`` in steps of 255."""
    if not deviation:
        return None
    chance = random.Random(1)
    values = (chance.gauss(0, deviation / 255) for _ in range(NOISE_SIDE * NOISE_SIDE))
    gray = array("f", values)
    made = Gegl.Buffer.new("Y float", 0, 0, NOISE_SIDE, NOISE_SIDE)
    made.set(made.get_extent(), "Y float", gray.tobytes())
    return made


def _made(result: Gegl.Node, place: Gegl.Rectangle, pixel: str = NUMBERS) -> Gegl.Buffer:
    """What comes out of ``result`` in ``place``."""
    made = Gegl.Buffer.new(pixel, place.x, place.y, place.width, place.height)
    result.blit_buffer(made, place, 0, NONE)
    return made
