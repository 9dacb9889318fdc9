"""An encoded picture, and what its header says of it, in pure Python.

The core must judge pictures where Pillow can't be had (GIMP on Windows): is this a picture at all, is it complete, how
large does it say it is. It decodes no pixels; that is the hosts' and ``imaging.py``'s work.

Sources: PNG (ISO/IEC 15948), JPEG (ITU-T T.81, annex B), WebP container (RFC 9649).
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


@dataclass(frozen=True)
class EncodedImage:
    """A picture as a file's bytes. ``format`` is ``jpg``, ``png`` or ``webp``; the size is in pixels."""

    data: bytes
    format: str
    width: int
    height: int

    @property
    def suffix(self) -> str:
        return f".{self.format}"

    @property
    def media_type(self) -> str:
        return MEDIA_TYPES[self.format]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    def __repr__(self) -> str:
        return f"EncodedImage({self.format}, {self.width}×{self.height}, {len(self.data)} bytes)"


def sniff(data: bytes) -> EncodedImage:
    """The picture in ``data``, its format and size read from its own header, whatever its name said.

    Raises ValueError, in words, when it is no JPEG, PNG or WebP, or when it ends too early.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return EncodedImage(data, "png", *_png_size(data))
    if data.startswith(b"\xff\xd8\xff"):
        return EncodedImage(data, "jpg", *_jpeg_size(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return EncodedImage(data, "webp", *_webp_size(data))
    raise ValueError("it is not a JPEG, PNG or WebP picture")


def _truncated() -> ValueError:
    return ValueError("it ends too early")


def _png_size(data: bytes) -> tuple[int, int]:
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise _truncated()
    # Walked chunk by chunk: the bytes of IEND may also stand inside a compressed chunk.
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        at += length + 12
        if kind == b"IEND" and at <= len(data):
            width, height = struct.unpack(">II", data[16:24])
            return width, height
    raise _truncated()


def _jpeg_size(data: bytes) -> tuple[int, int]:
    if b"\xff\xd9" not in data[-1024:]:  # encoders may leave some padding behind the end marker
        raise _truncated()
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            raise ValueError("its JPEG header is damaged")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker == 0x01 or 0xD0 <= marker <= 0xD8:  # markers without a length
            at += 2
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # a frame header
            if at + 9 > len(data):
                break
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + int(struct.unpack(">H", data[at + 2 : at + 4])[0])
    raise _truncated()


def _webp_size(data: bytes) -> tuple[int, int]:
    if len(data) < 30 or len(data) < struct.unpack("<I", data[4:8])[0] + 8:
        raise _truncated()
    kind = data[12:16]
    if kind == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("its WebP header is damaged")
