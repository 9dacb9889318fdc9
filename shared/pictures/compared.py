"""What of a source's detail a result has, cell by cell: the rule of docs/detail.md in pure Python, for GIMP.

With numpy :mod:`detail` reckons the same for all cells at once. The constants of both stand here.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul

CELL = 4  # px of the result
LARGEST_GAIN = 1.5  # the edit may sharpen; more is chance
NOISE = 0.2  # of a channel, in squared steps of 255: rounding to 8 bits alone makes 1/12 in either picture
MENDED = 2  # the power of the trust by which the finest detail that both have is the source's own: it has less noise
BRIGHTNESS = (0.299, 0.587, 0.114)  # of encoded values: ITU-R BT.601


@dataclass(frozen=True)
class Cells:
    """``gain`` has three values for each cell, by rows, ``trust`` one. ``share`` is how much of the detail there is."""

    gain: array[float]
    trust: array[float]
    share: float

    def weights(self, strength: float) -> tuple[bytes, bytes, bytes]:
        """As 32-bit floats, three for each cell: of the source's finest detail and of the result's own, which it
        replaces, and of the source's in the enlarged sum; that as a part of :data:`LARGEST_GAIN`.
        """
        mending = _thrice([strength * value**MENDED for value in self.trust])
        trusted = _thrice([strength / LARGEST_GAIN * value for value in self.trust])
        mended, taken = (array("f", map(mul, one, self.gain)) for one in (mending, trusted))
        return mended.tobytes(), mending.tobytes(), taken.tobytes()


def in_cells(own: Sequence[float], new: Sequence[float], common: Sequence[float]) -> Cells:
    """From the means of the finest detail squared, of the source and of the result, and of the product of both.

    Three values for each cell, by rows, of encoded colours 0–1.
    """
    noise, most = NOISE / 255**2, LARGEST_GAIN
    gains = [both / (one + noise) for one, both in zip(own, common, strict=True)]
    gain = array("f", [0.0 if one < 0 else most if one > most else one for one in gains])
    whole = zip(_of_pixels(own), _of_pixels(new), _of_pixels(common), strict=True)
    trust = array("f", [min(c * c / ((a + 3 * noise) * (b + 3 * noise)), 1.0) if c > 0 else 0.0 for a, b, c in whole])
    weights = [math.sqrt(one) if one > 0 else 0.0 for one in own]
    had = [one if one < 1 else 1.0 for one in map(mul, gain, _thrice(trust))]
    there = sum(weights)
    return Cells(gain, trust, sum(map(mul, weights, had)) / there if there > 1e-9 else 0.0)


def _of_pixels(values: Sequence[float]) -> list[float]:
    """The sums of three channels."""
    return [red + green + blue for red, green, blue in zip(values[0::3], values[1::3], values[2::3], strict=True)]


def _thrice(values: Sequence[float]) -> array[float]:
    """Each of them for three channels."""
    made = array("f", bytes(12 * len(values)))
    for channel in range(3):
        made[channel::3] = array("f", values)
    return made
