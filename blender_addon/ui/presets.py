"""Presets: the use cases of the model's page, and the artist's own as Blender keeps them (readable files, no key)."""

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

from .. import properties
from ..shared.model.presets import PRESETS

SUBFOLDER = "fluxdepth"


class FLUXDEPTH_OT_preset_add(AddPresetBase, bpy.types.Operator):
    """Keep the prompt and settings as a preset, or remove one"""

    bl_idname = "fluxdepth.preset_add"
    bl_label = "Add Flux Depth Preset"
    preset_menu = "FLUXDEPTH_PT_presets"
    preset_subdir = SUBFOLDER
    preset_defines = ["settings = bpy.context.scene.fluxdepth"]
    preset_values = [f"settings.{name}" for name in properties.PRESET_NAMES]


class FLUXDEPTH_PT_presets(PresetPanel, bpy.types.Panel):
    """Use cases of the model, and presets of your own"""

    bl_label = "Flux Depth Presets"
    preset_subdir = SUBFOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "fluxdepth.preset_add"

    def draw(self, context):
        layout = self.layout
        layout.emboss = "PULLDOWN_MENU"
        layout.operator_context = "EXEC_DEFAULT"
        layout.label(text="Use Cases")
        for preset in PRESETS:
            layout.operator("fluxdepth.apply_preset", text=preset.label).preset = preset.name
        layout.separator()
        super().draw(context)


CLASSES = (FLUXDEPTH_OT_preset_add, FLUXDEPTH_PT_presets)
