"""The one rule for the size, the format and the quality of what is sent, and for what comes back. No pixels in here."""

from __future__ import annotations

import math
from dataclasses import dataclass

# Up to here a PNG costs at most some 3 MB and under a second; above it JPEG at high quality is the better bargain.
AUTO_PNG_PIXELS = 1024 * 1024
# With 4:4:4 sampling even fine texture stays within ΔE2000 1 of the source in the mean; 100 doubles the bytes.
JPEG_QUALITY = 97
WEBP_QUALITY = 98
JPEG_LARGEST_SIDE = 65535  # ITU-T T.81: 16 bits


def sent_size(width: int, height: int, longest_side: int) -> tuple[int, int]:
    """The size in pixels at which a picture is sent; ``longest_side`` 0 means as it is. Never enlarges."""
    longest = max(width, height)
    if not longest_side or longest <= longest_side:
        return width, height
    scale = longest_side / longest
    return max(1, round(width * scale)), max(1, round(height * scale))


def sent_format(size: tuple[int, int], chosen: str) -> str:
    """``jpg``, ``png`` or ``webp``: what was chosen, or with ``auto`` what suits a picture of that size."""
    if chosen != "auto":
        return chosen
    return "png" if size[0] * size[1] <= AUTO_PNG_PIXELS else "jpg"


KEPT = "kept"  # what a result's record calls it

# The model rounds its sizes, so a small difference of aspect is its arithmetic and no cropping.
STRETCHED = 0.03


@dataclass(frozen=True)
class Kept:
    """How a result of the size ``came`` was brought to the size ``made``, in px.

    ``share`` is how much of the source's detail it has, 0–1; None where that was not to be put back.
    """

    came: tuple[int, int]
    made: tuple[int, int]
    share: float | None

    @classmethod
    def recorded(cls, data: object) -> Kept | None:
        """What ``dataclasses.asdict`` made of one, after JSON; None when it is none."""
        match data:
            case {"came": [int(width), int(height)], "made": [int(wide), int(high)], "share": share}:
                known = share is None or isinstance(share, (int, float))
                return cls((width, height), (wide, high), share) if width * height and known else None
        return None

    @property
    def factor(self) -> float:
        """How much it was enlarged."""
        return math.sqrt(self.made[0] * self.made[1] / (self.came[0] * self.came[1]))


def lacks_detail(result: tuple[int, int], source: tuple[int, int]) -> bool:
    """Whether a result of that size, in px, is smaller than such a source, and shows the same of the world."""
    (width, height), (wide, high) = result, source
    return width * height < wide * high and abs((width / height) / (wide / high) - 1) <= STRETCHED
