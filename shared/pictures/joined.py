"""One JPEG file of strips that were encoded one by one, so that a large picture takes little memory. Bytes alone.

After each restart marker a JPEG starts anew, as it does at its beginning (ITU-T T.81, E.1.4). So what was encoded of
each strip becomes one restart interval, when all strips are baseline with the same tables and without subsampling.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

MCU = 8  # px of a side of what is encoded at once, without subsampling
_LONGEST = 65535  # of them in a restart interval
_BASELINE, _SCAN, _RESTART_INTERVAL, _RESTART, _END = b"\xff\xc0", b"\xff\xda", b"\xff\xdd", 0xD0, b"\xff\xd9"


def strip_rows(width: int) -> int:
    """The rows of each strip but the last one of a picture that is ``width`` px wide: some 4 megapixels."""
    return MCU * (_LONGEST // -(-width // MCU))


def joined(strips: Iterable[bytes], width: int, height: int) -> Iterator[bytes]:
    """The parts of the JPEG file of that size, in px, whose :func:`strip_rows` each of ``strips`` shows, from the top.

    Raises ValueError when one of them is no such JPEG.
    """
    for number, strip in enumerate(strips):
        frame, scan = _marked(strip)
        if not number:
            # Its length, its precision, and then the height.
            yield strip[: frame + 5] + struct.pack(">H", height) + strip[frame + 7 : scan]
            yield _RESTART_INTERVAL + struct.pack(">HH", 4, strip_rows(width) // MCU * -(-width // MCU))
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
