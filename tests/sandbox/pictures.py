"""Encoded pictures in, encoded pictures out: what the stand-in does where the service would ask the model.

Blocking and heavy, so the server calls it in a worker thread. Knows nothing of HTTP.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from typing import Literal

from PIL import Image, PngImagePlugin

from tests.sandbox.replies import STAND_IN

Effect = Literal["depth", "echo"]


class NotAPicture(Exception):
    """The bytes are no picture that the stand-in can read."""


@dataclass(frozen=True)
class Wish:
    """What is asked of a picture. size: of the result in px (width, height), None for the source's."""

    effect: Effect
    prompt: str
    guidance: float
    seed: int
    file_format: str
    size: tuple[int, int] | None = None


def size_of(content: bytes) -> tuple[int, int]:
    """Width and height in px. Raises NotAPicture."""
    return _opened(content).size


def edit(content: bytes, wish: Wish) -> bytes:
    """The edited picture in the wished format: 8-bit RGB without alpha and profile, as the model gives it.

    Raises NotAPicture.
    """
    picture = _opened(content)
    try:
        picture = picture.convert("RGB")
    except (OSError, SyntaxError, ValueError) as error:
        raise NotAPicture(str(error)) from error
    if wish.effect == "depth":
        # Here, because echo must do without numpy's start-up time.
        import numpy as np

        from tests.sandbox.effect import depth_edit

        edited = depth_edit(np.asarray(picture), wish.prompt, wish.guidance, wish.seed)
        picture = Image.fromarray(edited)
    if wish.size is not None and wish.size != picture.size:
        picture = picture.resize(wish.size, Image.Resampling.LANCZOS)
    return encoded(picture, wish.file_format)


def encoded(picture: Image.Image, file_format: str) -> bytes:
    """The picture as jpg, png or webp."""
    out = io.BytesIO()
    if file_format == "jpg":
        picture.save(out, "JPEG", quality=95, subsampling="4:4:4", comment=STAND_IN)
    elif file_format == "png":
        note = PngImagePlugin.PngInfo()
        note.add_text("Comment", STAND_IN)
        # The fastest compression that still helps: the file only crosses the loopback.
        picture.save(out, "PNG", compress_level=1, pnginfo=note)
    elif file_format == "webp":
        picture.save(out, "WEBP", quality=95)
    else:
        raise ValueError(f"no such format: {file_format!r}")
    return out.getvalue()


def with_tail(content: bytes) -> bytes:
    """The picture as a whole JPEG, with some 3000 bytes behind its end marker."""
    return encoded(_opened(content).convert("RGB"), "jpg") + b"what another program wrote behind the picture\n" * 65


def as_avif(content: bytes) -> bytes:
    """The picture as AVIF: a kind that the service's page does not name."""
    out = io.BytesIO()
    _opened(content).save(out, "AVIF", quality=90, speed=10)  # the default takes a second on a busy machine
    return out.getvalue()


def bomb() -> bytes:
    """A whole PNG of some hundred bytes that declares 60000×60000 px."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(100_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def _opened(content: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(content))
    except (
        OSError,
        SyntaxError,
        ValueError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ) as error:
        raise NotAPicture(str(error)) from error
