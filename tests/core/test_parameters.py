"""The table against the vendor's page, and the validation of every bound and type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shared.errors import ParameterError
from shared.model.edit import DepthEdit
from shared.model.models import FLUX_DEPTH_PRO
from shared.model.parameters import LONGEST_SIDE, SEED_COUNT, VARIATIONS
from shared.model.presets import PRESETS, advice

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
    parameter = FLUX_DEPTH_PRO.parameter(name)
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


def test_every_preset_is_a_valid_edit_and_names_space() -> None:
    assert len(PRESETS) == 6
    for preset in PRESETS:
        DepthEdit.checked(preset.values)
        assert "Words of space" not in advice(preset.values)


def test_the_advice_fits_the_settings() -> None:
    assert "near and what far" in advice({})
    assert "Words of space" in advice({"prompt": "make it red"})
    assert "subtle" in advice({"prompt": "subtle haze far away", "guidance": 7.0})
    assert "35 to 50" in advice({"prompt": "layers of depth", "steps": 20})
    assert "natural" in advice({"prompt": "haze behind", "guidance": 12.0})
