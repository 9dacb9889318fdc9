"""Runs inside Blender, without a window: an edit by every model, and what becomes of the settings between them."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness

EXAMPLES = json.loads(os.environ["FLUXDEPTH_TEST_EXAMPLES"])


def _image():
    image = bpy.data.images.new("grid", 48, 32)
    image.generated_type = "COLOR_GRID"
    return image


def check_every_model_is_asked_as_its_page_shows():
    chosen = bpy.context.scene.fluxdepth
    chosen.source, chosen.image = "IMAGE", _image()
    for example in EXAMPLES:
        chosen.model = example["model"].partition("/")[2]
        for name, value in example["promptObject"].items():
            if name != "imageUrl":
                setattr(chosen, name, value)
        assert bpy.ops.fluxdepth.edit() == {"FINISHED"}


def check_values_go_along_and_come_back():
    chosen = bpy.context.scene.fluxdepth
    chosen.prompt, chosen.steps, chosen.guidance, chosen.format = "mist", 10, 7.5, "webp"
    chosen.seed_exact = "4000000000"
    chosen.model = "flux-depth-dev"
    assert (chosen.num_inference_steps, round(chosen.guidance, 1), chosen.format) == (10, 7.5, "webp")
    chosen.model = "flux-2-max"
    assert (chosen.steps, chosen.guidance, chosen.output_format) == (50, 3.0, "png")
    assert (chosen.prompt, chosen.seed_exact) == ("mist", "4000000000")
    chosen.model = "flux-depth-pro"
    assert (chosen.steps, round(chosen.guidance, 1), chosen.format) == (10, 7.5, "webp")
    assert (chosen.prompt, chosen.seed_exact) == ("mist", "4000000000")


def check_settings_and_presets_know_their_model():
    chosen = bpy.context.scene.fluxdepth
    chosen.model = "flux-kontext-max"
    chosen.source, chosen.image = "IMAGE", _image()
    assert bpy.ops.fluxdepth.apply_preset(preset="portrait") == {"FINISHED"}
    assert "keep the person" in chosen.prompt
    assert bpy.ops.fluxdepth.edit() == {"FINISHED"}
    chosen.model = "flux-depth-pro"
    assert bpy.ops.fluxdepth.apply_preset(preset="portrait") == {"FINISHED"}
    assert chosen.prompt.startswith("{subject}")
    assert "still has {subject} in it" in harness.refusal(prompt=chosen.prompt)
    assert bpy.ops.fluxdepth.reuse_settings() == {"FINISHED"}
    assert chosen.model == "flux-kontext-max"
    assert "keep the person" in chosen.prompt


def check_nobody_is_asked_about_a_large_order_in_the_background():
    assert len(harness.edit(source="IMAGE", image=_image(), variations=5, prompt="many")) == 5


if __name__ == "__main__":
    harness.run(sys.modules["__main__"])
