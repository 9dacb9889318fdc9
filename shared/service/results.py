"""What came as a result: kept first, judged then. No network in here.

It is paid for, so bytes that this version does not understand are not thrown away: they are handed on as they came, for
the host's own decoder to try.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..errors import FETCH, ResultDamagedError, ResultError, ResultExpiredError, ResultTooLargeError, ServiceDownError
from ..language import number, tr
from ..pictures.encoded import EncodedImage, declared_pixels, is_cut_off, sniff_or_raw
from .replies import Reply

Keep = Callable[[bytes], None]

PIXEL_LIMIT = 16384 * 16384  # a picture that says it is larger is a decompression bomb or a mistake
TEXT_PROBE = 1024  # bytes; in every kind of picture, one of the first thousand is no character of a text


def body_or_error(reply: Reply) -> bytes:
    """The body that a store of results sent. Raises :class:`ResultExpiredError` or ServiceDownError (paid)."""
    if reply.status in (400, 403, 404, 410):
        words = tr("The address of the result is no longer valid ({status}).")
        raise ResultExpiredError(words.format(status=reply.status))
    if reply.status >= 300:
        raise ServiceDownError(
            tr("The store of the result can't be reached ({status}).").format(status=reply.status),
            tr(FETCH),
            billed=ResultError.billed,
        )
    return reply.body


class Arrivals:
    """The bodies that came for one result, over all attempts and addresses."""

    def __init__(self, keep: Keep | None) -> None:
        self._keep = keep
        self._kept: bytes | None = None
        self._unread = b""

    def take(self, data: bytes) -> EncodedImage:
        """Keeps ``data``, then judges it: a whole picture, or, with the format "", what has come twice and is unknown.

        Raises :class:`ResultDamagedError` for what is no picture at all, and for what is not understood and came for
        the first time (the next attempt may bring it whole); :class:`ResultTooLargeError` for more pixels than is sane.
        """
        self._put_aside(data)
        if not data:
            raise ResultDamagedError(tr("The result is empty."))
        if _is_text(data):
            raise ResultDamagedError(tr("The result is not a picture but a text."), detail=f"{data[:60]!r}")
        if declared_pixels(data) > PIXEL_LIMIT:
            words = tr("The result says that it has {count} px, too many to open.")
            raise ResultTooLargeError(words.format(count=number(declared_pixels(data))))
        image = sniff_or_raw(data)
        if image.format or data == self._unread:
            return image
        if len(data) > len(self._unread):  # of several that are cut off, the longest has the most of the picture
            self._unread = data
        raise ResultDamagedError(tr("The result is not a complete picture of a known kind."), detail=f"{data[:60]!r}")

    def unread(self) -> EncodedImage | None:
        """The best of what is not understood, as it came; None when nothing of the kind came.

        Raises :class:`ResultDamagedError` when that is a picture of a known kind, and cut off.
        """
        if not self._unread:
            return None
        self._put_aside(self._unread)  # so that what was kept last is what is handed on
        if is_cut_off(self._unread):
            raise ResultDamagedError(tr("The result is cut off: only a part of the picture came."))
        return EncodedImage(self._unread, "", 0, 0)

    def _put_aside(self, data: bytes) -> None:
        if self._keep and data != self._kept:
            self._keep(data)
            self._kept = data


def _is_text(data: bytes) -> bool:
    """Whether it begins as texts do (HTML, XML, JSON, words), whatever the header called it."""
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", data[:TEXT_PROBE])
