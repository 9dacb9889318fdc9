"""How much of each pixel of a rectangle is covered: a layer's transparency or a selection, held outside GIMP.

While an edit waits, the plug-in keeps no image in GIMP: the status bar's Cancel kills the plug-in, and GIMP would hold
such an image until it quits. So coverage waits here and beside the job's entry, as an 8-bit gray PNG file (a mask is
mostly flat), written and read in strips of whole rows. This module knows buffers and files, not edits.

Source of the file format: PNG (ISO/IEC 15948).
"""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gi.repository import Gegl, Gimp

from pixels.scaling import node
from pixels.scratch import loaded
from shared.language import tr

# Some 8 MB of 8-bit RGBA per strip: small beside the plug-in's memory budget, large enough that strips cost nothing.
STRIP_PIXELS = 2 * 1024 * 1024
SELECTION = "Y u8"  # a mask's or a selection's own format: linear, so that the number is the fraction
# A layer's alpha is read with its colours and cut out here: babl's way from RGBA to "A u8" takes ten times as long.
ALPHA = "R'G'B'A u8"
# An opened gray PNG's own format.
GRAY_FILE = "Y' u8"

FEATHER_DEVIATIONS = 3.5  # GIMP's radius in standard deviations of its blur (gimp_gegl_apply_feather)
SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY_8_BIT = (8, 0, 0, 0, 0)  # depth, colour type, compression, filter method, no interlacing
LEVEL = 1  # of zlib: a flat mask is small at any level, and a noisy one only takes longer


