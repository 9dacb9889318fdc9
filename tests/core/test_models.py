"""The tables of the models against the vendor's pages, and what goes along from one model to another."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shared.errors import ParameterError
from shared.model import models
from shared.model.carry import Wishes
from shared.model.edit import DepthEdit
from shared.model.model import Model
from shared.model.parameters import Role
from tests.core.test_readme import row

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "tests" / "service" / "examples"
# Written by hand from the pages: range, or the choices, by field; None where the page states none.
PAGES: dict[str, dict[str, Any]] = {
    "flux-canny-pro": {"steps": None, "guidance": (1, 20), "seed": (0, 4294967295), "format": "jpg png webp"},
    "flux-depth-dev": {
        "num_inference_steps": None,
        "guidance": (1, 20),
        "megapixels": "1 0.25",
        "output_quality": (1, 100),
        "format": "webp jpg png",
    },
    "flux-depth-pro": {"steps": (1, 50), "guidance": (1, 20), "safety_tolerance": (1, 6), "format": "jpg png webp"},
    "flux-kontext-pro": {"safety_tolerance": (1, 6), "format": "png jpeg webp", "seed": (0, 4294967295)},
    "flux-kontext-max": {"safety_tolerance": (1, 6), "format": "png jpeg webp", "seed": (0, 4294967295)},
    "flux-kontext-dev": {
        "num_inference_steps": (1, 50),
        "guidance": (1, 20),
        "output_quality": (0, 100),
        "format": "png jpeg webp",
    },
    "flux-2-pro": {"steps": (15, 50), "guidance": (2, 5), "output_quality": (0, 100), "output_format": "png jpg"},
    "flux-2-max": {"steps": (15, 50), "guidance": (2, 5), "output_quality": None, "output_format": "png"},
    "flux-2-flex": {"steps": None, "guidance": (2, 5), "output_quality": None, "output_format": "png"},
}


def example(model: Model) -> dict[str, Any]:
    """The body with the defaults of the model's page."""
    return json.loads((EXAMPLES / "models" / f"{model.name}.json").read_text("utf-8"))


def by_name(name: str) -> Model:
    return models.named(name)


def test_there_are_the_nine_and_the_first_is_the_default() -> None:
    assert {one.name for one in models.MODELS} == set(PAGES)
    assert models.DEFAULT.name == "flux-depth-pro" == models.MODELS[0].name
    assert [one.name for one in models.MODELS if one.default] == ["flux-depth-pro"]


@pytest.mark.parametrize("model", models.MODELS, ids=lambda one: one.name)
def test_the_body_is_the_pages_example_key_for_key_and_type_for_type(model: Model) -> None:
    wanted = example(model)
    settings = dict(wanted["promptObject"])
    path = settings.pop("imageUrl")
    given = DepthEdit.checked(settings, model).body(path)
    assert given == wanted
    assert {name: type(value) for name, value in given["promptObject"].items()} == {
        name: type(value) for name, value in wanted["promptObject"].items()
    }
    assert DepthEdit.checked({"prompt": settings["prompt"]}, model).body(path) == wanted


@pytest.mark.parametrize("model", models.MODELS, ids=lambda one: one.name)
def test_every_range_and_choice_is_the_pages(model: Model) -> None:
    for name, stated in PAGES[model.name].items():
        parameter = model.parameter(name)
        if isinstance(stated, str):
            assert [one.value for one in parameter.choices] == stated.split()
        elif stated is None:
            assert not parameter.stated
            assert parameter.checked(2000) == 2000
            assert "no range is stated" in parameter.range_text
        else:
            assert (parameter.minimum, parameter.maximum, parameter.stated) == (*stated, True)


def test_a_seed_that_is_left_out_is_random_and_one_that_is_given_is_sent() -> None:
    flux_2 = by_name("flux-2-pro")
    assert "seed" not in DepthEdit.checked({"prompt": "x"}, flux_2).body("a")["promptObject"]
    assert DepthEdit.checked({"prompt": "x", "seed": 7}, flux_2).body("a")["promptObject"]["seed"] == 7
    assert DepthEdit.checked({"prompt": "x"}, by_name("flux-canny-pro")).body("a")["promptObject"]["seed"] == 0


def test_the_result_format_has_one_name_whatever_the_model_calls_it() -> None:
    assert DepthEdit.checked({"prompt": "x", "format": "jpeg"}, by_name("flux-kontext-pro")).format == "jpg"
    assert DepthEdit.checked({"prompt": "x", "output_format": "jpg"}, by_name("flux-2-pro")).format == "jpg"


def test_a_field_of_another_model_is_refused() -> None:
    with pytest.raises(ParameterError, match="“steps”"):
        DepthEdit.checked({"prompt": "x", "steps": 28}, by_name("flux-depth-dev"))
    with pytest.raises(ParameterError, match="flux-depth-pro"):
        models.named("flux-9")


def test_a_job_of_a_model_that_nobody_knows_can_still_be_read() -> None:
    edit = DepthEdit.recorded({"prompt": "haze", "wobble": 3}, "somebody/flux-9")
    assert (edit.model.id, edit.model.label, edit.prompt, edit.seed, edit.steps) == (
        *("somebody/flux-9", "flux-9"),
        *("", 0, None),
    )
    assert edit.values["wobble"] == 3


