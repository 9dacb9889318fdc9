"""What of a source's detail a result has, cell by cell: the rule of docs/detail.md in pure Python, for GIMP.

With numpy :mod:`detail` reckons the same for all cells at once. The constants of both stand here.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

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
        replaces, and of the source's in the enlarged sum.
        """
        trust = [value for value in self.trust for _ in range(3)]
        mending = array("f", (strength * value**MENDED for value in trust))
        mended = array("f", (one * gain for one, gain in zip(mending, self.gain, strict=True)))
        taken = array("f", (strength * one * gain for one, gain in zip(trust, self.gain, strict=True)))
        return mended.tobytes(), mending.tobytes(), taken.tobytes()


def in_cells(own: Sequence[float], new: Sequence[float], common: Sequence[float]) -> Cells:
    """From the means of the finest detail squared, of the source and of the result, and of the product of both.

    Three values for each cell, by rows, of encoded colours 0–1.
    """
    noise = NOISE / 255**2
    gain = array(
        "f", (min(max(both / (one + noise), 0.0), LARGEST_GAIN) for one, both in zip(own, common, strict=True))
    )
    trust = array("f")
    had = there = 0.0
    for at in range(0, len(own), 3):
        both = max(common[at] + common[at + 1] + common[at + 2], 0.0)
        parts = (sum(one[at : at + 3]) + 3 * noise for one in (own, new))
        trust.append(min(both * both / math.prod(parts), 1.0))
        for channel in (at, at + 1, at + 2):
            weight = math.sqrt(max(own[channel], 0.0))
            there += weight
            had += weight * min(gain[channel] * trust[-1], 1.0)
    return Cells(gain, trust, had / there if there > 1e-9 else 0.0)
