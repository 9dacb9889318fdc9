"""The model in Blender's sidebar: priced, withdrawn by the service, and another one taken by the hint."""

from __future__ import annotations

import pytest

from tests.sandbox import Sandbox

from .conftest import IDLE, Installed
from .test_window import SCREENS
from .window import Window


@pytest.mark.full
def test_a_model_that_is_withdrawn_and_the_one_that_is_taken_instead(
    fresh: Window, host: Installed, sandbox: Sandbox
) -> None:
    name = f"blender-{host.host.series}-model"
    sandbox.effect, sandbox.latency = "depth", 0.0
    fresh.do("""
grid = bpy.data.images.new("grid", 320, 200)
grid.generated_type = "COLOR_GRID"
chosen.source, chosen.image, chosen.steps = "IMAGE", grid, 31
""")
    sidebar = fresh.open_sidebar()
    fresh.wait_for("fluxdepth.offered.known is not None")
    fresh.wait_for(IDLE)
    fresh.picture(SCREENS / f"{name}-default.png")
    fresh.screen.click(*fresh.find_button(r"fluxdepth\.edit", sidebar))
    fresh.wait_for("desk.tickets and desk.tickets[0].state.name == 'ARRIVED'")
    fresh.wait_for(IDLE)
    sandbox.withdrawn = {"flux-depth-pro"}
    try:
        fresh.do("chosen.seed = 3")
        fresh.screen.click(*fresh.find_button(r"fluxdepth\.edit", sidebar))
        fresh.wait_for("desk.tickets[-1].state.name == 'FAILED'")
        assert "not offer this model" in fresh.do("answer = str(desk.tickets[-1].error)")
        fresh.wait_for("fluxdepth.offered.is_gone(fluxdepth.properties.model_of(chosen))")
        fresh.wait_for(IDLE)
        fresh.picture(SCREENS / f"{name}-gone.png")
        fresh.screen.click(*fresh.find_button(r"take_model\(model=.flux-depth-dev", sidebar))
        fresh.wait_for("chosen.model == 'flux-depth-dev' and chosen.num_inference_steps == 31")
        fresh.wait_for(IDLE)
        fresh.picture(SCREENS / f"{name}-other.png")
        fresh.screen.click(*fresh.find_button(r"fluxdepth\.edit", sidebar))
        fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    finally:
        sandbox.withdrawn = set()
    models = [request.json["model"].rpartition("/")[2] for request in sandbox.at("submit")]
    assert models == ["flux-depth-pro", "flux-depth-pro", "flux-depth-dev"]
    assert sandbox.taken == 2
    assert sandbox.at("submit")[-1].json["promptObject"]["num_inference_steps"] == 31
