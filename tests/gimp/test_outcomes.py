"""How an edit ends: each failure in its own clear words, each success in its form, and nothing else touched."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.sandbox import Sandbox

from .conftest import Inside

KEY = "a-key-that-no-service-has"


@pytest.fixture(scope="module")
def notes(inside: Inside) -> Iterator[dict[str, dict[str, Any]]]:
    faults = {
        "good": None,
        "failure": "submit:failure",
        "no credits": "submit:no_credits",
        "result is no image": "download:result_not_image",
        "other size": "submit:other_size",
    }
    with ExitStack() as stack, socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: a connection is refused
        services = {name: stack.enter_context(Sandbox(effect="echo", fault=fault)) for name, fault in faults.items()}
        reach = {name: (service.base_url, service.api_key) for name, service in services.items()}
        reach["nobody"] = (f"http://127.0.0.1:{nobody.getsockname()[1]}", KEY)
        yield inside.run("outcomes.py", services=reach)
        assert [violation for service in services.values() for violation in service.contract_violations] == []


MESSAGES = {
    "no key": ["no API key", "Settings", "FLUXDEPTH_API_KEY", "Nothing was billed"],
    "wrong key": ["key", "401", "Settings", "Nothing was billed"],
    "no network": ["127.0.0.1", "network", "try again", "Nothing was billed"],
    "failure record": ["prompt", "may have been used"],
    "no credits": ["credits", "Nothing was billed"],
    "result is no image": ["Recover", "Credits were used"],
    "empty prompt": ["The prompt is empty", "Nothing was billed"],
    "longest side": ["Longest side", "100", "256 to 8192 px"],
    "no selection": ["Nothing is selected"],
    "no layer": ["No layer is selected"],
}


@pytest.mark.parametrize("case", MESSAGES)
def test_failure_has_its_own_clear_message_and_changes_nothing(case: str, notes: dict[str, dict[str, Any]]) -> None:
    facts = notes[case]
    assert facts["status"] == "execution-error"
    for words in MESSAGES[case]:
        assert words in facts["message"], facts["message"]
    assert "Traceback" not in facts["message"]
    assert KEY not in facts["message"]
    assert facts["changed"] == []


def test_messages_differ(notes: dict[str, dict[str, Any]]) -> None:
    assert len({notes[case]["message"] for case in MESSAGES}) == len(MESSAGES)


def test_value_out_of_range_keeps_the_default(notes: dict[str, dict[str, Any]]) -> None:
    assert notes["out of range"]["status"] == "success"
    assert notes["out of range"]["settings"]["steps"] == 28
    assert notes["out of range"]["settings"]["format"] == "jpg"


def test_variations_arrive_in_a_group_with_one_visible(notes: dict[str, dict[str, Any]]) -> None:
    facts = notes["variations"]
    assert facts["status"] == "success", facts["message"]
    group, source = facts["layers"]
    assert source["name"] == "Photo"
    assert [layer["visible"] for layer in group["children"]] == [True, False, False]
    assert facts["seeds"] == [4294967295, 0, 1]
    assert facts["first"]
    for layer in (group, *group["children"]):
        assert "\n" not in layer["name"]
        assert len(layer["name"]) < 80


def test_result_as_a_new_image_leaves_the_source_alone(notes: dict[str, dict[str, Any]]) -> None:
    assert notes["new image"] == {
        "status": "success",
        "source_dirty": False,
        "source_layers": 1,
        "is_new": True,
        "size": [240, 160],
        "same": True,
    }
    assert notes["new images"] == {
        "precisions": ["u16-non-linear"] * 2,
        "resolutions": [[120, 72]] * 2,
        "dirty": [True, True],
        "files": ["Fog far behind · seed 7.xcf", "Fog far behind · seed 7 1.xcf"],
        "beside": True,
    }


def test_down_scaling_keeps_place_size_and_transparency_without_a_fringe(notes: dict[str, dict[str, Any]]) -> None:
    facts = notes["down-scaled"]
    assert facts["status"] == "success", facts["message"]
    assert facts["size"] == [1200, 800]
    assert facts["alpha_same"]
    assert facts["brightest"] < 40  # the layer is 20 everywhere; the white that it was sent over is 255


def test_transparency_is_kept_only_when_wanted(notes: dict[str, dict[str, Any]]) -> None:
    assert notes["opaque"] == {"status": "success", "has_alpha": False}


def test_result_of_another_shape_is_fitted_inside_and_centred(notes: dict[str, dict[str, Any]]) -> None:
    assert notes["fitted inside"]["layer"] == [0, 26, 240, 107]  # 180×80 into 240×160
    assert notes["not fitted"]["layer"] == [30, 40, 180, 80]


def test_repeat_makes_one_variation(notes: dict[str, dict[str, Any]]) -> None:
    assert notes["repeat"]["status"] == "success", notes["repeat"]["message"]
    assert notes["repeat"]["layers"] == 2


def test_nothing_to_recover_is_no_error(notes: dict[str, dict[str, Any]]) -> None:
    assert notes["nothing to recover"] == {"status": "success", "message": "", "layer": False}
