"""The one rule for the size, the format and the quality of what is sent. Both hosts encode by it; no pixels in here."""

from __future__ import annotations

# Up to here a PNG costs at most some 3 MB and under a second; above it JPEG at high quality is the better bargain.
AUTO_PNG_PIXELS = 1024 * 1024
# With 4:4:4 sampling even fine texture stays within ΔE2000 1 of the source in the mean; 100 doubles the bytes.
JPEG_QUALITY = 97
WEBP_QUALITY = 98


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
