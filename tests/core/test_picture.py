"""The header parser against Pillow's encoders, whole and cut off."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from shared.pictures.encoded import EncodedImage, sniff
from tests.core.conftest import DATA


def encoded(format: str, size: tuple[int, int], mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(size, 80).convert(mode).save(out, format, **options)
    return out.getvalue()


CASES = {
    "jpg": encoded("JPEG", (61, 37)),
    "jpg progressive": encoded("JPEG", (61, 37), progressive=True),
    "jpg with a thumbnail's worth of metadata": encoded("JPEG", (61, 37), comment=b"\xff\xd9" * 400),
    "png": encoded("PNG", (61, 37)),
    "png alpha": encoded("PNG", (61, 37), "RGBA"),
    "webp lossy": encoded("WEBP", (61, 37)),
    "webp lossless": encoded("WEBP", (61, 37), lossless=True),
    "webp alpha": encoded("WEBP", (61, 37), "RGBA"),
}


@pytest.mark.parametrize("name", CASES)
def test_format_and_size_come_from_the_header(name: str) -> None:
    image = sniff(CASES[name])
    assert (image.format, image.width, image.height) == (name[:4].strip(), 61, 37)
    assert image.data == CASES[name]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.95])
def test_a_picture_that_was_cut_off_is_refused(name: str, part: float) -> None:
    data = CASES[name]
    with pytest.raises(ValueError, match="ends too early|is not a"):
        sniff(data[: int(len(data) * part)])


@pytest.mark.parametrize(
    "data", [b"", b"<html>", b"GIF89a", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"\xff\xd8\xff"]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        sniff(data)


def test_the_photos_are_what_pillow_says() -> None:
    for path in [*DATA.glob("*.png"), *DATA.glob("*.jpg")]:
        with Image.open(path) as picture:
            image = sniff(path.read_bytes())
            assert (image.width, image.height) == picture.size


def test_the_repr_does_not_print_the_bytes() -> None:
    assert repr(EncodedImage(b"x" * 10, "png", 1, 2)) == "EncodedImage(png, 1×2, 10 bytes)"
