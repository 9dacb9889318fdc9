"""The source's own detail, put back into a result that is smaller than its source: as shared/pictures/detail.py has it.

There is no numpy in GIMP: sums of pictures are made by GEGL, and what is decided in cells of some pixels is reckoned
in Python. The large pictures are read and written in strips. Knows buffers and layers, nothing of edits.
"""

from __future__ import annotations

import random
from array import array
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

from gi.repository import Gegl, Gimp

from pixels.coverage import strips
from pixels.result.edge import ENCODED, NONE, NUMBERS, whole_of
from pixels.scaling import node
from pixels.scratch import checked
from shared.pictures import compared, grain, registration
from shared.pictures.compared import CELL
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
    with ThreadPoolExecutor(_cores()) as cores:
        coming = cores.submit(_finest, now)  # while Python itself is at work
        lies = registration.placement(tiles)
        if lies.moved:
            was = _at(sent, size, lies)
        finest, other = _finest(was), coming.result()
        cells = compared.in_cells(*cores.map(_in_cells, (finest, other, finest), (finest, other, other)))
    mended, mending, taken = (_filled(size, values) for values in cells.weights(wanted.strength))
    rest = _rest(now, was, finest, other, (mended, mending, taken))
    deviation = 0.0
    if wanted.grain:
        places = registration.places(*full)
        deviation = wanted.grain * grain.measured(_brightness(source.get_buffer(), one, BYTES) for one in places)
    layer = Gimp.Layer.new(image, "detail", *full, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
    checked(image.insert_layer(layer, None, 0))
    _sum(layer, source, (rest, taken), lies, _noise(deviation))
    return layer, cells.share


def _sum(
    layer: Gimp.Layer,
    source: Gimp.Drawable,
    parts: tuple[Gegl.Buffer, Gegl.Buffer],
    lies: Placement,
    noise: Gegl.Buffer | None,
) -> None:
    """Fills ``layer`` with the enlarged rest and so much of ``source`` as is taken of it.

    This thread reads and writes the strips, as GIMP wants it; they are added up beside it, on all cores.
    """
    full = layer.get_width(), layer.get_height()
    (rest, taken), size = parts, parts[0].get_extent()
    ratio = full[0] / size.width / lies.wide, full[1] / size.height / lies.high
    moved = -lies.right * ratio[0], -lies.down * ratio[1]
    beyond = lies.beyond((size.width, size.height))
    larger = (
        _Padded(_doubled(rest, MARGIN + int(2 * beyond)), (ratio[0] / 2, ratio[1] / 2), moved),
        _Padded.of(taken, (CELL * ratio[0], CELL * ratio[1]), moved, beyond=beyond * max(ratio)),
    )
    cores = _cores()
    graphs: SimpleQueue[_Adding] = SimpleQueue()
    for _ in range(cores):
        graphs.put(_Adding(*larger, noise))

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


class _Adding:
    """A graph that adds to the enlarged rest what is taken of the source, a strip at a time; for one thread at once."""

    def __init__(self, rest: _Padded, taken: _Padded, noise: Gegl.Buffer | None) -> None:
        self._graph = graph = Gegl.Node()  # to be held as long as its nodes
        part = taken.enlarged(graph)
        self._pixels = node(graph, "gegl:buffer-source")
        sum_ = node(graph, "gegl:add", rest.enlarged(graph), node(graph, "gegl:multiply", self._pixels, part))
        if noise is not None:
            tiled = node(graph, "gegl:tile", node(graph, "gegl:buffer-source", buffer=noise))
            left = node(graph, "gegl:rgb-clip", node(graph, "gegl:invert-linear", part))
            sum_ = node(graph, "gegl:add", sum_, node(graph, "gegl:multiply", left, tiled))
        for one in graph.get_children():
            one.set_property("dont-cache", True)  # each pixel is asked for once
        self._sum = sum_

    def added(self, strip: Gegl.Rectangle, read: bytes) -> bytes:
        """Of the source's bytes in ``strip`` those of the sum."""
        buffers = [Gegl.Buffer.new(NUMBERS_AS_BYTES, 0, strip.y, strip.width, strip.height) for _ in range(2)]
        buffers[0].set(strip, NUMBERS_AS_BYTES, read)
        self._pixels.set_property("buffer", buffers[0])
        self._sum.blit_buffer(buffers[1], strip, 0, NONE)
        return buffers[1].get(strip, 1.0, NUMBERS_AS_BYTES, NONE)


def _rest(
    now: Gegl.Buffer,
    was: Gegl.Buffer,
    finest: Gegl.Buffer,
    other: Gegl.Buffer,
    weights: tuple[Gegl.Buffer, Gegl.Buffer, Gegl.Buffer],
) -> Gegl.Buffer:
    """What of the result, its finest detail mended, is not taken from the source."""
    place = now.get_extent()
    graph = Gegl.Node()
    mended, mending, taken = (_Padded.of(one, (CELL, CELL)).enlarged(graph) for one in weights)

    def weighed(weight: Gegl.Node, buffer: Gegl.Buffer) -> Gegl.Node:
        return node(graph, "gegl:multiply", node(graph, "gegl:buffer-source", buffer=buffer), weight)

    sum_ = node(graph, "gegl:add", node(graph, "gegl:buffer-source", buffer=now), weighed(mended, finest))
    sum_ = node(graph, "gegl:subtract", sum_, weighed(mending, other))
    sum_ = node(graph, "gegl:subtract", sum_, weighed(taken, was))
    return _made(sum_, place)


def _doubled(buffer: Gegl.Buffer, beyond: int) -> Gegl.Buffer:
    """``buffer`` at twice its size, and ``beyond`` px of that around it, ready to be enlarged linearly.

    Twice linear is a smooth enlargement, as a cubic one is, and takes GEGL a third of the time, as most of the pixels
    are made by the second.
    """
    place = buffer.get_extent()
    graph = Gegl.Node()
    finest = node(graph, "gegl:multiply", node(graph, "gegl:buffer-source", buffer=_finest(buffer)), value=SHARPENED)
    sharp = _made(node(graph, "gegl:add", node(graph, "gegl:buffer-source", buffer=buffer), finest), place)
    graph = Gegl.Node()
    twice = Gegl.Rectangle.new(-beyond, -beyond, 2 * (place.width + beyond), 2 * (place.height + beyond))
    return _made(_Padded.of(sharp, (2.0, 2.0), beyond=beyond).enlarged(graph), twice)


@dataclass(frozen=True)
class _Padded:
    """A picture that goes on beyond its border, to be enlarged to ``ratio`` times its size and ``moved`` after that."""

    buffer: Gegl.Buffer
    ratio: tuple[float, float]
    moved: tuple[float, float]  # right, down

    @classmethod
    def of(
        cls, buffer: Gegl.Buffer, ratio: tuple[float, float], moved: tuple[float, float] = (0.0, 0.0), beyond: float = 0
    ) -> _Padded:
        """``buffer``, which ends at its border. ``beyond`` px of the enlarged one are asked for beyond it."""
        place = buffer.get_extent()
        margin = MARGIN + int(beyond / min(ratio))
        wide = Gegl.Rectangle.new(-margin, -margin, place.width + 2 * margin, place.height + 2 * margin)
        padded = Gegl.Buffer.new(NUMBERS, wide.x, wide.y, wide.width, wide.height)
        padded.set(wide, NUMBERS, buffer.get(wide, 1.0, NUMBERS, CLAMP))
        return cls(padded, ratio, moved)

    def enlarged(self, graph: Gegl.Node, sampler: Gegl.SamplerType = LINEAR) -> Gegl.Node:
        (across, down), (right, below) = self.ratio, self.moved
        source = node(graph, "gegl:buffer-source", buffer=self.buffer)
        scaled = node(graph, "gegl:scale-ratio", source, x=across, y=down, sampler=sampler)
        # GEGL makes one of two transformations that follow each other.
        return node(graph, "gegl:translate", scaled, x=right, y=below, sampler=sampler) if any(self.moved) else scaled


def _at(sent: Gegl.Buffer, size: tuple[int, int], lies: Placement = IN_PLACE) -> Gegl.Buffer:
    """``sent`` where a result of ``size`` shows it."""
    numbers = whole_of(sent, ENCODED, NUMBERS)
    place = numbers.get_extent()
    if size == (place.width, place.height) and not lies.moved:
        return numbers
    graph = Gegl.Node()  # to be held until it was worked
    ratio = lies.wide * size[0] / place.width, lies.high * size[1] / place.height
    larger = _Padded.of(numbers, ratio, (lies.right, lies.down), beyond=lies.beyond(size))
    return _made(larger.enlarged(graph, SHARP), Gegl.Rectangle.new(0, 0, *size))


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


def _made(result: Gegl.Node, place: Gegl.Rectangle) -> Gegl.Buffer:
    """What comes out of ``result`` in ``place``."""
    made = Gegl.Buffer.new(NUMBERS, place.x, place.y, place.width, place.height)
    result.blit_buffer(made, place, 0, NONE)
    return made
