"""How much of each pixel of a rectangle is covered: a layer's transparency or a selection, held outside GIMP.

While an edit waits, the plug-in keeps no image in GIMP: the status bar's Cancel kills the plug-in, and GIMP would hold
such an image until it quits. So coverage waits here, compressed (a mask is mostly flat), in strips of whole rows.
This module knows buffers, not layers or images.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from gi.repository import Gegl

# Some 8 MB of 8-bit RGBA per strip: small beside the plug-in's memory budget, large enough that strips cost nothing.
STRIP_PIXELS = 2 * 1024 * 1024
SELECTION = "Y u8"  # a mask's or a selection's own format: linear, so that the number is the fraction
# A layer's alpha is read with its colours and cut out here: babl's way from RGBA to "A u8" takes ten times as long.
ALPHA = "R'G'B'A u8"


def strips(width: int, height: int) -> Iterator[Gegl.Rectangle]:
    """The rows 0…height in rectangles of about :data:`STRIP_PIXELS` pixels, from the top."""
    rows = max(1, STRIP_PIXELS // max(1, width))
    for top in range(0, height, rows):
        yield Gegl.Rectangle.new(0, top, width, min(rows, height - top))


@dataclass(frozen=True)
class Coverage:
    """``width`` × ``height`` values 0–255, as zlib-compressed strips in the order of :func:`strips`."""

    width: int
    height: int
    packed: tuple[bytes, ...]

    @classmethod
    def read(cls, drawable: object, component: str, x: int = 0, y: int = 0, size: tuple[int, int] = (0, 0)) -> Coverage:
        """The ``component`` (:data:`ALPHA` or :data:`SELECTION`) of ``drawable`` in the rectangle at ``x``, ``y``."""
        width, height = size if size[0] else (drawable.get_width(), drawable.get_height())
        packed = []
        for strip in strips(width, height):
            # A fresh buffer for each strip: the old one's tile cache would grow to the whole layer.
            at = Gegl.Rectangle.new(x, y + strip.y, width, strip.height)
            data = drawable.get_buffer().get(at, 1.0, component, Gegl.AbyssPolicy.NONE)
            packed.append(zlib.compress(data[3::4] if component is ALPHA else data, 1))
        return cls(width, height, tuple(packed))

    @property
    def full(self) -> bool:
        """Whether every pixel is covered wholly."""
        return all(data.count(255) == len(data) for _, data in self.strips())

    def strips(self) -> Iterator[tuple[Gegl.Rectangle, bytes]]:
        """Each strip's rectangle and its values, a byte for each pixel."""
        return zip(strips(self.width, self.height), map(zlib.decompress, self.packed), strict=True)

    def write(self, buffer: Gegl.Buffer) -> None:
        """Set ``buffer`` (of at least this size) to the coverage, as linear gray."""
        for strip, data in self.strips():
            buffer.set(strip, SELECTION, data)
        buffer.flush()

    def to_json(self, most: int) -> dict[str, object] | None:
        """As JSON for the journal, or None when that would be more than ``most`` characters."""
        strips_as_text = [base64.b64encode(packed).decode("ascii") for packed in self.packed]
        if sum(map(len, strips_as_text)) > most:
            return None
        return {"width": self.width, "height": self.height, "strips": strips_as_text}

    @classmethod
    def from_json(cls, value: object) -> Coverage | None:
        """What :meth:`to_json` gave, or None when there is nothing or nothing that fits together."""
        if not isinstance(value, dict):
            return None
        try:
            width, height = int(value["width"]), int(value["height"])
            packed = tuple(base64.b64decode(text, validate=True) for text in value["strips"])
            sizes = [len(zlib.decompress(data)) for data in packed]
        except (KeyError, TypeError, ValueError, zlib.error):
            return None
        if sizes != [strip.width * strip.height for strip in strips(width, height)]:
            return None
        return cls(width, height, packed)
