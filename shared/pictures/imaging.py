"""Raw pixels ↔ encoded pictures, with Pillow: the only file that imports it, and only when it is first needed.

For hosts that hand over raw pixels (Blender). Everything here may run in a worker thread: it touches no host, and long
work is done in strips so that Python's lock is never held long enough to be felt in a user interface. Pillow alone does
the arithmetic: Linux distributions ship Blender without numpy.
"""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import PictureError
from .encoded import EncodedImage
from .sending import JPEG_QUALITY, WEBP_QUALITY, sent_format, sent_size

if TYPE_CHECKING:
    from PIL import Image

WEBP_LARGEST_SIDE = 16383  # RFC 9649: 14 bits
JPEG_LARGEST_SIDE = 65535  # ITU-T T.81: 16 bits
STRIP_PIXELS = 512 * 1024  # about 5 ms of work a strip; larger ones are felt, smaller ones only cost time


@dataclass(frozen=True)
class Pixels:
    """An uncompressed picture as a host holds it: rows of interleaved samples without padding.

    ``kind`` says what a sample is:
    ``byte``     uint8, encoded for display, alpha straight (not multiplied into the colour)
    ``float``    float32, 0–1, the same otherwise
    ``linear``   float32, scene-linear Rec.709, alpha premultiplied; shown by the sRGB curve
    ``order`` is ``L``, ``RGB``, ``RGBA``, ``BGR`` or ``BGRA`` (the last two for ``byte`` only).
    """

    data: bytes | bytearray | memoryview
    width: int
    height: int
    order: str = "RGBA"
    kind: str = "byte"
    bottom_up: bool = False


def missing() -> str:
    """What has to be installed before pictures can be encoded here, in words; empty when all is there."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError as exc:
        return (
            f"Pillow can't be imported ({exc}). Install the Flux Depth package of this platform, "
            "or your distribution's Pillow for this Python (Debian: python3-pil)."
        )
    return ""


def picture(pixels: Pixels) -> Image.Image:
    """``pixels`` as a top-down 8-bit Pillow image of mode RGB or RGBA, encoded for display, alpha straight.

    Raises :class:`PictureError` when Pillow is missing.
    """
    if problem := missing():
        raise PictureError("The picture can't be encoded.", problem)
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


def decode(data: bytes) -> Image.Image:
    """The picture in ``data`` as mode RGB or RGBA. Raises :class:`PictureError` when it can't be decoded."""
    if problem := missing():
        raise PictureError("The picture can't be decoded.", problem)
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as opened:
            image: Image.Image = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
            return image
    except (OSError, Image.DecompressionBombError) as exc:
        raise PictureError("The picture can't be decoded.", str(exc)) from exc


def with_alpha(result: EncodedImage, alpha: Image.Image) -> EncodedImage:
    """``result`` with the transparency ``alpha`` (mode L, any size: scaled to the result's), as PNG.

    What was sent stood over white; that white is taken out again (C = 1 − (1 − R) / α), or soft edges would keep a
    white fringe. Raises :class:`PictureError` when the result can't be decoded.
    """
    from PIL import Image, ImageChops

    image = decode(result.data).convert("RGB")
    if alpha.size != image.size:
        alpha = alpha.resize(image.size, Image.Resampling.LANCZOS)
    # 1 − R is premultiplied by α, as mode RGBa holds it; the conversion to RGBA divides by α.
    inverse = Image.merge("RGBa", (*ImageChops.invert(image).split(), alpha)).convert("RGBA")
    *colours, _ = inverse.split()
    image = Image.merge("RGBA", (*(ImageChops.invert(band) for band in colours), alpha))
    return EncodedImage(_file(image, "png"), "png", *image.size)


