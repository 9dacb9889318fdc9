"""Raw pixels ↔ encoded pictures, with numpy and Pillow: the only file that imports them, and only when first needed.

For hosts that hand over raw pixels (Blender). Everything here may run in a worker thread: it touches no host, and numpy
and Pillow let go of Python's lock while they calculate. Arithmetic is done in strips, which bounds the memory.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import PictureError
from ..language import tr
from .encoded import EncodedImage
from .sending import JPEG_LARGEST_SIDE, JPEG_QUALITY, WEBP_QUALITY, sent_format, sent_size

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

    Strip = np.ndarray[Any, np.dtype[Any]]  # (rows, width, channels)

WEBP_LARGEST_SIDE = 16383  # RFC 9649: 14 bits
# The kinds that a store of pictures may have. Pillow knows more, some of which start other programs (EPS).
DECODED = ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "JPEG2000", "MPO")
ICON_SIDE = 256  # px, as Blender's own
THUMBNAIL_QUALITY = 85  # some 10 KB at 256 px
STRIP_PIXELS = 128 * 1024  # 2 MB of float RGBA: what numpy works on stays in the processor's cache


@dataclass(frozen=True)
class Pixels:
    """An uncompressed picture as a host holds it: rows of interleaved samples without padding.

    ``kind`` says what a sample is:
    ``byte``     uint8, encoded for display
    ``float``    float32, 0–1, encoded for display
    ``linear``   float32, scene-linear Rec.709, shown by the sRGB curve
    ``order`` is ``L``, ``RGB``, ``RGBA``, ``BGR`` or ``BGRA`` (the last two for ``byte`` only).
    ``premultiplied``: the colour is multiplied by alpha (``linear`` only); else alpha is straight.
    """

    data: bytes | bytearray | memoryview
    width: int
    height: int
    order: str = "RGBA"
    kind: str = "byte"
    bottom_up: bool = False
    premultiplied: bool = False


def missing() -> str:
    """What has to be installed before pictures can be encoded here, in words; empty when all is there."""
    for name, library, package in (("PIL.Image", "Pillow", "python3-pil"), ("numpy", "NumPy", "python3-numpy")):
        try:
            importlib.import_module(name)
        except ImportError as exc:
            words = tr(
                "{library} can't be imported ({reason}). Use a Blender from blender.org with the Flux Depth package of "
                "this platform, or install {library} for your distribution's Blender (Debian: {package})."
            )
            return words.format(library=library, reason=exc, package=package)
    return ""


def picture(pixels: Pixels) -> Image.Image:
    """``pixels`` as a top-down 8-bit Pillow image of mode RGB or RGBA, encoded for display, alpha straight.

    What is no number counts as 0, what lies outside 0–1 is cut. Raises :class:`PictureError` when Pillow or numpy is
    missing.
    """
    if problem := missing():
        raise PictureError(tr("The picture can't be encoded."), problem)
    from PIL import Image

    if pixels.kind == "byte":
        mode = pixels.order.replace("BGR", "RGB")
        step = -1 if pixels.bottom_up else 1
        size = (pixels.width, pixels.height)
        # frombytes and not frombuffer: the latter may share memory with a buffer that the host reuses.
        image = Image.frombytes(mode, size, bytes(pixels.data), "raw", pixels.order, 0, step)
    else:
        image = _from_floats(pixels)
    return image.convert("RGB") if image.mode == "L" else image


def alpha_of(image: Image.Image) -> Image.Image | None:
    """The transparency of ``image`` as mode L, 255 = opaque; None when it is opaque everywhere."""
    if image.mode != "RGBA":
        return None
    alpha = image.getchannel("A")
    return None if alpha.getextrema() == (255, 255) else alpha


def is_plain(image: Image.Image) -> bool:
    """Whether ``image`` (RGB or RGBA) has one single colour as it is sent: over white where it is transparent."""
    return all(low == high for low, high in (band.getextrema() for band in _over_white(image).split()))


def encode(image: Image.Image, *, format: str, longest_side: int) -> EncodedImage:
    """``image`` (RGB or RGBA) as an opaque file: over white where it is transparent, scaled down by Lanczos so that no
    side is longer than ``longest_side`` px (0: as it is).

    ``format`` is auto, jpg, png or webp; auto is PNG up to about a megapixel, else JPEG. Raises :class:`PictureError`
    for a size that the format does not hold.
    """
    from PIL import Image

    opaque = _over_white(image)
    size = sent_size(*opaque.size, longest_side)
    if size != opaque.size:
        opaque = opaque.resize(size, Image.Resampling.LANCZOS)
    format = sent_format(size, format)
    return EncodedImage(_file(opaque, format), format, *size)


def source_of(image: Image.Image, sent: EncodedImage) -> bytes | None:
    """``image`` (RGB or RGBA) at its own size as a JPEG over white, for its detail; None where ``sent`` is that large.

    None as well for a side that JPEG does not hold.
    """
    if image.size == (sent.width, sent.height) or max(image.size) > JPEG_LARGEST_SIDE:
        return None
    return _file(_over_white(image), "jpg")


def decode(data: bytes, least: int = 0) -> Image.Image:
    """The picture in ``data`` as mode RGB or RGBA. Raises :class:`PictureError` when it can't be decoded.

    Where ``least`` px of each side will do, a JPEG may come smaller, in a fraction of the time; 0: as it is.
    """
    if problem := missing():
        raise PictureError(tr("The picture can't be decoded."), problem)
    from PIL import Image

    try:
        Image.init()
        known = [kind for kind in DECODED if kind in Image.OPEN]
        with Image.open(io.BytesIO(data), formats=known) as opened:
            if least:
                opened.draft(None, (least, least))
            image: Image.Image = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
            return image
    except Exception as exc:  # damaged files make the decoders raise whatever comes of them
        raise PictureError(tr("The picture can't be decoded."), str(exc)) from exc


def with_alpha(image: Image.Image, alpha: Image.Image) -> Image.Image:
    """``image`` (RGB), a result, with the transparency ``alpha`` (mode L, any size: scaled to the result's).

    What was sent stood over white; that white is taken out again (C = 1 − (1 − R) / α), or soft edges would keep a
    white fringe.
    """
    import numpy as np
    from PIL import Image

    if alpha.size != image.size:
        alpha = alpha.resize(image.size, Image.Resampling.LANCZOS)
    colours, shares = np.asarray(image), np.asarray(alpha)
    whole = np.empty((*shares.shape, 4), np.uint8)
    whole[..., 3] = shares
    for rows in _strips(*shares.shape):
        share = np.maximum(shares[rows, :, None], np.float32(1))  # where it is 0, nothing is seen
        _to_bytes(255 - (255 - colours[rows].astype(np.float32)) * (255 / share), whole[rows, :, :3])
    return Image.fromarray(whole)


def filed(image: Image.Image, kind: str) -> EncodedImage:
    """``image`` (RGB or RGBA) as a file of ``kind``, as :func:`as_kind` makes it. Raises :class:`PictureError`."""
    if kind == "jpg":
        image = _over_white(image)
    return EncodedImage(_file(image, kind, lossless=True), kind, *image.size)


def as_kind(picture: EncodedImage, kind: str) -> EncodedImage:
    """``picture`` as a file of ``kind`` (jpg, png or webp): its exact bytes when it is of that kind already.

    WebP is written without loss; JPEG holds no transparency, so the picture then stands over white. A picture of a kind
    that the core does not know (format "") is opened by Pillow. Raises :class:`PictureError`.
    """
    if picture.format == kind:
        return picture
    return filed(decode(picture.data), kind)


def thumbnail(file: Path, longest_side: int) -> bytes:
    """The picture in ``file`` as a small JPEG, over white where it is transparent; no side is longer than so many px.

    Raises :class:`PictureError`.
    """
    image = _over_white(decode(_read(file), longest_side))
    image.thumbnail((longest_side, longest_side))
    opened = io.BytesIO()
    image.save(opened, "JPEG", quality=THUMBNAIL_QUALITY)
    return opened.getvalue()


def icon_of(file: Path) -> Pixels:
    """As :func:`icon` of the picture in ``file``. Raises :class:`PictureError`."""
    return icon(_read(file))


def icon(data: bytes) -> Pixels:
    """The picture in ``data`` as Blender's icons take it: RGBA bytes, bottom-up, no side longer than 256 px.

    Raises :class:`PictureError`.
    """
    image = decode(data, ICON_SIDE).convert("RGBA")
    image.thumbnail((ICON_SIDE, ICON_SIDE))
    return Pixels(image.tobytes("raw", "RGBA", 0, -1), *image.size, bottom_up=True)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as exc:
        raise PictureError(tr("The picture can't be read."), str(exc)) from exc


def stored_alpha(alpha: Image.Image) -> bytes:
    """``alpha`` (mode L) as the bytes of a small file, for :func:`read_alpha`."""
    return _file(alpha, "png")


def read_alpha(data: bytes) -> Image.Image:
    """What :func:`stored_alpha` wrote, mode L. Raises :class:`PictureError`."""
    return decode(data).getchannel(0)


def stored_whole(image: Image.Image, opaque: bool) -> bytes:
    """``image`` (RGB or RGBA) without loss, for :func:`decode`; ``opaque``: over white, as it is sent."""
    return _file(_over_white(image) if opaque else image, "png")


def _over_white(image: Image.Image) -> Image.Image:
    from PIL import Image

    if image.mode != "RGBA":
        return image
    opaque = Image.new("RGB", image.size, "white")
    opaque.paste(image, mask=image.getchannel("A"))
    return opaque


def _file(image: Image.Image, format: str, lossless: bool = False) -> bytes:
    largest = {"webp": WEBP_LARGEST_SIDE, "jpg": JPEG_LARGEST_SIDE}.get(format)
    if largest and max(image.size) > largest:
        words = tr("{format} holds at most {largest} px a side, and the picture is {width}×{height} px.")
        raise PictureError(
            words.format(format=format.upper(), largest=largest, width=image.width, height=image.height),
            tr("Lower the longest side sent, or send it as PNG."),
            field="longest_side",
        )
    stream = io.BytesIO()
    if format == "jpg":
        image.save(stream, "JPEG", quality=JPEG_QUALITY, subsampling="4:4:4")
    elif format == "webp":
        image.save(stream, "WEBP", quality=WEBP_QUALITY, lossless=lossless)
    elif format == "png":
        image.save(stream, "PNG", compress_level=4)  # 6 takes twice as long and saves 2 %
    else:
        raise ValueError(f"no such upload format: {format}")
    return stream.getvalue()


def _from_floats(pixels: Pixels) -> Image.Image:
    import numpy as np
    from PIL import Image

    height, width, channels = pixels.height, pixels.width, len(pixels.order)
    samples = np.frombuffer(pixels.data, np.float32).reshape(height, width, channels)
    shown = np.empty(samples.shape, np.uint8)
    for rows in _strips(height, width):
        strip = samples[rows]
        _to_bytes(255 * (_displayed(strip, pixels.premultiplied) if pixels.kind == "linear" else strip), shown[rows])
    if pixels.bottom_up:
        shown = np.ascontiguousarray(shown[::-1])
    return Image.fromarray(shown[..., 0] if channels == 1 else shown)


def _strips(height: int, width: int) -> Iterator[slice]:
    rows = max(1, STRIP_PIXELS // width)
    return (slice(start, min(start + rows, height)) for start in range(0, height, rows))


def _to_bytes(values: Strip, into: Strip) -> None:
    """Rounds ``values``, 0–255, which it may change, into uint8. What is no number becomes 0."""
    import numpy as np

    np.fmin(np.fmax(values, 0, out=values), 255, out=values)
    values += np.float32(0.5)
    into[...] = values


def _displayed(linear: Strip, premultiplied: bool) -> Strip:
    """Scene-linear samples as the display shows them: by IEC 61966-2-1's curve, alpha straight.

    All channels are calculated, alpha too, and that is put back: over gaps numpy is slower than over one more channel.
    """
    import numpy as np

    alpha = linear[..., 3:]  # of no width, when there is none
    if premultiplied and (alpha != 1).any():
        linear = linear / np.fmax(alpha, np.float32(1e-6))  # where it is 0 there is no colour, and white covers it
    linear = np.fmax(linear, 0)
    np.fmin(linear, 1, out=linear)
    shown: Strip = linear ** np.float32(1 / 2.4)
    shown *= np.float32(1.055)
    shown -= np.float32(0.055)
    np.multiply(linear, np.float32(12.92), out=shown, where=linear <= np.float32(0.0031308))
    shown[..., 3:] = alpha
    return shown