def strips(width: int, height: int, at_once: int = 1) -> Iterator[Gegl.Rectangle]:
    """The rows 0…height in rectangles, from the top, of which ``at_once`` are about :data:`STRIP_PIXELS` pixels."""
    rows = max(1, STRIP_PIXELS // at_once // max(1, width))
    for top in range(0, height, rows):
        yield Gegl.Rectangle.new(0, top, width, min(rows, height - top))


@dataclass(frozen=True)
class Coverage:
    """``width`` × ``height`` values 0–255 as ``png``, an 8-bit gray file whose rows are all unfiltered."""

    width: int
    height: int
    png: bytes

    @classmethod
    def read(
        cls, drawable: Gimp.Drawable, component: str, x: int = 0, y: int = 0, size: tuple[int, int] = (0, 0)
    ) -> Coverage:
        """The ``component`` (:data:`ALPHA` or :data:`SELECTION`) of ``drawable`` in the rectangle at ``x``, ``y``."""
        size = size if size[0] else (drawable.get_width(), drawable.get_height())
        # A fresh buffer for each strip: the old one's tile cache would grow to the whole layer.
        return cls._of(drawable.get_buffer, component, x, y, size)

    @classmethod
    def feathered(cls, selection: Gimp.Drawable, radius: int, x: int, y: int, size: tuple[int, int]) -> Coverage:
        """The same of a ``selection`` with soft edges; it stays as it is. ``radius`` in px, as GIMP's own Feather."""
        left, top = max(0, x - radius), max(0, y - radius)
        right = min(selection.get_width(), x + size[0] + radius)
        bottom = min(selection.get_height(), y + size[1] + radius)
        place = Gegl.Rectangle.new(left, top, right - left, bottom - top)
        soft = Gegl.Buffer.new(SELECTION, left, top, place.width, place.height)
        selection.get_buffer().copy(place, Gegl.AbyssPolicy.NONE, soft, place)
        graph = Gegl.Node()
        deviation = radius / FEATHER_DEVIATIONS
        # Where the selection reaches the border of the image it does not fade there.
        clamped: dict[str, object] = {"abyss-policy": Gegl.AbyssPolicy.CLAMP}
        clamped |= {"std-dev-x": deviation, "std-dev-y": deviation}
        blur = node(graph, "gegl:gaussian-blur", node(graph, "gegl:buffer-source", buffer=soft), **clamped)
        blurred = Gegl.Buffer.new(SELECTION, left, top, place.width, place.height)
        node(graph, "gegl:write-buffer", blur, buffer=blurred).process()
        return cls._of(lambda: blurred, SELECTION, x, y, size)

    @classmethod
    def _of(cls, buffer: Callable[[], Gegl.Buffer], component: str, x: int, y: int, size: tuple[int, int]) -> Coverage:
        width, height = size

        def values() -> Iterator[bytes]:
            for strip in strips(width, height):
                at = Gegl.Rectangle.new(x, y + strip.y, width, strip.height)
                data = buffer().get(at, 1.0, component, Gegl.AbyssPolicy.NONE)
                yield data[3::4] if component is ALPHA else data

        return cls(width, height, _written(width, height, values()))

    @property
    def full(self) -> bool:
        """Whether every pixel is covered wholly."""
        return all(data.count(255) == len(data) for _, data in self.strips())

    def strips(self) -> Iterator[tuple[Gegl.Rectangle, bytes]]:
        """Each strip's rectangle and its values, a byte for each pixel."""
        return zip(strips(self.width, self.height), _rows(self.png, self.width, self.height), strict=True)

    def write(self, buffer: Gegl.Buffer) -> None:
        """Set ``buffer`` (of at least this size) to the coverage, as linear gray."""
        for strip, data in self.strips():
            buffer.set(strip, SELECTION, data)
        buffer.flush()

    @classmethod
    def from_png(cls, data: bytes) -> Coverage:
        """The coverage in a gray PNG file: one of ours as it is, another program's through GIMP.

        Raises ValueError, in words, when it is no such file.
        """
        width, height = _header(data)
        try:
            for _ in _rows(data, width, height):  # so that what is damaged is found now
                pass
        except _OfAnotherProgram:
            with loaded(data, ".png") as image:
                return cls.read(_gray(image), GRAY_FILE)
        return cls(width, height, data)

    @classmethod
    def from_version_1(cls, value: object) -> Coverage | None:
        """What version 1 of the journal held: zlib strips as base64 text; None when there is nothing that fits."""
        if not isinstance(value, dict):
            return None
        try:
            width, height = int(value["width"]), int(value["height"])
            data = [zlib.decompress(base64.b64decode(text, validate=True)) for text in value["strips"]]
        except (KeyError, TypeError, ValueError, zlib.error):
            return None
        if [len(one) for one in data] != [strip.width * strip.height for strip in strips(width, height)]:
            return None
        return cls(width, height, _written(width, height, iter(data)))


class _OfAnotherProgram(ValueError):
    """A PNG file as :func:`_written` does not write it; it may be sound all the same."""


def _gray(image: Gimp.Image) -> Gimp.Drawable:
    if image.get_base_type() is not Gimp.ImageBaseType.GRAY:
        image.convert_grayscale()
    return image.get_layers()[0]


def _written(width: int, height: int, values: Iterator[bytes]) -> bytes:
    """The PNG file of ``values``, whole rows at a time."""
    parts = [SIGNATURE, _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, *GRAY_8_BIT))]
    packer = zlib.compressobj(LEVEL)
    for data in values:
        rows = (data[start : start + width] for start in range(0, len(data), width))
        parts.append(_chunk(b"IDAT", packer.compress(b"\0" + b"\0".join(rows))))
    parts += [_chunk(b"IDAT", packer.flush()), _chunk(b"IEND", b"")]
    return b"".join(parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _header(data: bytes) -> tuple[int, int]:
    """Width and height. Raises ValueError when it is no PNG file."""
    if not data.startswith(SIGNATURE) or data[12:16] != b"IHDR" or len(data) < 33:
        raise ValueError(tr("it is no PNG file"))
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def _rows(data: bytes, width: int, height: int) -> Iterator[bytes]:
    """The values of the file in :func:`strips`. Raises ValueError when it is damaged or :class:`_OfAnotherProgram`."""
    if tuple(data[24:29]) != GRAY_8_BIT:
        raise _OfAnotherProgram(tr("it is not 8-bit gray"))
    unpacker = zlib.decompressobj()
    packed = _image_data(data)
    row = width + 1
    ready = bytearray()
    try:
        for strip in strips(width, height):
            wanted = strip.height * row
            while len(ready) < wanted:
                ready += unpacker.decompress(next(packed))
            values = ready[:wanted]
            del ready[:wanted]
            if any(values[::row]):
                raise _OfAnotherProgram("its rows are filtered")
            del values[::row]
            yield bytes(values)
    except (StopIteration, zlib.error) as exc:
        raise ValueError(tr("it ends too early or is damaged")) from exc


def _image_data(data: bytes) -> Iterator[memoryview]:
    """The content of each IDAT chunk."""
    view, at = memoryview(data), 8
    while at + 12 <= len(view):
        length, kind = struct.unpack(">I4s", view[at : at + 8])
        if kind == b"IDAT" and length:
            yield view[at + 8 : at + 8 + length]
        at += length + 12