def as_kind(picture: EncodedImage, kind: str) -> EncodedImage:
    """``picture`` as a file of ``kind`` (jpg, png or webp): its exact bytes when it is of that kind already.

    WebP is written without loss; JPEG holds no transparency, so the picture then stands over white. A picture of a kind
    that the core does not know (format "") is opened by Pillow. Raises :class:`PictureError`.
    """
    if picture.format == kind:
        return picture
    image = decode(picture.data)
    if kind == "jpg":
        image = _over_white(image)
    return EncodedImage(_file(image, kind, lossless=True), kind, *image.size)


def stored_alpha(alpha: Image.Image) -> bytes:
    """``alpha`` (mode L) as the bytes of a small file, for :func:`read_alpha`."""
    return _file(alpha, "png")


def read_alpha(data: bytes) -> Image.Image:
    """What :func:`stored_alpha` wrote, mode L. Raises :class:`PictureError`."""
    return decode(data).getchannel(0)


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
        raise PictureError(
            f"{format.upper()} holds at most {largest} px a side, and the picture is {image.width}×{image.height} px.",
            "Lower the longest side sent, or send it as PNG.",
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
    """Strip by strip, which bounds memory and how long Python's lock is held."""
    from PIL import Image

    channels = len(pixels.order)
    convert = {"float": _encoded_strip, "linear": _linear_strip}[pixels.kind]
    samples = memoryview(pixels.data).cast("B").cast("f")
    row = pixels.width * channels
    rows = max(1, STRIP_PIXELS // pixels.width)
    image = Image.new(pixels.order, (pixels.width, pixels.height))
    for start in range(0, pixels.height, rows):
        count = min(rows, pixels.height - start)
        strip = convert(samples[start * row : (start + count) * row], pixels.width, count, pixels.order)
        if pixels.bottom_up:
            image.paste(strip.transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, pixels.height - start - count))
        else:
            image.paste(strip, (0, start))
    return image


def _encoded_strip(samples: memoryview[Any], width: int, height: int, mode: str) -> Image.Image:
    """Every sample is treated alike, so the strip is one band that is as wide as all channels."""
    from PIL import Image

    flat = Image.frombytes("F", (width * len(mode), height), samples.tobytes())
    scaled = flat.point(lambda sample: sample * 255 + 0.5).convert("L")  # the conversion clips and cuts
    return Image.frombytes(mode, (width, height), scaled.tobytes())


def _linear_strip(samples: memoryview[Any], width: int, height: int, mode: str) -> Image.Image:
    from PIL import Image, ImageMath

    channels = len(mode)
    bands = [Image.frombytes("F", (width, height), samples[c::channels].tobytes()) for c in range(channels)]
    if mode == "RGBA":
        alpha = bands.pop()
        if alpha.getextrema() != (1.0, 1.0):
            bands = [
                # Where alpha is 0 there is no colour to find; whatever comes out is covered by white.
                ImageMath.lambda_eval(
                    lambda args: args["band"] / args["max"](args["alpha"], 1e-6), band=band, alpha=alpha
                )
                for band in bands
            ]
    shown = [_sixteen_bits(band).point(_srgb_curve(), "L") for band in bands]
    if mode == "RGBA":
        shown.append(alpha.point(lambda sample: sample * 255 + 0.5).convert("L"))
    return Image.merge(mode, shown)


def _sixteen_bits(band: Image.Image) -> Image.Image:
    """0–1 as 0–65535 (mode I). Cut at 1 first: the sun of a panorama would wrap around to black."""
    from PIL import ImageMath

    scaled: Image.Image = ImageMath.lambda_eval(lambda args: args["min"](args["band"], 1.0) * 65535.0 + 0.5, band=band)
    return scaled.convert("I")


@functools.lru_cache(maxsize=1)
def _srgb_curve() -> list[int]:
    """IEC 61966-2-1 for 16 bits of linear light to 8 bits: finer than one step of the result everywhere."""
    curve = []
    for step in range(65536):
        linear = step / 65535
        encoded = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
        curve.append(int(encoded * 255 + 0.5))
    return curve
