"""Small pictures of every kind that a service may answer with."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

SIZE = (37, 23)


def encoded(format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    Image.effect_noise(SIZE, 60).convert("RGB").save(out, format, **options)
    return out.getvalue()


def animated(format: str) -> bytes:
    more = [Image.effect_noise(SIZE, 40).convert("RGB") for _ in range(3)]
    return encoded(format, save_all=True, append_images=more, duration=100)


PICTURES = [
    *(encoded(format) for format in ("PNG", "JPEG", "WEBP", "AVIF", "TIFF", "GIF", "BMP", "JPEG2000", "EPS", "PPM")),
    *(animated(format) for format in ("WEBP", "GIF", "PNG", "TIFF", "AVIF")),
    encoded("JPEG", progressive=True, exif=b"Exif\0\0" + bytes(6_000)),
    encoded("TIFF", compression="tiff_lzw"),
    encoded("WEBP", lossless=True),
]
