"""GIMP's canvas on a screenshot: the chart that is put on it, finding the picture, and comparing it with what was sent.

One pixel of the image is one of the screen, transparency is white, and nothing is drawn over the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from .conftest import PHOTO, Inside

Picture = npt.NDArray[np.uint8]

PADDING = (255, 0, 255)  # around the canvas: no whole edge of a picture has that colour
GIMPRC = """
(initial-zoom-to-fit no)
(transparency-type white-only)
(default-view
    (show-selection no)
    (show-layer-boundary no)
    (show-canvas-boundary no)
    (show-guides no)
    (show-grid no)
    (show-sample-points no)
    (padding-mode custom)
    (padding-color (color-rgb 1 0 1)))
"""


def see_plainly(inside: Inside) -> None:
    """Have this profile's GIMP show pictures so that they can be compared."""
    with (inside.gimp.profile_folder(inside.home) / "gimprc").open("a") as gimprc:
        gimprc.write(GIMPRC)


def chart(path: Path, size: tuple[int, int]) -> Path:
    """Write a PNG of a photograph, beside it all hues from black to white, grays, and strong colours in patches."""
    width, height = size
    half = width // 2
    with Image.open(PHOTO) as photo:
        left = np.asarray(photo.convert("RGB").resize((half, height), Image.Resampling.LANCZOS))
    right = np.empty((height, width - half, 3), np.uint8)
    across = np.linspace(0, 1, width - half)
    hues, grays, dark = height // 2, height * 5 // 8, height * 3 // 4
    right[:hues] = _hues(across, np.linspace(0, 1, hues))
    right[hues:grays] = (across * 255).round()[None, :, None]
    right[grays:dark] = (across * 31).round()[None, :, None]  # where curves differ most
    patches = [(x, y, z) for x in (0, 128, 255) for y in (0, 128, 255) for z in (0, 128, 255)]
    chosen = (across * len(patches)).astype(int).clip(max=len(patches) - 1)
    right[dark:] = np.array(patches, np.uint8)[chosen][None]
    Image.fromarray(np.concatenate([left, right], 1)).save(path)
    return path


def _hues(hue: npt.NDArray[np.float64], lightness: npt.NDArray[np.float64]) -> Picture:
    """Hues across, from black by the full colour to white downwards; H×W×3."""
    turned = hue[None, :, None] * 6 + np.array([0.0, 4.0, 2.0])
    full = (np.abs(turned % 6 - 3) - 1).clip(0, 1)
    light = lightness[:, None, None]
    return np.asarray(
        (np.where(light < 0.5, 2 * light * full, 1 - 2 * (1 - light) * (1 - full)) * 255).round(), np.uint8
    )


def picture_on(screenshot: Path, size: tuple[int, int]) -> Picture | None:
    """The picture of that size on GIMP's canvas, H×W×3, or None while there is none on the screenshot."""
    with Image.open(screenshot) as screen:
        pixels = np.asarray(screen.convert("RGB"))
    outside = _box((pixels == PADDING).all(-1), 0.3)  # a thumbnail or a button may have the colour too
    if outside is None:
        return None
    inner = pixels[outside]
    inside = _box((inner != PADDING).any(-1))
    if inside is None:
        return None
    found = inner[inside]
    rows, columns = inside
    # Padding on all sides: else a part of it may be out of sight.
    framed = rows.start > 0 and columns.start > 0 and rows.stop < inner.shape[0] and columns.stop < inner.shape[1]
    return found.copy() if framed and found.shape[:2] == size[::-1] else None


def _box(mask: npt.NDArray[np.bool_], share: float = 0) -> tuple[slice, slice] | None:
    """From the first to the last row and column of which more than ``share`` is set."""
    rows, columns = np.flatnonzero(mask.mean(1) > share), np.flatnonzero(mask.mean(0) > share)
    if not (len(rows) and len(columns)):
        return None
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


@dataclass(frozen=True)
class Difference:
    """Between two pictures, of 255."""

    mean: float
    most: int


def difference(one: Picture, other: Picture) -> Difference:
    assert one.shape == other.shape
    apart = np.abs(one.astype(int) - other)
    return Difference(float(apart.mean()), int(apart.max()))


def scaled(picture: Picture, size: tuple[int, int]) -> Picture:
    """``picture`` at a smaller size, its light added up and not its numbers; no arithmetic of GIMP's is in it."""
    if size == (picture.shape[1], picture.shape[0]):
        return picture
    encoded = picture / 255.0
    light = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)
    bands = [Image.fromarray(band).resize(size, Image.Resampling.HAMMING) for band in np.moveaxis(light, -1, 0)]
    light = np.stack([np.asarray(band) for band in bands], -1).clip(0, 1)
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.asarray((encoded * 255).round(), np.uint8)
