"""The model in GIMP's dialog: chosen, priced, withdrawn by the service, and another one taken by the hint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts import Gimp
from tests.sandbox import Sandbox

from .conftest import installed
from .desk import Desk
from .test_controls import EDIT, Controls, opened


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="depth") as sandbox:
        yield sandbox
        assert sandbox.contract_violations == []


@pytest.fixture(scope="module")
def desk(gimp30: Gimp, package: Path, service: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    inside = installed(gimp30, package, tmp_path_factory.mktemp("models"))
    env = {"FLUXDEPTH_BASE_URL": service.base_url, "FLUXDEPTH_API_KEY": service.api_key}
    with Desk(inside, env=env, size=(1400, 1300)) as desk:
        yield desk


@pytest.mark.full  # the same as Blender's, which every run has
def test_a_model_that_is_withdrawn_and_the_one_that_is_taken_instead(desk: Desk, service: Sandbox) -> None:
    controls = Controls(desk)
    controls.test = "models"
    desk.open_image()
    opened(desk)
    desk.see("label", "1 paid edit · 50,000 credits")
    controls.use("text", "Prompt")
    desk.write("A cup in front, mist far behind it", EDIT)
    controls.number("Steps", 31)
    desk.window_picture("model-default", EDIT)
    controls.use("button", "Edit")
    desk.gone(EDIT)
    assert service.at("submit")[-1].json["model"].endswith("flux-depth-pro")
    service.withdrawn = {"flux-depth-pro"}
    opened(desk)
    controls.number("Seed", 3)
    controls.use("button", "Edit")
    desk.see("label", "not offer this model")
    desk.see("label", "The service does not offer Flux Depth Pro any more")
    desk.window_picture("model-gone", EDIT)
    controls.use("button", "Flux Depth Dev")
    desk.see("label", "1 paid edit · 25,000 credits")
    desk.wait_for(lambda: controls.value("Steps") == 31, "the steps to go along")
    desk.window_picture("model-other", EDIT)
    controls.use("button", "Edit")
    desk.gone(EDIT)
    sent = service.at("submit")[-1].json
    assert sent["model"].endswith("flux-depth-dev")
    assert (sent["promptObject"]["num_inference_steps"], sent["promptObject"]["seed"]) == (31, 3)
    assert service.taken == 2
