"""How much grain a picture has: the noise of its quietest parts, in pure Python, for both hosts.

Source of the measure: Immerkær, "Fast Noise Variance Estimation" (1996): what is left of a picture behind two crossed
second derivatives is its noise, wherever it is smooth.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from .registration import SIDE, Tile

_QUIET = 4  # the noise of a quarter of the tiles, the quietest: the others show something


def measured(tiles: Iterable[Tile]) -> float:
    """The standard deviation of the grain, in the unit of the ``tiles`` (see :mod:`registration`); 0 without any."""
    found = sorted(map(_of_one, tiles))
    quiet = found[: -(-len(found) // _QUIET)]
    return quiet[-1] if quiet else 0.0


def _of_one(tile: Tile) -> float:
    total = 0.0
    for at in range(SIDE, SIDE * (SIDE - 1), SIDE):
        above, row, below = tile[at - SIDE : at], tile[at : at + SIDE], tile[at + SIDE : at + 2 * SIDE]
        # Across each row first, then down: 1 -2 1 by 1 -2 1.
        lines = [a - 2 * b + c for a, b, c in zip(above, row, below, strict=True)]
        total += sum(abs(a - 2 * b + c) for a, b, c in zip(lines, lines[1:], lines[2:], strict=False))
    return math.sqrt(math.pi / 2) / 6 * total / (SIDE - 2) ** 2
