"""A result is shown and hidden by one click, and knows what it was made from: for the same edit again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox import Sandbox

from .conftest import Inside

Notes = dict[str, dict[str, Any]]
FIRST, THIRD = "First, far · seed 0", "Third, far · seed 0"
GROUP, VARIATION = "Several, far · 2 variations", "Several, far · seed 0"
ALL = [THIRD, GROUP, VARIATION, FIRST, "Photo"]


@pytest.fixture(scope="module")
def notes(inside: Inside, sandbox: Sandbox) -> Iterator[Notes]:
    plug_in = inside.gimp.profile_folder(inside.home) / "plug-ins" / "fluxdepth_gimp"
    yield inside.run("again.py", plug_in=str(plug_in), service=sandbox.base_url, key=sandbox.api_key)


@pytest.mark.parametrize("case", ["the source", "a result", "one of several", "nothing selected"])
def test_one_click_hides_the_results_of_the_source_and_another_one_shows_them(notes: Notes, case: str) -> None:
    facts = notes[case]
    assert facts["status"] == "success", facts["message"]
    assert facts["seen"] == [ALL, ["Photo"], ALL]


def test_what_the_artist_has_hidden_stays_hidden(notes: Notes) -> None:
    assert notes["one is hidden"]["seen"] == [ALL[1:], ["Photo"], ALL[1:]]


def test_a_hidden_result_is_shown_first_when_it_is_selected(notes: Notes) -> None:
    assert notes["the hidden one"]["seen"] == [ALL[1:], ALL, ["Photo"]]


def test_the_newest_is_shown_where_the_artist_has_hidden_all(notes: Notes) -> None:
    assert notes["all are hidden"]["seen"] == [["Photo"], [THIRD, "Photo"], ["Photo"]]


def test_results_of_another_source_stay_as_they_are(notes: Notes) -> None:
    assert notes["above another source"]["seen"] == [
        ["Sky's, far · seed 0", "Sky", "Photo's, far · seed 0", "Photo"],
        ["Sky's, far · seed 0", "Sky", "Photo"],
        ["Sky's, far · seed 0", "Sky", "Photo's, far · seed 0", "Photo"],
    ]


def test_a_result_of_a_result_goes_with_the_first_source_and_alone_with_the_second(notes: Notes) -> None:
    first, second = "Sky's, far · seed 0", "Of a result, far · seed 0"
    rest = ["Photo's, far · seed 0", "Photo"]
    whole = [second, first, "Sky", *rest]
    assert notes["the first source"]["seen"] == [whole, ["Sky", *rest], whole]
    assert notes["a result of a result"]["seen"] == [whole, [first, "Sky", *rest], whole]


def test_what_was_made_of_all_hides_the_source_as_well(notes: Notes) -> None:
    whole = ["All, far · seed 0", "Photo's, far · seed 0", "Photo"]
    assert notes["below what was made of all"]["seen"] == [whole, ["Photo"], whole]
    assert notes["what was made of all"]["seen"] == [whole, whole[1:], whole]


def test_without_a_result_there_is_a_word(notes: Notes) -> None:
    facts = notes["no result"]
    assert facts["status"] == "execution-error"
    assert "There is no result of Flux Depth here" in facts["message"]
    assert facts["seen"] == [["Photo"]] * 3


def test_the_selected_result_is_known(notes: Notes) -> None:
    current = {"none": True, "several": True, "result": FIRST, "group": VARIATION}
    assert notes["current"] == {**current, "latest": THIRD, "one_of_several": True}
    assert notes["broken"] == {"none": True, "held": 4}  # the others are still known


def test_edit_again_pays_for_nothing_without_a_window(notes: Notes) -> None:
    assert notes["without a window"]["status"] == "execution-error"
    assert "Edit Again opens a window" in notes["without a window"]["message"]


def test_a_result_carries_what_makes_it_again(notes: Notes) -> None:
    carried = notes["carried"]
    assert carried["settings"]["prompt"] == "First, far"
    assert carried["variations"] == 1
    assert carried["place"]["layer"] == "Photo"


@pytest.mark.parametrize(
    ("case", "layer"),
    [
        ("made from a layer", "Photo"),
        ("renamed", "Renamed"),
        ("of version 0.1.0", "Renamed"),
    ],
)
def test_the_source_is_found(notes: Notes, case: str, layer: str) -> None:
    assert notes[case] == {"layer": layer, "kind": "layer", "here": True}


def test_the_source_of_an_image_of_its_own_is_in_the_other_image(notes: Notes) -> None:
    assert notes["in an image of its own"] == {"layer": "Renamed", "kind": "layer", "here": False}
    renamed = notes["in an image of its own, and not to be told from others"]
    assert renamed == {"layer": None, "kind": "", "here": True}


def test_what_is_not_there_is_not_guessed(notes: Notes) -> None:
    assert notes["made from all"] == {"layer": None, "kind": "visible", "here": True}
    assert notes["the layer is gone"] == {"layer": None, "kind": "layer", "here": True}
    assert notes["neither layer nor history"] == {"layer": None, "kind": "", "here": True}
