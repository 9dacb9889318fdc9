"""What fills the panel in: the dice, the use cases, presets, an earlier prompt, a text of its own. Knows no job."""

import random
from collections.abc import Mapping
from pathlib import Path

import bpy
from bl_operators.presets import AddPresetBase

from .. import properties
from ..shared.model import presets
from ..shared.model.parameters import Role, Value
from .access import Answer

PRESET_FOLDER = "fluxdepth"  # among Blender's own presets


def _apply(settings: properties.SceneSettings, values: Mapping[Role, Value]) -> None:
    properties.apply(settings, properties.model_of(settings).named(values))


class FLUXDEPTH_OT_dice(bpy.types.Operator):
    """Choose another seed at random"""

    bl_idname = "fluxdepth.dice"
    bl_label = "Random Seed"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        settings = properties.of(context.scene)
        _apply(settings, {Role.SEED: random.randrange(properties.LARGEST_INT + 1)})
        return {"FINISHED"}


class FLUXDEPTH_OT_apply_preset(bpy.types.Operator):
    """Take over the prompt and settings of one of the model's use cases"""

    bl_idname = "fluxdepth.apply_preset"
    bl_label = "Use Case"
    bl_options = {"REGISTER", "UNDO"}

    preset: bpy.props.EnumProperty(
        name="Use case", items=[(preset.name, preset.label, preset.help) for preset in presets.PRESETS]
    )

    def execute(self, context: bpy.types.Context) -> Answer:
        settings = properties.of(context.scene)
        preset = next(one for one in presets.PRESETS if one.name == self.preset)
        properties.apply(settings, preset.values(properties.model_of(settings)))
        return {"FINISHED"}


class FLUXDEPTH_OT_recent_prompt(bpy.types.Operator):
    """Use this prompt again"""

    bl_idname = "fluxdepth.recent_prompt"
    bl_label = "Recent Prompt"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    prompt: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> Answer:
        _apply(properties.of(context.scene), {Role.PROMPT: self.prompt})
        return {"FINISHED"}


class FLUXDEPTH_OT_preset_add(AddPresetBase, bpy.types.Operator):  # type: ignore[misc]  # its stubs return nothing
    """Keep the prompt and settings as a preset, or remove one"""

    bl_idname = "fluxdepth.preset_add"
    bl_label = "Add Flux Depth Preset"
    preset_menu = "FLUXDEPTH_PT_presets"
    preset_subdir = PRESET_FOLDER

    def add(self, context: bpy.types.Context, filepath: str) -> None:
        """Called by the base, which would write the prompt's field also when a text is the prompt."""
        settings = properties.of(context.scene)
        values = {name: getattr(settings, name) for name in properties.PRESET_NAMES}
        values |= properties.model_of(settings).named({Role.PROMPT: properties.prompt_of(settings)})
        lines = ["import bpy", "settings = bpy.context.scene.fluxdepth", ""]
        lines += [f"settings.{name} = {value!r}" for name, value in values.items()]
        Path(filepath).write_text("\n".join(lines) + "\n", "utf-8")


class FLUXDEPTH_OT_new_prompt_text(bpy.types.Operator):
    """Make a text data-block of the prompt, to write a long one in a Text Editor"""

    bl_idname = "fluxdepth.new_prompt_text"
    bl_label = "New Prompt Text"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        settings = properties.of(context.scene)
        text = bpy.data.texts.new("Prompt")
        text.write(properties.prompt_of(settings))
        settings.prompt_text = text
        self.report({"INFO"}, f"The text “{text.name}” is the prompt now: write it in a Text Editor")
        return {"FINISHED"}


CLASSES = (
    *(FLUXDEPTH_OT_dice, FLUXDEPTH_OT_apply_preset, FLUXDEPTH_OT_recent_prompt),
    *(FLUXDEPTH_OT_preset_add, FLUXDEPTH_OT_new_prompt_text),
)
