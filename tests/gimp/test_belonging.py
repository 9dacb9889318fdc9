"""Every result arrives where it belongs: in its own document, at its place, with its transparency and its mask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.hosts import Gimp
from tests.sandbox import Sandbox

from .conftest import Inside, installed

Notes = dict[str, dict[str, Any]]
SECONDS = 2.0  # that the service takes for an edit: long enough to be stopped in the middle


@pytest.fixture(scope="module")
def notes(inside: Inside) -> Iterator[Notes]:
    with (
        Sandbox(effect="echo", latency=SECONDS) as service,
        Sandbox(effect="echo", latency=SECONDS, max_concurrency=1) as slow,
    ):
        one_at_a_time = slow.base_url, slow.api_key
        setup = {"service": service.base_url, "key": service.api_key, "one at a time": one_at_a_time}
        yield inside.run("belonging.py", **setup)
        assert service.contract_violations == slow.contract_violations == []


@pytest.fixture(scope="module")
def said(inside: Inside, notes: Notes) -> str:
    """What the plug-in told the artist."""
    return (inside.out / "gimp.txt").read_text()


def test_an_edit_never_comes_into_another_image(notes: Notes, said: str) -> None:
    facts = notes["another image is open"]
    assert notes["stopped"]["status"] == "cancel"
    assert facts["status"] == "success", facts["message"]
    assert [layer["name"] for layer in facts["layers"]] == ["Photo"]
    assert not facts["came"]
    assert facts["new_images"] == []
    assert "“a.xcf”" in said


def test_it_comes_into_its_own_as_if_nothing_had_happened(notes: Notes) -> None:
    facts = notes["its own image is open too"]
    assert facts["status"] == "success", facts["message"]
    assert facts["came"]
    assert facts["layers"] == notes["undisturbed"]["layers"]
    assert facts["layers"][0]["mask"]
    assert facts["others_untouched"]


def test_it_comes_once(notes: Notes) -> None:
    assert not notes["again"]["came"]
    assert len(notes["again"]["layers"]) == 2


def test_it_comes_beside_its_layer_whatever_that_is_called_now(notes: Notes) -> None:
    (group,) = notes["beside its layer"]["layers"]
    assert [layer["name"] for layer in group["children"]] == ["Fog far behind · seed 0", "Renamed"]


def test_an_image_without_a_file_is_known_while_it_is_open(notes: Notes) -> None:
    assert notes["no file"]["file"] == "None"
    facts = notes["its image without a file is open"]
    assert [layer["name"] for layer in facts["layers"]] == ["Fog far behind · seed 0", "Photo"]
    assert facts["others_untouched"]


def test_what_can_never_be_opened_again_comes_as_an_image_of_its_own(notes: Notes) -> None:
    facts = notes["its image without a file is closed"]
    assert facts["status"] == "success", facts["message"]
    assert [layer["name"] for layer in facts["layers"]] == ["Photo"]
    (((layer,)),) = facts["new_images"]
    own = notes["its image without a file is open"]["layers"][0]
    assert layer["mask"] == own["mask"]
    assert layer["size"] == own["size"]
    assert layer["offsets"] == [0, 0]


def test_what_nobody_knows_of_is_named(notes: Notes, said: str) -> None:
    facts = notes["uncertain"]
    assert facts["status"] == "success", facts["message"]
    assert not facts["came"]
    assert "“Nobody knows of this" in said


def test_what_is_here_when_it_is_stopped_still_arrives(notes: Notes) -> None:
    facts = notes["stopped in the middle"]
    assert facts["status"] == "success", facts["message"]
    came, photo = [layer["name"] for layer in facts["layers"]]  # which of the three the service did first is its own
    assert came in {f"Fog far behind · seed {seed}" for seed in range(3)} and photo == "Photo"
    facts = notes["the others"]
    assert facts["status"] == "success", facts["message"]
    names = [layer["name"] for top in facts["layers"] for layer in top["children"] or [top]]
    assert sorted(names) == [*(f"Fog far behind · seed {seed}" for seed in range(3)), "Photo"]


@pytest.mark.parametrize("size", [(1200, 800), pytest.param((6000, 4000), marks=pytest.mark.full)])
def test_what_gimp_did_not_survive_comes_back_equal(
    size: tuple[int, int], gimp30: Gimp, package: Path, tmp_path: Path
) -> None:
    inside = installed(gimp30, package, tmp_path)
    with Sandbox(effect="echo", latency=SECONDS) as service:
        setup = {"service": service.base_url, "key": service.api_key, "size": size}
        before = inside.run("killed.py", part="killed", killed=True, **setup)
        taken = service.taken
        after = inside.run("killed.py", part="recover", **setup)
        assert service.taken == taken == 2
    undisturbed, recovered = before["undisturbed"], after["recovered"]
    assert undisturbed["status"] == "success", undisturbed["message"]
    assert recovered["status"] == "success", recovered["message"]
    assert recovered["new"] == undisturbed["new"]
    assert recovered["rest"] == undisturbed["rest"]
    one, other = (np.fromfile(inside.out / name, np.uint8).reshape(-1, 4) for name in ("undisturbed", "recovered"))
    difference = np.abs(one.astype(np.int16) - other)
    # Each picture was made anew, and babl chooses among its conversions by how fast they just were: under transparency
    # they differ by up to two levels as they are seen; where alpha is three, one is 85. (As JPEG such a level can
    # become eight, so these were sent as PNG.)
    seen = difference[:, :3] * (np.maximum(one, other)[:, 3:] / np.float32(255))
    assert difference[:, 3].max() <= 2 and seen.max() <= 2 and difference.mean() < 0.1, (seen.max(), difference.mean())
    assert recovered["new"]["mask"]
