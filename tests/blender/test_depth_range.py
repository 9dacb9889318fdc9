"""Edits that stay in a range of true depth, in every way of arrival; depth as the picture; the check of depth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox import Sandbox

from .conftest import HEADLESS, Installed, installed

SCRIPT = "depth_range.py"


@pytest.fixture(scope="module")
def blurring() -> Iterator[Sandbox]:
    """A service whose results differ from what was sent."""
    with Sandbox(effect="depth") as service:
        yield service
        assert service.contract_violations == []


@pytest.fixture(scope="module", params=HEADLESS)
def edited(
    request: pytest.FixtureRequest, package: Path, blurring: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    host = installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))
    host.run(SCRIPT, blurring)
    return host


@pytest.mark.parametrize("way", ["first_arrival", "from_the_history", "recovered"])
def test_outside_the_range_the_picture_is_as_it_was(edited: Installed, way: str) -> None:
    note = edited.note(f"check_range_{way}")
    assert min(note["outside"], note["inside"], note["between"]) > 500
    assert note["edited"] > 2, "or nothing is proved"
    assert note["format"] == "PNG"
    assert note["outside_wrong"] == 0
    assert note["inside_wrong"] == 0
    assert note["between_wrong"] == 0


def test_the_range_goes_with_the_result(edited: Installed) -> None:
    assert edited.note("check_range_is_recorded_and_reused") == [True, 7.0, 10.0, 1.5]


def test_a_range_that_can_t_be_is_refused_before_anything_is_paid(edited: Installed) -> None:
    assert "more than 5" in edited.note("check_range_that_ends_before_it_begins")
    assert "no depth for this picture" in edited.note("check_range_needs_depth")
    assert "has no camera" in edited.note("check_depth_without_a_camera")


def test_depth_is_a_picture_as_well(edited: Installed) -> None:
    note = edited.note("check_depth_as_the_picture")
    assert note["span"][0] > 200 > 60 > note["span"][1]
    assert note["nothing"] == 0
    assert note["projects"] == ["FINISHED"]


def test_a_check_of_depth_is_in_the_record_and_sorts(edited: Installed) -> None:
    note = edited.note("check_depth_check")
    assert 0 <= note["share"] <= 1
    assert note["size"][0] > 100
    order = edited.note("check_variations_are_sorted")
    assert order["plain"] == [0.2, 0.9, 0.5]
    assert order["best"] == [0.9, 0.5, 0.2]
