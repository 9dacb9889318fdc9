"""The source's detail by GEGL in the real GIMP: the same as numpy's, and the same on every way of arrival."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.pictures import detail
from tests.bench.detail import EFFECTS, PHOTOS, encoded, psnr, shifted
from tests.telling import tell_at_the_end

from .conftest import Inside

TITLE = "The source's detail, GEGL's beside numpy's"
WHOLE = 2 * 1024 * 1024
# Effect, photo, factor, encoding, px beside, of a strip, strength.
CASES = {
    "echo": ("echo", "coffee.png", 3, "png", 0.0, WHOLE, 1.0),
    "in strips": ("curves", "chelsea.png", 3, "jpeg 95", 0.0, 7 * 451, 1.0),
    "light": ("light", "rocket.jpg", 2.5, "png", 0.0, WHOLE, 1.0),
    "beside": ("light", "coffee.png", 3, "png", 0.5, WHOLE, 1.0),
    "sent larger": ("light", "coffee.png", 3, "png", 0.0, WHOLE, 1.0),
    "painted": ("painted", "chelsea.png", 2, "jpeg 95", 0.0, WHOLE, 1.0),
    "unrelated": ("unrelated", "coffee.png", 3, "png", 0.0, WHOLE, 1.0),
    "half as strong": ("echo", "coffee.png", 3, "png", 0.0, WHOLE, 0.5),
}
Pictures = dict[str, tuple[Image.Image, Image.Image, Image.Image, float]]


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    """What came, its source and what was sent, with the strength."""
    made: Pictures = {}
    for name, (effect, photo, factor, encoding, beside, _, strength) in CASES.items():
        source = PHOTOS[photo]
        size = round(source.width / factor), round(source.height / factor)
        sent = source.resize(size, Image.Resampling.LANCZOS)
        if name == "sent larger":
            sent = source.resize((round(1.64 * size[0]), round(1.64 * size[1])), Image.Resampling.LANCZOS)
        came = EFFECTS[effect](np.asarray(sent.resize(size, Image.Resampling.LANCZOS)))
        if beside:
            whole = shifted(EFFECTS[effect](np.asarray(source)), (beside * factor,) * 2)
            came = np.asarray(Image.fromarray(whole).resize(size, Image.Resampling.LANCZOS))
        made[name] = Image.fromarray(encoded(came, encoding)), source, sent, strength
    return made


@pytest.fixture(scope="module")
def notes(inside: Inside, pictures: Pictures, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("pictures")
    for name, (came, source, sent, _) in pictures.items():
        for what, picture in (("came", came), ("source", source), ("sent", sent)):
            Image.fromarray(np.asarray(picture)).save(folder / f"{name}.{what}.png")
    cases = {
        name: {"strip": strip, "strength": strength, "grain": 0.0} for name, (*_, strip, strength) in CASES.items()
    }
    return inside.run("detail.py", plug_in=str(plug_in_of(inside)), pictures=str(folder), cases=cases)


def plug_in_of(inside: Inside) -> Path:
    (entry,) = inside.home.rglob("fluxdepth_gimp.py")
    return entry.parent


def of_gegl(inside: Inside, name: str, size: tuple[int, int]) -> np.ndarray:
    data = (inside.out / f"{name}.rgba").read_bytes()
    return np.frombuffer(data, np.uint8).reshape(size[1], size[0], 3)


@pytest.mark.parametrize("name", CASES)
def test_it_is_what_numpy_makes(
    name: str, notes: dict[str, dict[str, Any]], inside: Inside, pictures: Pictures
) -> None:
    came, source, sent, strength = pictures[name]
    ours = of_gegl(inside, name, source.size)
    theirs, kept = detail.keep(came, source, sent, strength=strength)
    difference = np.abs(ours.astype(int) - np.asarray(theirs))
    truth = EFFECTS[CASES[name][0]](np.asarray(source))
    plain, by_gegl, by_numpy = (
        psnr(np.asarray(one), truth) for one in (came.resize(source.size, Image.Resampling.BICUBIC), ours, theirs)
    )
    tell_at_the_end(
        TITLE,
        name,
        f"{plain:.1f} dB plain, {by_gegl:.1f} GEGL, {by_numpy:.1f} numpy; mean difference {difference.mean():.2f}, "
        f"share {notes[name]['share']:.2f} and {kept.share:.2f}, {notes[name]['seconds']:.1f} s",
    )
    assert difference.mean() <= 1
    assert notes[name]["share"] == pytest.approx(kept.share, abs=0.05)
    assert by_gegl >= plain - 0.35  # GEGL's plain enlargement is softer by so much
