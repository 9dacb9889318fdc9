"""An encoded picture, and what its header says of it, in pure Python.

The core must judge pictures where Pillow can't be had (GIMP on Windows): is this a picture at all, is it complete, how
large does it say it is. And it joins a large JPEG of strips. It decodes no pixels; that is the hosts' and
``imaging.py``'s work.

Sources: PNG (ISO/IEC 15948), JPEG (ITU-T T.81, annex B), WebP container (RFC 9649).
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..language import tr

MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}

MOST_PARTS = 200_000  # chunks or markers; a picture of 256 MB has a tenth of them, a bomb of metadata has millions

# How the files of a kind begin, for a name that other programs understand.
_SUFFIXES = (
    (rb"\xff\xd8\xff", ".jpg"),
    (rb"\x89PNG\r\n", ".png"),
    (rb"RIFF....WEBP", ".webp"),
    (rb"....ftypavi[fs]", ".avif"),
    (rb"....ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)", ".heic"),
    (rb"II\*\x00|MM\x00\*", ".tif"),
    (rb"GIF8[79]a", ".gif"),
    (rb"\xff\x0a|\x00\x00\x00\x0cJXL ", ".jxl"),
)


@dataclass(frozen=True)
class EncodedImage:
    """A picture as a file's bytes. ``format`` is ``jpg``, ``png`` or ``webp``; the size is in pixels.

    Where ``format`` is "" the header says nothing that is understood here (another kind, or cut off): the size is 0,
    and only a decoder can tell whether a picture is in it. See :func:`sniff_or_raw`.
    """

    data: bytes
    format: str
    width: int
    height: int

    @property
    def suffix(self) -> str:
        """With its dot; ``.bin`` for what is not known even by its first bytes."""
        if self.format:
            return f".{self.format}"
        known = (suffix for magic, suffix in _SUFFIXES if re.match(magic, self.data, re.DOTALL))
        return next(known, ".bin")

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES.get(self.format, "application/octet-stream")

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def __repr__(self) -> str:
        return f"EncodedImage({self.format or 'unknown'}, {self.width}×{self.height}, {len(self.data)} bytes)"


@dataclass(frozen=True)
class _Header:
    """What a header says; ``whole`` is whether the picture goes on to its end."""

    format: str
    width: int
    height: int
    whole: bool


def sniff(data: bytes) -> EncodedImage:
    """The picture in ``data``, its format and size read from its own header, whatever its name said.

    Bytes behind the picture's end stay where they are. Raises ValueError, in words, when it is no JPEG, PNG or WebP, or
    when it ends too early.
    """
    header = _header(data)
    if not header.whole:
        raise _truncated()
    return EncodedImage(data, header.format, header.width, header.height)


def sniff_or_raw(data: bytes) -> EncodedImage:
    """As :func:`sniff`; what it refuses, or a picture without a size, comes back with the format ""."""
    try:
        image = sniff(data)
    except ValueError:
        return EncodedImage(data, "", 0, 0)
    return image if image.width and image.height else EncodedImage(data, "", 0, 0)


def is_cut_off(data: bytes) -> bool:
    """Whether it is a JPEG, PNG or WebP that ends too early: many a decoder opens it, what is missing made grey."""
    try:
        return not _header(data).whole
    except ValueError:
        return False


def declared_pixels(data: bytes) -> int:
    """How many pixels the header declares, also of a picture that was cut off; 0 when it can't be read."""
    try:
        header = _header(data)
    except ValueError:
        return 0
    return header.width * header.height


