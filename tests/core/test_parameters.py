"""The table against the vendor's page, and the validation of every bound and type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared.errors import ParameterError
from shared.model.advice import advice
from shared.model.edit import PLACE, DepthEdit
from shared.model.model import Model, Task
from shared.model.models import DEFAULT, MODELS, named
from shared.model.parameters import LONGEST_SIDE, SEED_COUNT, VARIATIONS
from shared.model.presets import PRESETS

EXAMPLES = Path(__file__).parents[1] / "service" / "examples"


def edit(**values: object) -> DepthEdit:
    return DepthEdit.checked({"prompt": "haze", **values})


def test_the_body_is_the_pages_example_key_for_key_and_type_for_type() -> None:
    example = json.loads((EXAMPLES / "submit.json").read_text("utf-8"))
    settings = dict(example["promptObject"])
    path = settings.pop("imageUrl")
    body = DepthEdit.checked(settings).body(path)
    assert json.dumps(body) == json.dumps(example)


def test_the_defaults_are_the_pages() -> None:
    assert dict(edit().values) == {
        "prompt": "haze",
        "seed": 0,
        "steps": 28,
        "prompt_upsampling": False,
        "guidance": 3.5,
        "safety_tolerance": 2,
        "format": "jpg",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", 0),
        ("seed", 4294967295),
        ("seed", 7.0),
        ("steps", 1),
        ("steps", 50),
        ("guidance", 1.0),
        ("guidance", 20),
        ("safety_tolerance", 1),
        ("safety_tolerance", 6),
        ("prompt_upsampling", True),
        ("format", "jpg"),
        ("format", "png"),
        ("format", "webp"),
    ],
)
def test_every_bound_is_allowed(name: str, value: object) -> None:
    assert edit(**{name: value})[name] == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prompt", ""),
        ("prompt", "  \n"),
        ("prompt", 5),
        ("prompt", None),
        ("seed", -1),
        ("seed", 4294967296),
        ("seed", 1.5),
        ("seed", "1"),
        ("seed", True),
        ("seed", 10**400),
        ("steps", 0),
        ("steps", 51),
        ("steps", 28.5),
        ("steps", float("nan")),
        ("steps", float("inf")),
        ("guidance", 0.9),
        ("guidance", 20.1),
        ("guidance", "3.5"),
        ("guidance", False),
        ("safety_tolerance", 0),
        ("safety_tolerance", 7),
        ("prompt_upsampling", 1),
        ("prompt_upsampling", "true"),
        ("format", "jpeg"),
        ("format", "PNG"),
        ("format", None),
    ],
)
def test_what_is_out_of_range_or_of_another_type_is_refused_by_name_value_and_range(name: str, value: object) -> None:
    with pytest.raises(ParameterError) as refused:
        edit(**{name: value})
    assert refused.value.field == name
    parameter = DEFAULT.parameter(name)
    words = str(refused.value)
    assert "Nothing was billed" in words
    if isinstance(value, str) and not value.strip():
        assert words.startswith("The prompt is empty.")
    else:
        shown = f"“{value}”" if isinstance(value, str) else repr(value)[:50]
        assert words.startswith(f"{parameter.label} must be {parameter.range_text}, not {shown}")


def test_an_unknown_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ParameterError, match="“strength”.*prompt, seed, steps") as refused:
        edit(strength=1)
    assert refused.value.field == "strength"


def test_a_single_precision_float_is_rounded_before_it_is_checked_and_sent() -> None:
    assert edit(guidance=3.299999952316284)["guidance"] == 3.3
    assert edit(guidance=20.000000001)["guidance"] == 20.0


def test_a_longest_side_of_0_means_as_it_is_and_1_to_255_is_refused() -> None:
    assert LONGEST_SIDE.checked(0) == 0
    assert LONGEST_SIDE.checked(256) == 256
    with pytest.raises(ParameterError, match="0 \\(as it is\\) or 256 to 8192 px"):
        LONGEST_SIDE.checked(255)


def test_the_seeds_of_variations_follow_each_other_and_wrap() -> None:
    assert [one.seed for one in edit(seed=SEED_COUNT - 2).variations(4)] == [SEED_COUNT - 2, SEED_COUNT - 1, 0, 1]
    with pytest.raises(ParameterError):
        edit().variations(VARIATIONS.maximum + 1)


_values: dict[str, st.SearchStrategy[Any]] = {
    "prompt": st.text(min_size=1).filter(str.strip),
    "seed": st.integers(0, SEED_COUNT - 1),
    "steps": st.integers(1, 50),
    "prompt_upsampling": st.booleans(),
    "guidance": st.floats(1, 20),
    "safety_tolerance": st.integers(1, 6),
    "format": st.sampled_from(["jpg", "png", "webp"]),
}


@given(st.fixed_dictionaries(_values))
def test_what_is_valid_survives_json_unchanged(values: dict[str, object]) -> None:
    body = DepthEdit.checked(values).body("images/x.png")
    assert json.loads(json.dumps(body)) == body
    assert {name: type(value) for name, value in body["promptObject"].items() if name != "imageUrl"} == {
        "prompt": str,
        "seed": int,
        "steps": int,
        "prompt_upsampling": bool,
        "guidance": float,
        "safety_tolerance": int,
        "format": str,
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda one: one.name)
def test_every_preset_fits_every_model_in_the_words_that_it_takes(model: Model) -> None:
    assert len(PRESETS) == 6
    for preset in PRESETS:
        values = preset.values(model)
        prompt = str(values["prompt"])
        assert prompt.startswith(PLACE) is (model.task is Task.STRUCTURE)
        DepthEdit.checked({**values, "prompt": prompt.replace(PLACE, "a cup on a table")}, model)
        written = advice({**values, "prompt": prompt.replace(PLACE, "a cup")}, model)
        assert "Words of space" not in written and "paints everything new" not in written, written
        assert "what stays" not in written


def test_an_edit_with_the_place_still_in_it_is_not_made() -> None:
    with pytest.raises(ParameterError, match="still has {subject} in it") as refused:
        DepthEdit.checked(PRESETS[0].values(DEFAULT))
    assert refused.value.field == "prompt"
    assert "Nothing was billed" in str(refused.value)


def test_the_advice_fits_the_settings() -> None:
    assert "whole picture" in advice({})
    assert "in the place of {subject}" in advice({"prompt": "{subject}, far away"})
    assert "describe the whole picture" in advice({"prompt": "Blur the background"})
    assert "Words of space" in advice({"prompt": "a red cup"})
    assert "2 to 4" in advice({"prompt": "subtle haze far away", "guidance": 7.0})
    assert "35 to 50" in advice({"prompt": "layers of depth", "steps": 20})
    assert "5 to 8" in advice({"prompt": "haze behind", "guidance": 12.0})


def test_fewer_steps_than_other_hosts_take_are_allowed_with_a_warning() -> None:
    assert "may be refused" in advice({"prompt": "haze behind", "steps": 14})
    assert "may be refused" not in advice({"prompt": "haze behind", "steps": 15})
    assert "may be refused" not in advice({"prompt": "haze behind", "num_inference_steps": 4}, named("flux-depth-dev"))
    assert edit(steps=14)["steps"] == 14


def test_the_advice_knows_a_model_that_keeps_the_picture() -> None:
    kontext = named("flux-kontext-pro")
    assert "what should change" in advice({}, kontext)
    assert "what stays" in advice({"prompt": "Blur the background"}, kontext)
    assert "One change" in advice({"prompt": "Blur the background; keep the cup"}, kontext)
