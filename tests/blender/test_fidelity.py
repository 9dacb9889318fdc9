"""What goes out comes back in its place: an echo edit of every kind of source equals what Blender displays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.sandbox import Sandbox

from .conftest import HEADLESS, Installed, checks_of, installed

SCRIPT = "fidelity.py"


@pytest.fixture(scope="module", params=HEADLESS)
def edited(
    request: pytest.FixtureRequest, package: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    host = installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))
    host.run(SCRIPT, sandbox)
    return host


def over_gray(path: str, size: list[int] | None = None) -> np.ndarray:
    """The picture over mid-gray, H×W×3 in 0–255: too much and too little alpha show alike."""
    if path.endswith(".raw"):
        assert size
        pixels = np.fromfile(path, np.uint8).reshape(size[1], size[0], 4)[::-1]
    else:
        pixels = np.asarray(Image.open(path).convert("RGBA"))
    colour, alpha = pixels[..., :3].astype(float), pixels[..., 3:] / 255.0
    return colour * alpha + 127.5 * (1 - alpha)


@pytest.mark.parametrize("check", checks_of(SCRIPT))
def test_source(edited: Installed, check: str) -> None:
    note = edited.note(check)
    if not isinstance(note, dict):
        return
    truth, result = over_gray(note["truth"], note.get("size")), over_gray(note["result"])
    assert truth.shape == result.shape
    difference = np.abs(truth - result)
    assert difference.mean() <= 1
    assert np.percentile(difference, 99) <= 3


def test_transparency_comes_back(edited: Installed) -> None:
    for check in ("check_render_transparent", "check_image_byte_with_alpha", "check_image_float_with_alpha"):
        alpha = np.asarray(Image.open(edited.note(check)["result"]).convert("RGBA"))[..., 3]
        assert alpha.min() < 30
        assert alpha.max() == 255
