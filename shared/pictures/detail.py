"""The source's own detail, put back into a result that is smaller than its source. With numpy and Pillow.

Where the edit left the picture as it was, or changed its light or its colours, what is finer than the result is in the
source. The finest detail that both have is compared, in cells of :data:`CELL` px: how much of the source's there is in
the result (the gain: cov(s, r) / var(s)), and how alike they are (the trust: the squared correlation of all channels).
The enlarged result then takes gain · trust of the source's detail; of what was painted anew the trust is 0, and nothing
of the source shines through. docs/detail.md has the figures, and those of what was tried instead.

For Blender and the command, in a worker; GIMP does the same in a graph of GEGL. The arithmetic is done on encoded
values, in strips on all cores: numpy and Pillow let go of Python's lock.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import TYPE_CHECKING, Any

from . import registration
from .compared import BRIGHTNESS, CELL, LARGEST_GAIN, MENDED, NOISE
from .grain import measured
from .registration import IN_PLACE, Placement
from .sending import Kept

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    Array = np.ndarray[Any, np.dtype[np.float32]]

STRIP_PIXELS = 256 * 1024


def keep(
    result: Image.Image, source: Image.Image, sent: Image.Image, *, strength: float = 1.0, grain: float = 0.0
) -> tuple[Image.Image, Kept]:
    """``result`` at the size of ``source``, with its detail. All are RGB, encoded for display.

    ``sent`` is ``source`` as the service got it, at any size. ``strength`` (0–1) is how much of the detail is put back,
    ``grain`` (0–1) how much of the source's own grain is laid over what has none of its detail.
    """
    import numpy as np
    from PIL import Image

    now, was = np.asarray(result, np.float32), _at(sent, result.size)
    tiles = ((place, _tile(was, place), _tile(now, place)) for place in registration.places(*result.size))
    with ThreadPoolExecutor(1) as core:
        coming = core.submit(_finest, now)  # while Python itself is at work
        lies = registration.placement(tiles, lambda values: np.fft.fft2(values).tolist())
    if lies.moved:
        was = _at(sent, result.size, lies)
    finest, other = _finest(was), coming.result()
    gain, trust, share = _compared(finest, other)
    mended = strength * trust**MENDED
    now = now + _enlarged(mended * gain, result.size) * finest - _enlarged(mended, result.size) * other
    taken = strength * gain * trust
    where = lies, result.size, source.size
    rest = _Enlarging(now - _enlarged(taken, result.size) * was, (1, 1), *where, Image.Resampling.BICUBIC)
    part = _Enlarging(taken, (CELL, CELL), *where, Image.Resampling.BILINEAR)
    full = np.asarray(source)
    deviation = grain * measured(_tile(full, place) for place in registration.places(*source.size)) if grain else 0.0
    made = np.empty_like(full)

    def make(rows: slice) -> None:
        noise = None
        if deviation:
            noise = np.random.default_rng(rows.start).standard_normal(full[rows].shape[:2], np.float32)
            noise *= np.float32(deviation)
        for channel in range(3):
            wanted = part.rows(channel, rows)
            values = wanted * full[rows, :, channel]
            values += rest.rows(channel, rows)
            if noise is not None:
                values += noise * np.fmax(1 - wanted, 0)
            values += np.float32(0.5)
            made[rows, :, channel] = np.clip(values, 0, 255, out=values)

    height = max(1, STRIP_PIXELS // source.width)
    with ThreadPoolExecutor(os.cpu_count()) as cores:
        strips = (slice(top, min(top + height, source.height)) for top in range(0, source.height, height))
        list(cores.map(make, strips))
    return Image.fromarray(made), Kept(result.size, source.size, share)


class _Enlarging:
    """A picture, a ``cell`` of a result of ``size`` each pixel, at the ``full`` size, some rows of that at a time.

    The full one shows what the result shows where it ``lies``.
    """

    def __init__(
        self,
        picture: Array,
        cell: tuple[float, float],
        lies: Placement,
        size: tuple[int, int],
        full: tuple[int, int],
        kind: int,
    ) -> None:
        import numpy as np
        from PIL import Image

        margin = 2 + math.ceil(lies.beyond(size) / min(cell))  # what the enlargement looks at beyond the border
        wide = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
        self._planes = [Image.fromarray(np.ascontiguousarray(wide[..., channel])) for channel in range(3)]
        across, down = size[0] / full[0], size[1] / full[1]
        # Where in the planes something is: right and down by a pixel of the full size to the right, and by one down.
        self._right = lies.wide * across / cell[0], lies.turned * across / cell[1]
        self._down = -lies.turned * down / cell[0], lies.high * down / cell[1]
        self._start = margin + lies.right / cell[0], margin + lies.down / cell[1]
        self._width, self._kind = full[0], kind

    def rows(self, channel: int, rows: slice) -> Array:
        import numpy as np
        from PIL import Image

        size, plane = (self._width, rows.stop - rows.start), self._planes[channel]
        (across, along), (over, down) = self._right, self._down
        left, top = (start + rows.start * step for start, step in zip(self._start, self._down, strict=True))
        if along or over:
            to = across, over, left, along, down, top
            return np.asarray(plane.transform(size, Image.Transform.AFFINE, to, self._kind))
        box = left, top, left + size[0] * across, top + size[1] * down
        return np.asarray(plane.resize(size, self._kind, box))


def _at(sent: Image.Image, size: tuple[int, int], lies: Placement = IN_PLACE) -> Array:
    """``sent`` where a result of ``size`` shows it: what would come in from beyond goes on as it is."""
    import numpy as np
    from PIL import Image

    if size != sent.size and (lies.turned or not lies.moved):
        sent = sent.resize(size, Image.Resampling.LANCZOS)
    picture = np.asarray(sent, np.float32)
    if not lies.moved:
        return picture
    kind = Image.Resampling.BICUBIC if lies.turned else Image.Resampling.LANCZOS
    moved = _Enlarging(picture, (size[0] / sent.width, size[1] / sent.height), lies.back(), size, size, kind)
    return np.dstack([moved.rows(channel, slice(0, size[1])) for channel in range(3)])


def _tile(picture: Array, place: tuple[int, int]) -> list[float]:
    """The brightness of a tile as :mod:`registration` takes it."""
    import numpy as np

    left, top = place
    tile = picture[top : top + registration.SIDE, left : left + registration.SIDE]
    values: list[float] = (tile @ np.array(BRIGHTNESS, np.float32)).ravel().tolist()
    return values


def _finest(picture: Array) -> Array:
    """``picture`` without what is coarser than a pixel or two: less its own mean by the weights 1 4 6 4 1."""
    import numpy as np

    mean = picture
    for axis in (0, 1):
        wide = np.pad(mean, [(2, 2) if one == axis else (0, 0) for one in range(3)], mode="edge")
        one, two, three, four, five = (
            wide[at : at + mean.shape[0]] if axis == 0 else wide[:, at : at + mean.shape[1]] for at in range(5)
        )
        mean = np.float32(0.375) * three + np.float32(0.25) * (two + four) + np.float32(0.0625) * (one + five)
    return picture - mean


def _compared(finest: Array, other: Array) -> tuple[Array, Array, float]:
    """The gain of each channel and the trust, in cells; and how much of the detail of ``finest`` is in ``other``."""
    import numpy as np

    own, new, common = (_in_cells(one) for one in (finest * finest, other * other, finest * other))
    gain = np.clip(common / (own + np.float32(NOISE)), 0, LARGEST_GAIN)
    both = np.fmax(common.sum(2, keepdims=True), 0)
    own_sum, new_sum = (one.sum(2, keepdims=True) + np.float32(3 * NOISE) for one in (own, new))
    trust = np.fmin(both**2 / (own_sum * new_sum), 1)
    weight = np.sqrt(own)
    share = float((weight * np.fmin(gain * trust, 1)).sum() / max(float(weight.sum()), 1e-6))
    return gain, np.broadcast_to(trust, gain.shape), share


def _in_cells(picture: Array) -> Array:
    """Its mean in each cell and, half as much, those around."""
    import numpy as np

    beyond = [-length % CELL for length in picture.shape[:2]]
    whole = np.pad(picture, ((0, beyond[0]), (0, beyond[1]), (0, 0)))  # with nothing
    # Whole rows first: numpy's own mean over such short sides takes seven times as long.
    rows: Array = reduce(np.add, (whole[at::CELL] for at in range(CELL))).reshape(len(whole) // CELL, -1, CELL, 3)
    means = reduce(np.add, (rows[:, :, at] for at in range(CELL))) / np.float32(CELL * CELL)
    cells = np.pad(means, ((1, 1), (1, 1), (0, 0)), mode="edge")
    cells = np.float32(0.25) * (cells[:-2] + cells[2:]) + np.float32(0.5) * cells[1:-1]
    found: Array = np.float32(0.25) * (cells[:, :-2] + cells[:, 2:]) + np.float32(0.5) * cells[:, 1:-1]
    return found


def _enlarged(cells: Array, size: tuple[int, int]) -> Array:
    import numpy as np
    from PIL import Image

    box = 0, 0, size[0] / CELL, size[1] / CELL
    planes = (Image.fromarray(np.ascontiguousarray(cells[..., channel])) for channel in range(3))
    return np.dstack([np.asarray(plane.resize(size, Image.Resampling.BILINEAR, box)) for plane in planes])
