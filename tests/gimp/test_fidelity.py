"""With a service that changes nothing, the new layer is the source: pixels, place, size, and all else untouched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.sandbox import Sandbox

from .conftest import INSIDE, Inside
from .delta_e import delta_e

# Read out of the script, so that a kind of layer can't be forgotten here.
NAMES = [line.split('"')[1] for line in (INSIDE / "fidelity.py").read_text("utf-8").splitlines() if line[:5] == '    "']
# Mean and 99th percentile of ΔE2000. What is sent with loss is held looser: WebP halves the resolution of colour.
BOUNDS = {"sent as JPEG": (1, 3), "sent as WebP": (1.25, 4)}


@pytest.fixture(scope="module")
def notes(inside: Inside, sandbox: Sandbox) -> dict[str, dict[str, Any]]:
    return inside.run("fidelity.py", echo=sandbox.base_url, key=sandbox.api_key)


def over_gray(path: Path) -> npt.NDArray[np.float64]:
    """The picture over mid-gray, where too much and too little alpha show; N×3."""
    rgba = np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, 4).astype(float)
    cover = rgba[:, 3:] / 255
    return rgba[:, :3] * cover + 128 * (1 - cover)


@pytest.mark.parametrize("name", NAMES)
def test_what_goes_out_comes_back_in_its_place(name: str, notes: dict[str, dict[str, Any]], inside: Inside) -> None:
    facts = notes[name]
    assert facts["status"] == "success", facts["message"]
    before, after = (over_gray(inside.out / f"{name}.{when}.rgba") for when in ("before", "after"))
    assert before.shape == after.shape
    difference = delta_e(before, after)
    print(f"{name}: mean ΔE {difference.mean():.3f}, 99th percentile {np.percentile(difference, 99):.3f}")
    mean, most = BOUNDS.get(name, (1, 3))
    if name not in BOUNDS:
        assert np.abs(before - after).mean() <= 1
    assert difference.mean() <= mean
    assert np.percentile(difference, 99) <= most
    assert facts["changed"] == []
    assert facts["position"] == facts["expected position"]
    assert facts["same parent"]


@pytest.mark.parametrize("name", [name for name in NAMES if "selection" not in name and name != "visible"])
def test_layer_has_the_place_and_the_size_of_its_source(name: str, notes: dict[str, dict[str, Any]]) -> None:
    assert notes[name]["layer"] == notes[name]["source"]
    assert not notes[name]["has mask"]


def test_visible_covers_the_canvas(notes: dict[str, dict[str, Any]]) -> None:
    assert notes["visible"]["layer"] == [0, 0, *notes["visible"]["canvas"]]


@pytest.mark.parametrize("name", [name for name in NAMES if "selection" in name])
def test_selection_becomes_the_layer_mask(name: str, notes: dict[str, dict[str, Any]]) -> None:
    assert notes[name]["mask is the selection"]


def test_some_context_goes_with_a_selection(notes: dict[str, dict[str, Any]]) -> None:
    # 80×60 at 60,50 with a quarter of the longer side on each
    assert notes["rectangular selection"]["layer"] == [40, 30, 120, 100]


def test_opaque_source_gives_an_opaque_layer(notes: dict[str, dict[str, Any]]) -> None:
    assert not notes["RGB 8-bit"]["has alpha"]
    assert notes["alpha"]["has alpha"]


def test_layer_carries_the_settings_that_made_it(notes: dict[str, dict[str, Any]]) -> None:
    record = notes["RGB 8-bit"]["record"]
    assert record["model"] == "black-forest-labs/flux-depth-pro"
    assert record["settings"] == {
        "prompt": "Fog far behind",
        "seed": 0,
        "steps": 28,
        "prompt_upsampling": False,
        "guidance": 3.5,
        "safety_tolerance": 2,
        "format": "png",
    }
    assert record["uuid"]
    assert record["job"]
    assert notes["RGB 8-bit"]["name"] == "Fog far behind · seed 0"