def _header(data: bytes) -> _Header:
    """Raises ValueError, in words, where not even a size can be read."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    raise ValueError(tr("it is not a JPEG, PNG or WebP picture"))


def _truncated() -> ValueError:
    return ValueError(tr("it ends too early"))


def _png(data: bytes) -> _Header:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise _truncated()
    width, height = struct.unpack(">II", data[16:24])
    # Walked chunk by chunk: the bytes of IEND may also stand inside a compressed chunk.
    at, whole, parts = 8, False, 0
    while not whole and at + 12 <= len(data) and parts < MOST_PARTS:
        parts += 1
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        at += length + 12
        whole = kind == b"IEND" and at <= len(data)
    return _Header("png", width, height, whole)


# The next marker in a scan: 0xFF followed by anything but a stuffed zero, a restart marker or a fill byte.
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_FILL = re.compile(rb"\xff+")


def _jpeg(data: bytes) -> _Header:
    """Walked from marker to marker, and through the scans: thumbnails and comments have end markers of their own."""
    at, size, parts = 2, None, 0
    while at + 2 <= len(data) and parts < MOST_PARTS:
        parts += 1
        if data[at] != 0xFF:
            raise ValueError(tr("its JPEG header is damaged"))
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes
            run = _FILL.match(data, at)
            at = run.end() - 1 if run else at + 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # markers without a length
            at += 2
            continue
        if marker == 0xD9:  # the end; what stands behind it is not the picture's
            if size is None:
                break
            return _Header("jpg", *size, True)
        if at + 4 > len(data):
            break
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and at + 9 <= len(data):  # a frame header
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            size = size or (width, height)
        at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
        if marker == 0xDA:  # a scan: its data has no length, and reaches to the next marker
            found = _MARKER.search(data, at)
            at = found.start() if found else len(data)
    if size is None:
        raise _truncated()
    return _Header("jpg", *size, False)


def _webp(data: bytes) -> _Header:
    if len(data) < 30:
        raise _truncated()
    whole = len(data) >= struct.unpack("<I", data[4:8])[0] + 8
    kind = data[12:16]
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    elif kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        width, height = (size & 0x3FFF for size in struct.unpack("<HH", data[26:30]))
    else:
        raise ValueError(tr("its WebP header is damaged"))
    return _Header("webp", width, height, whole)


# A large picture takes little memory when it is encoded in strips. After each restart marker a JPEG starts anew, as it
# does at its beginning (T.81, E.1.4); so each strip becomes a restart interval.
_MCU = 8  # px of a side of what is encoded at once, without subsampling
_LONGEST = 65535  # of them in a restart interval
_BASELINE, _SCAN, _RESTART_INTERVAL, _RESTART, _END = b"\xff\xc0", b"\xff\xda", b"\xff\xdd", 0xD0, b"\xff\xd9"


def strip_rows(width: int) -> int:
    """The rows of each strip but the last one of a picture that is ``width`` px wide: some 4 megapixels."""
    return _MCU * (_LONGEST // -(-width // _MCU))


def joined_jpeg(strips: Iterable[bytes], width: int, height: int) -> Iterator[bytes]:
    """The parts of the JPEG file of that size, in px, whose :func:`strip_rows` each of ``strips`` shows, from the top.

    All are baseline, with the same tables and without subsampling. Raises ValueError when one of them is no such JPEG.
    """
    for number, strip in enumerate(strips):
        frame, scan = _marked(strip)
        if not number:
            # Its length, its precision, and then the height.
            yield strip[: frame + 5] + struct.pack(">H", height) + strip[frame + 7 : scan]
            yield _RESTART_INTERVAL + struct.pack(">HH", 4, strip_rows(width) // _MCU * -(-width // _MCU))
            begin = scan
        else:
            yield bytes((0xFF, _RESTART + (number - 1) % 8))
            begin = scan + 2 + _length(strip, scan)
        yield strip[begin : -len(_END)]
    yield _END


def _marked(strip: bytes) -> tuple[int, int]:
    """Where the markers of its frame and of its only scan are. Raises ValueError."""
    at, frame = 2, 0
    while at + 4 <= len(strip) and strip[at : at + 2] != _SCAN:
        if strip[at : at + 2] == _BASELINE:
            frame = at
        at += 2 + _length(strip, at)
    if not frame or at + 4 > len(strip) or not strip.endswith(_END):
        raise ValueError("a strip is no baseline JPEG")
    return frame, at


def _length(strip: bytes, at: int) -> int:
    length: int = struct.unpack_from(">H", strip, at + 2)[0]
    return length
