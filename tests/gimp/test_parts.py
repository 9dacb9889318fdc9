"""Single rooms of the plug-in in a real GIMP, for what no way through the procedures can bring about."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shared.model.parameters import OF_BOTH_HOSTS, OF_ONE_HOST

from .conftest import Inside

Notes = dict[str, dict[str, Any]]
GRADIENT = np.add.outer(np.arange(40), np.arange(70)).astype(np.uint8)
# Size, the size that is sent, and how many pixels at the right and below are not white.
SCALED = {
    "as it is": ((70, 50), (70, 50), 5),
    "a little smaller": ((586, 427), (501, 365), 5),
    "less than half": ((586, 427), (256, 187), 5),
    "a fifth": ((1283, 929), (256, 185), 8),
    "narrow": ((1283, 31), (256, 6), 8),
}


@pytest.fixture(scope="module")
def notes(inside: Inside) -> Iterator[Notes]:
    files = {name: str(inside.out / f"{name}.png") for name in ("filtered", "coloured")}
    Image.fromarray(GRADIENT).save(files["filtered"])
    Image.fromarray(GRADIENT).convert("RGB").save(files["coloured"])
    plug_in = inside.gimp.profile_folder(inside.home) / "plug-ins" / "fluxdepth_gimp"
    yield inside.run("parts.py", plug_in=str(plug_in), theirs=files, scaled=SCALED)


def test_coverage_is_a_gray_png_that_everyone_reads(notes: Notes, inside: Inside) -> None:
    assert notes["coverage"]["read"]
    assert notes["coverage"]["from_ours"]
    assert notes["coverage"]["is_ours"]
    with Image.open(io.BytesIO((inside.out / "ours.png").read_bytes())) as image:
        assert image.mode == "L"
        assert image.size == (61, 50)
        y, x = np.mgrid[:50, :61]
        assert (np.asarray(image) == x * y % 256).all()


def test_coverage_of_another_program_is_read(notes: Notes) -> None:
    for name in ("filtered", "coloured"):
        assert notes["coverage"]["from_theirs"][name] == GRADIENT.flatten().tolist(), name


def test_coverage_of_version_1_is_read(notes: Notes) -> None:
    assert notes["version 1"] == {"same": True, "none": True}


@pytest.mark.parametrize("kind", ["gray", "colour"])
@pytest.mark.parametrize("bits", ["8", "16", "16 linear", "half", "float", "double"])
@pytest.mark.parametrize("source", ["layer", "visible"])
def test_preview_shows_what_is_there(kind: str, bits: str, source: str, notes: Notes) -> None:
    shown = notes[f"preview {kind} {bits} {source}"]
    assert shown["size"] == [100, 50]
    assert shown["left"] == pytest.approx([180] * 3, abs=2)
    assert shown["right"][0] in (0x66, 0x99) and len(set(shown["right"])) == 1, "the checks"


def test_broken_coverage_is_told(notes: Notes) -> None:
    assert set(notes["broken"]) == {"half", "text", "nothing"}


@pytest.mark.parametrize("name", SCALED)
@pytest.mark.parametrize("see_through", [False, True], ids=["opaque", "see-through"])
def test_what_is_sent_smaller_reaches_from_edge_to_edge(
    name: str, see_through: bool, notes: Notes, inside: Inside
) -> None:
    (width, height), (wide, high), edge = SCALED[name]
    pixels = np.frombuffer((inside.out / f"{name} {see_through}.rgba").read_bytes(), np.uint8).reshape(high, wide, 4)
    if see_through:
        covered = pixels[..., 3] / 255
        assert (pixels[..., :3][pixels[..., 3] > 8] >= 253).all()  # the black that nobody sees does not bleed
    else:
        assert (pixels[..., 3] == 255).all()
        value = pixels[..., 0] / 255
        covered = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)  # it adds up as light
    assert covered[0, 0] == 1
    assert covered[0].sum() == pytest.approx((width - edge) * wide / width, abs=0.1)
    assert covered[:, 0].sum() == pytest.approx((height - edge) * high / height, abs=0.1)
    assert covered[-1, -1] == pytest.approx(0, abs=0.01)


def test_blender_knows_what_it_passes_over_in_a_preset(notes: Notes) -> None:
    of_both = {one.name for one in OF_BOTH_HOSTS}
    assert set(notes["kept in a preset"]["names"]) - of_both == OF_ONE_HOST


@pytest.mark.parametrize("case", ["refused", "refused in a group"])
def test_a_layer_that_gimp_refuses_is_told_and_kept(case: str, notes: Notes) -> None:
    facts = notes[case]
    assert "GIMP did not take the new layer" in facts["message"]
    assert "Recover" in facts["message"]
    assert facts["billed"] == "yes"
    assert facts["same"]
