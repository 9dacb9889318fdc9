"""Where a result shows what the picture that was sent shows: by phase correlation of small tiles, in pure Python.

GIMP's Python has no numpy, and both hosts have to find the same: so the tiles are small, and there are several, which
must agree: that all lie equally far beside, else that a little more or less was made of width and height, as rounding
to a model's own sizes does, or that it was turned a little. A model may repaint any part of a picture; what it has
repainted agrees with nothing.

Source of the method: Kuglin and Hines, "The Phase Correlation Image Alignment Method" (1975). The correlation is
weighed by a Gaussian, so that its peak is one, whose place between the pixels three values tell exactly.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from statistics import linear_regression, median

SIDE = 64  # px of a tile
ACROSS = 4  # tiles beside each other, and as many below each other; one takes some 15 ms
FURTHEST = 8  # px; a tile that lies further off shows too little of the same
_WIDTH = 1.0  # px, the standard deviation of a peak
_SURE = 0.35  # of the peak of two equal tiles; unrelated ones reach 0.15
_AGREE = 0.25  # px from where the others say
_FEWEST = 3  # tiles that have to agree, and they have to be at least half of those that are sure
_ENOUGH = 5  # that agree with each other: then no more are looked at
_FEWEST_FITTING = 6  # that have to agree on a size or a turn, in three columns and three rows at least
_MOST = 0.02  # of width and height; and in radians, of a turn
_NOTHING = 0.1  # px; what is less may be the method's own error, and no reason to move anything

Tile = Sequence[float]
Spectrum = list[list[complex]]
Found = tuple[tuple[float, float], tuple[float, float]]  # the middle of a tile, and how far its picture lies beside


@dataclass(frozen=True)
class Placement:
    """What was sent shows at x, y, a result shows at ``wide`` · x - ``turned`` · y + ``right`` and
    ``turned`` · x + ``high`` · y + ``down``.

    In px of the result, from its left upper corner. ``turned`` is small, and so as good as clockwise radians.
    """

    right: float = 0.0
    down: float = 0.0
    wide: float = 1.0
    high: float = 1.0
    turned: float = 0.0

    @property
    def moved(self) -> bool:
        return self != IN_PLACE

    def beyond(self, size: tuple[int, int]) -> float:
        """How far, in px, one of both pictures of that size reaches beyond the other at most."""
        sides = zip((self.right, self.down), (self.wide, self.high), size, strict=True)
        straight = max(abs(end) for start, times, length in sides for end in (start, start + (times - 1) * length))
        return straight + abs(self.turned) * max(size)

    def back(self) -> Placement:
        """What a result shows at x, y, what was sent shows where this one says."""
        area = self.wide * self.high + self.turned**2
        wide, high, turned = self.high / area, self.wide / area, -self.turned / area
        right, down = turned * self.down - wide * self.right, -turned * self.right - high * self.down
        return Placement(right, down, wide, high, turned)


IN_PLACE = Placement()


def places(width: int, height: int) -> list[tuple[int, int]]:
    """The left upper corners of the tiles in a picture of that size, the first ones in all parts of it.

    None when it is too small for one.
    """
    if min(width, height) < SIDE:
        return []
    lefts, tops = ([round(at * (length - SIDE) / (ACROSS - 1)) for at in range(ACROSS)] for length in (width, height))
    return [(lefts[(row * 2 + turn) % ACROSS], tops[row]) for turn in range(ACROSS) for row in (0, 2, 3, 1)]


def placement(
    pairs: Iterable[tuple[tuple[int, int], Tile, Tile]], transform: Callable[[Spectrum], Spectrum] | None = None
) -> Placement:
    """Where the second tile of each pair shows what the first one shows; before them the place of both.

    A tile has :data:`SIDE` rows of as many values of brightness, from the top, in any unit. That of a result that lies
    where it should when the tiles do not agree, when too few are sure, and when it is less than can be told.

    ``transform`` is Fourier's of rows and columns, where there is a faster one than this module's.
    """
    found: list[Found] = []
    for place, first, second in pairs:
        one = _of_one(first, second, transform or _transformed)
        if one is not None:
            found.append(((place[0] + SIDE / 2, place[1] + SIDE / 2), one))
            if len(found) == _ENOUGH and len(_straight(found)[1]) == _ENOUGH:
                break
    lies, agreeing = _straight(found)
    turn = _turn(found)
    upright, fitting = _straight(_turned_back(found, turn))
    # One or two more that agree are chance: one more number fits better whatever there is.
    if len(fitting) < max(_FEWEST_FITTING, len(agreeing) + _FEWEST, len(found) / 2):
        return lies
    rest = _turn(fitting)
    upright, _ = _straight(_turned_back(fitting, rest))
    return replace(upright, turned=turn + rest) if abs(turn + rest) < _MOST else lies


def _turn(found: Sequence[Found]) -> float:
    """By how much most of them are turned (Theil and Sen); no size changes that for those in a row or a column."""
    slopes = []
    for ((x, y), one), ((left, top), other) in combinations(found, 2):
        if y == top:
            slopes.append((one[1] - other[1]) / (x - left))
        elif x == left:
            slopes.append((other[0] - one[0]) / (y - top))
    return median(slopes) if slopes else 0.0


def _turned_back(found: Iterable[Found], turn: float) -> list[Found]:
    return [((x, y), (right + turn * y, down - turn * x)) for (x, y), (right, down) in found]


def _straight(found: Sequence[Found]) -> tuple[Placement, list[Found]]:
    """What they say of shift and size, and those that agree with each other."""
    if not found:
        return IN_PLACE, []
    right, down = (median(values) for values in zip(*(one for _, one in found), strict=True))
    agreeing = _agreeing(found, Placement(right, down))
    scaled = _scaled(found)
    fitting = _agreeing(found, scaled) if scaled.moved else []
    # As of a turn, but two more numbers.
    if len(fitting) >= max(_FEWEST_FITTING, len(agreeing) + _FEWEST, len(found) / 2):
        exact = _scaled(fitting, exact=True)
        if exact.moved:
            return exact, fitting
    if len(agreeing) < max(_FEWEST, len(found) / 2):
        return IN_PLACE, agreeing
    right, down = (sum(values) / len(agreeing) for values in zip(*(one for _, one in agreeing), strict=True))
    return Placement(right, down) if math.hypot(right, down) >= _NOTHING else IN_PLACE, agreeing


def _agreeing(found: Iterable[Found], with_: Placement) -> list[Found]:
    """Those that lie where ``with_`` says."""
    right, down, wide, high = with_.right, with_.down, with_.wide - 1, with_.high - 1
    return [((x, y), one) for (x, y), one in found if math.dist(one, (right + wide * x, down + high * y)) < _AGREE]


def _scaled(found: Sequence[Found], *, exact: bool = False) -> Placement:
    """What they say of shift and size: that of most of them (Theil and Sen), or ``exact``, of all of them.

    That of a result that lies where it should when they are not in all parts of the picture, or disagree too much.
    """
    fits = []
    for axis in (0, 1):
        points = [(middle[axis], beside[axis]) for middle, beside in found]
        if len({at for at, _ in points}) < 3:
            return IN_PLACE
        if exact:
            fit = linear_regression(*zip(*points, strict=True))
            slope, start = fit.slope, fit.intercept
        else:
            slope = median((b - d) / (a - c) for (a, b), (c, d) in combinations(points, 2) if a != c)
            start = median(b - slope * a for a, b in points)
        if abs(slope) > _MOST:
            return IN_PLACE
        fits.append((start, 1 + slope))
    (right, wide), (down, high) = fits
    return Placement(right, down, wide, high)


def _of_one(first: Tile, second: Tile, transform: Callable[[Spectrum], Spectrum]) -> tuple[float, float] | None:
    """The offset of one pair; None when it is not sure."""
    spectrum = transform(_windowed(first, second))
    peak, total = [], 0.0
    for y, row in enumerate(spectrum):
        mirrored = spectrum[-y]
        line = []
        for x, value in enumerate(row):
            # Two real pictures went through one transform; the symmetries of theirs part them again.
            other = mirrored[-x].conjugate()
            cross = (value + other).conjugate() * (value - other) * -1j
            size, weight = abs(cross), _weight(x) * _weight(y)
            if size > 1e-9 and (x or y):
                line.append(cross / size * weight)
                total += weight
            else:
                line.append(0j)
        peak.append(line)
    if not total:
        return None
    reach = range(-FURTHEST, FURTHEST + 1)
    values = transform(peak)  # forward: the picture is mirrored, and so are the signs below
    right, down = max(((x, y) for y in reach for x in reach), key=lambda at: values[-at[1]][-at[0]].real)
    height = values[-down][-right].real
    if height < _SURE * total or max(abs(right), abs(down)) == FURTHEST:
        return None
    across = [values[-down][-(right + step)].real for step in (-1, 0, 1)]
    along = [values[-(down + step)][-right].real for step in (-1, 0, 1)]
    return right + _between(*across), down + _between(*along)


def _between(before: float, at: float, after: float) -> float:
    """Where between the pixels a Gaussian has its peak, that has these values at -1, 0 and 1."""
    low = at * 1e-3
    left, middle, right = (math.log(max(value, low)) for value in (before, at, after))
    bend = left - 2 * middle + right
    return max(-0.5, min(0.5, (left - right) / (2 * bend))) if bend < 0 else 0.0


def _windowed(first: Tile, second: Tile) -> Spectrum:
    """The tiles without their means, fading out towards their borders, as real and imaginary parts."""
    one, two = (sum(tile) / len(tile) for tile in (first, second))
    rows = range(0, SIDE * SIDE, SIDE)
    return [
        [
            complex(a - one, b - two) * _fade(y) * _fade(x)
            for x, (a, b) in enumerate(zip(first[at : at + SIDE], second[at : at + SIDE], strict=True))
        ]
        for y, at in enumerate(rows)
    ]


@lru_cache(maxsize=SIDE)
def _fade(at: int) -> float:
    return 0.5 - 0.5 * math.cos(2 * math.pi * (at + 0.5) / SIDE)


@lru_cache(maxsize=SIDE)
def _weight(at: int) -> float:
    frequency = min(at, SIDE - at) / SIDE
    return math.exp(-2 * (math.pi * _WIDTH * frequency) ** 2)


def _transformed(values: Spectrum) -> Spectrum:
    """Fourier's transform of rows and columns; the sides are powers of two."""
    rows = [_line(row) for row in values]
    columns = [_line(list(column)) for column in zip(*rows, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def _line(values: list[complex]) -> list[complex]:
    count = len(values)
    if count == 4:
        one, two, three, four = values
        return [
            one + two + three + four,
            one - 1j * two - three + 1j * four,
            one - two + three - four,
            one + 1j * two - three - 1j * four,
        ]
    even, odd = _line(values[::2]), _line(values[1::2])
    turned = [one * turn for one, turn in zip(odd, _turns(count), strict=True)]
    return [a + b for a, b in zip(even, turned, strict=True)] + [a - b for a, b in zip(even, turned, strict=True)]


@lru_cache(maxsize=8)
def _turns(count: int) -> list[complex]:
    return [cmath.exp(-2j * math.pi * at / count) for at in range(count // 2)]
