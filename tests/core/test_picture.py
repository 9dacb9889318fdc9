"""The header parser against Pillow's encoders, whole and cut off."""

from __future__ import annotations

import io
import sys
import time

import pytest
from PIL import Image

from shared.pictures.encoded import EncodedImage, declared_pixels, sniff, sniff_or_raw
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


TAILS = {
    "padding": bytes(5000),
    "text": b"what another program wrote\n" * 400,
    "half an end marker": b"\xff" * 3000,
    "another picture": CASES["png"],
}


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("name", CASES)
def test_bytes_behind_the_end_of_a_picture_do_no_harm(name: str, tail: str) -> None:
    data = CASES[name] + TAILS[tail]
    image = sniff(data)
    assert (image.format, image.width, image.height, image.data) == (name[:4].strip(), 61, 37, data)


def test_a_jpeg_that_was_cut_off_is_not_completed_by_the_thumbnail_in_its_header() -> None:
    thumbnail = CASES["jpg"]
    inside = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    whole = CASES["jpg"][:2] + inside + encoded("JPEG", (300, 200))[2:]
    assert (sniff(whole).width, sniff(whole).height) == (300, 200)
    for end in range(len(inside) + 700, len(whole), 997):
        with pytest.raises(ValueError, match="ends too early"):
            sniff(whole[:end])


def test_a_large_jpeg_is_walked_in_no_time() -> None:
    data = encoded("JPEG", (4000, 3000), quality=95)
    started = time.perf_counter()
    sniff(data)
    assert time.perf_counter() - started < 0.5  # a few ms


PNG_HEAD = CASES["png"][:33]
BOMBS = {
    "png of empty texts": PNG_HEAD + b"\0\0\0\0tEXt\0\0\0\0" * (2 << 20),
    "jpg of fill bytes": b"\xff\xd8\xff\xe0\0\2" + b"\xff" * (16 << 20),
    "jpg of bare markers": b"\xff\xd8\xff\xe0\0\2" + b"\xff\x01" * (8 << 20),
    "jpg of empty comments": b"\xff\xd8\xff\xe0\0\2" + b"\xff\xfe\0\2" * (4 << 20),
    "jpg of empty scans": b"\xff\xd8\xff\xe0\0\2" + b"\xff\xda\0\2" * (4 << 20),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_of_metadata_is_no_picture_and_holds_nobody_up(name: str) -> None:
    steps = 0

    def count(frame: object, event: str, argument: object) -> object:
        nonlocal steps
        steps += 1
        return count

    sys.settrace(count)
    try:
        image = sniff_or_raw(BOMBS[name])
    finally:
        sys.settrace(None)
    assert image.format == ""
    assert steps < 4_000_000


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (encoded("AVIF", (61, 37)), ".avif"),
        (encoded("TIFF", (61, 37)), ".tif"),
        (b"MM\x00*" + bytes(9), ".tif"),
        (encoded("GIF", (61, 37)), ".gif"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(9), ".heic"),
        (b"\xff\x0a" + bytes(9), ".jxl"),
        (b"\x00\x00\x00\x0cJXL \r\n\x87\n", ".jxl"),
        (CASES["png"][:-20], ".png"),
        (CASES["jpg"][:-20], ".jpg"),
        (CASES["webp lossy"][:-20], ".webp"),
        (b"\x01\x02", ".bin"),
        (b"", ".bin"),
    ],
)
def test_what_the_header_does_not_explain_is_kept_as_it_came(data: bytes, suffix: str) -> None:
    image = sniff_or_raw(data)
    assert (image.data, image.format, image.width, image.height) == (data, "", 0, 0)
    assert (image.suffix, image.media_type) == (suffix, "application/octet-stream")
    assert repr(image) == f"EncodedImage(unknown, 0×0, {len(data)} bytes)"


def test_a_picture_that_is_understood_is_no_raw_one() -> None:
    assert sniff_or_raw(CASES["png"]) == sniff(CASES["png"])
    assert sniff_or_raw(CASES["png"][:16] + bytes(8) + CASES["png"][24:]).format == ""  # 0×0 px


def test_a_picture_that_was_cut_off_still_declares_its_pixels() -> None:
    for data in CASES.values():
        assert declared_pixels(data) == declared_pixels(data[:-20]) == 61 * 37
    assert declared_pixels(b"<html>") == 0


def test_the_photos_are_what_pillow_says() -> None:
    for path in [*DATA.glob("*.png"), *DATA.glob("*.jpg")]:
        with Image.open(path) as picture:
            image = sniff(path.read_bytes())
            assert (image.width, image.height) == picture.size


def test_the_repr_does_not_print_the_bytes() -> None:
    assert repr(EncodedImage(b"x" * 10, "png", 1, 2)) == "EncodedImage(png, 1×2, 10 bytes)"
