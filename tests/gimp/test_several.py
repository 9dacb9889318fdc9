"""Several selected layers are one order: an edit each, each result above its own source, one failure loses no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.sandbox import Sandbox

from .conftest import Inside

NAME = "Fog far behind · seed 0"


@dataclass(frozen=True)
class Told:
    """What happened: inside GIMP, at the services, and what GIMP printed, the plug-in's messages among it."""

    notes: dict[str, dict[str, Any]]
    submits: dict[str, int]
    said: str


@pytest.fixture(scope="module")
def told(inside: Inside) -> Iterator[Told]:
    faults = {
        "good": None,
        "one fails": "submit:failure_at_once*1",
        "all fail": "submit:unauthorized",
        "asked": None,
        "slow": None,
    }
    with ExitStack() as stack:
        services = {
            name: stack.enter_context(Sandbox(effect="echo", fault=fault, latency=2.0 if name == "slow" else 0.0))
            for name, fault in faults.items()
        }
        reach = {name: (service.base_url, service.api_key) for name, service in services.items()}
        notes = inside.run("several.py", services=reach)
        submits = {name: len(service.at("submit")) for name, service in services.items()}
        yield Told(notes, submits, (inside.out / "gimp.txt").read_text())
        assert [violation for service in services.values() for violation in service.contract_violations] == []


def names(layers: list[dict[str, Any]]) -> list[Any]:
    """The names from the top, of a group with those in it."""
    return [[one["name"], *names(one["children"])] if one["children"] else one["name"] for one in layers]


def test_each_result_lies_above_its_own_source(told: Told) -> None:
    facts = told.notes["three"]
    assert facts["status"] == "success", facts["message"]
    made = ["Fog far behind · 2 variations", "Fog far behind · seed 0", "Fog far behind · seed 1"]
    numbered = [[name.split(" #")[0] if isinstance(name, str) else name for name in made]]
    assert [_without_numbers(one) for one in names(facts["layers"])] == [
        *numbered,
        "Small",
        ["Group", *numbered, "Inner"],
        *numbered,
        "Photo",
    ]
    first, _, group, third, _ = facts["layers"]
    assert [one["place"] for one in first["children"]] == [[20, 30, 100, 80]] * 2
    assert [one["place"] for one in group["children"][0]["children"]] == [[120, 60, 90, 70]] * 2
    assert [one["place"] for one in third["children"]] == [[0, 0, 240, 160]] * 2
    assert facts["selected"] == ["Small", "Inner", "Photo"]


def _without_numbers(names: Any) -> Any:
    """GIMP numbers layers of the same name."""
    return [_without_numbers(one) for one in names] if isinstance(names, list) else names.split(" #")[0]


def test_a_script_gets_the_first_new_layer_of_the_first_drawable(told: Told) -> None:
    assert told.notes["three"]["first"] == [0, 20, 30]
    assert told.notes["three"]["same"]


def test_one_edit_for_each_layer_and_variation_is_paid(told: Told) -> None:
    assert told.submits["good"] == 3 * 2 + 2 + 2  # three layers, a group and a layer, the selection of two


def test_a_group_among_them_is_edited_as_a_whole(told: Told) -> None:
    facts = told.notes["group"]
    assert facts["status"] == "success", facts["message"]
    assert _without_numbers(names(facts["layers"])) == ["Small", NAME, ["Group", "Inner"], NAME, "Photo"]
    assert facts["layers"][1]["place"] == facts["layers"][2]["place"] == [120, 60, 90, 70]


def test_the_selection_of_each_is_edited(told: Told) -> None:
    facts = told.notes["selection"]
    assert facts["status"] == "success", facts["message"]
    assert _without_numbers(names(facts["layers"])) == [NAME, "Small", ["Group", "Inner"], NAME, "Photo"]
    assert all(facts["layers"][at]["mask"] for at in (0, 3))
    # 60×40 at 40,50 with a tenth of the longer side around it
    assert [facts["layers"][at]["place"] for at in (0, 3)] == [[34, 44, 72, 52]] * 2


def test_a_layer_that_the_selection_misses_is_named_before_anything_is_paid(told: Told) -> None:
    facts = told.notes["outside"]
    assert facts["status"] == "execution-error"
    assert "The selection lies outside the layer “Inner”." in facts["message"]


def test_one_that_fails_is_told_by_name_and_loses_no_other(told: Told) -> None:
    facts = told.notes["one fails"]
    assert facts["status"] == "success", facts["message"]
    flat = str(_without_numbers(names(facts["layers"])))
    assert flat.count(NAME) == 2
    assert told.submits["one fails"] == 3
    (line,) = (one for one in told.said.splitlines() if "Credits may have been used" in one and "Layer “" in one)
    (missing,) = (
        name
        for name, at in (("Small", facts["layers"]), ("Inner", facts["layers"]), ("Photo", facts["layers"]))
        if f"'{NAME}', '{name}'" not in flat
    )
    assert f"Layer “{missing}”:" in line


def test_what_is_the_same_for_all_is_told_once(told: Told) -> None:
    facts = told.notes["all fail"]
    assert facts["status"] == "execution-error"
    assert facts["message"].count("did not accept the key") == 1
    assert "Layer" not in facts["message"]
    assert facts["layers"] == 3


def test_a_large_order_counts_all_of_them(told: Told) -> None:
    facts = told.notes["asked"]
    assert facts["status"] == "execution-error"
    assert "5 paid edits" in facts["message"]
    assert facts["message"].count("paid edits") == 1
    assert told.submits["asked"] == 0
    assert facts["layers"] == 5


def test_copies_are_told_before_anything_is_paid(told: Told) -> None:
    facts = told.notes["copies"]
    assert facts["status"] == "execution-error"
    assert "5 layers show the same picture" in facts["message"] and "Nothing was billed." in facts["message"]
    assert facts["layers"] == 5


def test_after_a_kill_each_is_recovered_above_its_own_source(told: Told) -> None:
    facts = told.notes["recovered"]
    assert names(facts["killed"]) == ["Small", ["Group", "Inner"], "Photo"]
    assert facts["status"] == "success", facts["message"]
    assert _without_numbers(names(facts["layers"])) == [NAME, "Small", ["Group", NAME, "Inner"], NAME, "Photo"]
    assert told.submits["slow"] == 3
