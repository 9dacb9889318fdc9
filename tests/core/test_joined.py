"""JPEG files joined of strips, read by Pillow: the same pixels as each strip alone has."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from shared.pictures.encoded import joined_jpeg, sniff, strip_rows


def encoded(pixels: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=97, subsampling="4:4:4", **options)
    return file.getvalue()


def decoded(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


@pytest.mark.parametrize("height", [8 * 130, 8 * 10 * 130 + 37, 8 * 260 - 5], ids=["one", "eleven", "not whole"])
def test_it_shows_what_the_strips_show(height: int) -> None:
    width = 4003  # so that no side is one of whole blocks
    rows = strip_rows(width)
    assert rows == 8 * 130
    pixels = np.random.default_rng(1).integers(0, 256, (height, 40, 3), np.uint8).repeat(101, axis=1)[:, :width]
    strips = [encoded(pixels[top : top + rows]) for top in range(0, height, rows)]
    whole = b"".join(joined_jpeg(iter(strips), width, height))
    image = sniff(whole)
    assert (image.format, image.width, image.height) == ("jpg", width, height)
    shown = decoded(whole)
    for number, strip in enumerate(strips):
        assert (shown[number * rows : (number + 1) * rows] == decoded(strip)).all(), number


def test_no_strip_has_more_than_an_interval_can_count() -> None:
    for width in (1, 8, 9, 600, 12544, 65535):
        assert 0 < strip_rows(width) // 8 * -(-width // 8) <= 65535


@pytest.mark.parametrize("case", ["progressive", "cut off", "another file", "nothing"])
def test_what_is_no_such_strip_is_refused(case: str) -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    sound = encoded(pixels)
    other = {"progressive": encoded(pixels, progressive=True), "cut off": sound[:-2]}
    strip = {**other, "another file": b"\x89PNG\r\n\x1a\n" + 40 * b"\0", "nothing": b""}[case]
    for strips in ([strip], [sound, strip]):
        with pytest.raises(ValueError, match="no baseline JPEG"):
            list(joined_jpeg(strips, 16, 16))
