"""Every model from a script in GIMP: the body that arrives is the page's example, key for key, type for type."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox import Sandbox
from tests.service import examples
from tests.service.examples import typed, without_upload

from .conftest import Inside

BODIES = examples.of_models()


@pytest.fixture(scope="module")
def service() -> Any:
    with Sandbox(effect="echo") as running:
        yield running
        assert running.contract_violations == []


@pytest.fixture(scope="module")
def notes(inside: Inside, service: Sandbox) -> dict[str, dict[str, Any]]:
    return inside.run("models.py", service=service.base_url, key=service.api_key, examples=BODIES)


def test_each_body_is_the_pages_example(notes: dict[str, dict[str, Any]], service: Sandbox) -> None:
    assert {
        name: facts for name, facts in notes.items() if name.startswith("flux") and facts["status"] != "success"
    } == {}
    sent = [without_upload(request.json) for request in service.at("submit")][: len(BODIES)]
    wanted = [without_upload(body) for body in BODIES]
    assert sent == wanted
    assert [typed(body) for body in sent] == [typed(body) for body in wanted]


def test_what_a_script_leaves_alone_is_the_models_default(notes: dict[str, dict[str, Any]], service: Sandbox) -> None:
    assert notes["left alone"]["status"] == "success", notes["left alone"]
    left_alone = service.at("submit")[len(BODIES)].json["promptObject"]
    assert (left_alone["steps"], left_alone["guidance"], left_alone["output_format"]) == (50, 3.0, "png")
    assert "seed" not in left_alone


def test_what_the_model_does_not_have_is_ignored_with_a_note(
    notes: dict[str, dict[str, Any]], service: Sandbox, inside: Inside
) -> None:
    assert notes["of another model"]["status"] == "success", notes["of another model"]
    assert "num_inference_steps" not in service.at("submit")[len(BODIES) + 1].json["promptObject"]
    said = (inside.out / "gimp.txt").read_text()
    assert re.search("FLUX.2 Max takes no such .*num-inference-steps.*: ignored.", said)


def test_a_place_for_the_subject_is_not_sent(notes: dict[str, dict[str, Any]]) -> None:
    assert notes["place"]["status"] == "execution-error"
    assert "still has {subject} in it" in notes["place"]["message"]
