"""What fills the panel in: the dice, the use cases, presets, an earlier prompt. Knows no job."""

import random

import bpy
from bl_operators.presets import AddPresetBase

from .. import properties
from ..shared.model import presets
from .access import Answer

PRESET_FOLDER = "fluxdepth"  # among Blender's own presets


class FLUXDEPTH_OT_dice(bpy.types.Operator):
    """Choose another seed at random"""

    bl_idname = "fluxdepth.dice"
    bl_label = "Random Seed"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        settings = properties.of(context.scene)
        settings.seed_exact = ""
        settings.seed = random.randrange(properties.LARGEST_INT + 1)
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
        values = next(preset.values for preset in presets.PRESETS if preset.name == self.preset)
        properties.apply(properties.of(context.scene), values)
        return {"FINISHED"}


class FLUXDEPTH_OT_recent_prompt(bpy.types.Operator):
    """Use this prompt again"""

    bl_idname = "fluxdepth.recent_prompt"
    bl_label = "Recent Prompt"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    prompt: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> Answer:
        properties.apply(properties.of(context.scene), {"prompt": self.prompt})
        return {"FINISHED"}


class FLUXDEPTH_OT_preset_add(AddPresetBase, bpy.types.Operator):  # type: ignore[misc]  # its stubs return nothing
    """Keep the prompt and settings as a preset, or remove one"""

    bl_idname = "fluxdepth.preset_add"
    bl_label = "Add Flux Depth Preset"
    preset_menu = "FLUXDEPTH_PT_presets"
    preset_subdir = PRESET_FOLDER
    preset_defines = ["settings = bpy.context.scene.fluxdepth"]
    preset_values = [f"settings.{name}" for name in properties.PRESET_NAMES]


CLASSES = (FLUXDEPTH_OT_dice, FLUXDEPTH_OT_apply_preset, FLUXDEPTH_OT_recent_prompt, FLUXDEPTH_OT_preset_add)