def test_the_union_is_wide_enough_for_all() -> None:
    union = {one.name: one for one in models.union()}
    for model in models.MODELS:
        for parameter in model.parameters:
            wide = union[parameter.name]
            assert (wide.kind, wide.role) == (parameter.kind, parameter.role)
            assert wide.minimum <= parameter.minimum and wide.maximum >= parameter.maximum
            assert {one.value for one in parameter.choices} <= {one.value for one in wide.choices}
    assert [one.name for one in models.union()][: len(models.DEFAULT.parameters)] == [
        one.name for one in models.DEFAULT.parameters
    ]
    assert union["steps"].default == 28


def test_every_parameter_has_a_role_and_no_model_has_one_twice() -> None:
    for model in models.MODELS:
        roles = [one.role for one in model.parameters]
        assert None not in roles and len(set(roles)) == len(roles), model.name
        assert roles[0] is Role.PROMPT


def test_values_go_along_by_role_and_come_back() -> None:
    pro, dev, flux_2, kontext = map(by_name, ("flux-depth-pro", "flux-depth-dev", "flux-2-pro", "flux-kontext-pro"))
    wishes = Wishes(pro)
    of_pro = DepthEdit.checked({"prompt": "haze", "steps": 10, "guidance": 7.5, "seed": 5, "format": "jpg"}, pro).values
    of_dev = wishes.change(dev, of_pro)
    assert (of_dev["num_inference_steps"], of_dev["guidance"], of_dev["seed"], of_dev["prompt"]) == (10, 7.5, 5, "haze")
    assert of_dev["format"] == "webp"  # nobody chose jpg: it is the other model's default
    of_flux_2 = wishes.change(flux_2, of_dev)
    assert (of_flux_2["steps"], of_flux_2["guidance"]) == (25, 3.0)  # neither 10 steps nor 7.5 fit
    of_kontext = wishes.change(kontext, of_flux_2)
    assert of_kontext["seed"] == 5
    assert wishes.change(pro, of_kontext) == dict(of_pro)


def test_a_value_that_was_changed_under_another_model_is_the_new_wish() -> None:
    pro, dev = by_name("flux-depth-pro"), by_name("flux-depth-dev")
    wishes = Wishes(pro)
    of_dev = wishes.change(dev, {"prompt": "haze", "steps": 40, "format": "png"})
    assert (of_dev["num_inference_steps"], of_dev["format"]) == (40, "png")
    of_pro = wishes.change(pro, {**of_dev, "num_inference_steps": 33, "format": "jpg"})
    assert (of_pro["steps"], of_pro["format"]) == (33, "jpg")
    again = Wishes(pro, json.loads(json.dumps(wishes.stored())))
    assert again.change(dev, of_pro)["num_inference_steps"] == 33


def test_jpeg_by_its_other_name_fits() -> None:
    canny, kontext = by_name("flux-canny-pro"), by_name("flux-kontext-max")
    wishes = Wishes(kontext)
    assert wishes.change(canny, {"format": "jpeg"})["format"] == "jpg"
    assert wishes.change(kontext, {"format": "jpg"})["format"] == "jpeg"


DOCS = ROOT / "docs" / "models.md"


def with_tables(text: str) -> str:
    """The page about the models, with a table for each."""
    parts = []
    for model in models.MODELS:
        rows = "\n".join(row(parameter) for parameter in model.parameters)
        head = f"### {model.label} (`{model.name}`)\n\n{model.label} {model.good_for}."
        parts.append(f"{head}\n\n| parameter | range | default | what it does |\n|---|---|---|---|\n{rows}\n")
    before, _, rest = text.partition("<!-- models -->\n")
    after = rest.partition("<!-- end of models -->")[2]
    return before + "<!-- models -->\n\n" + "\n".join(parts) + "\n<!-- end of models -->" + after


def test_the_tables_of_the_docs_are_the_codes() -> None:
    text = DOCS.read_text("utf-8")
    assert with_tables(text) == text, "run python -m tests.core.test_models"


def test_a_tenth_model_is_one_file(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "shared", tmp_path / "shared", ignore=shutil.ignore_patterns("__pycache__"))
    (example,) = re.findall(r"```python\n(.*?)```", DOCS.read_text("utf-8"), flags=re.S)
    (tmp_path / "shared" / "model" / "tables" / "flux_mist.py").write_text(example)
    code = (
        "from shared.model import models, carry; from shared.model.edit import DepthEdit\n"
        "mist = models.named('flux-mist-pro')\n"
        "print(len(models.MODELS), DepthEdit.checked({'prompt': 'x'}, mist).body('p')['promptObject'],"
        " 'mist_steps' in [one.name for one in models.union()],"
        " carry.to_model({'steps': 40}, models.DEFAULT.id, mist))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    body = {"imageUrl": "p", "prompt": "x", "mist_steps": 12, "seed": 0}
    assert done.stdout.strip() == f"10 {body} True {{'mist_steps': 40}}"


if __name__ == "__main__":
    DOCS.write_text(with_tables(DOCS.read_text("utf-8")), "utf-8")
