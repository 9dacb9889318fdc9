"""The menu of presets in the panel's header: the model's use cases, and the artist's own as Blender keeps them."""

import bpy
from bl_ui.utils import PresetPanel

from .. import properties
from ..operators.settings import PRESET_FOLDER
from ..shared.model.presets import PRESETS


class FLUXDEPTH_PT_presets(PresetPanel, bpy.types.Panel):
    """Use cases of the model, and presets of your own"""

    bl_label = "Flux Depth Presets"
    preset_subdir = PRESET_FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "fluxdepth.preset_add"

    @staticmethod
    def reset_cb(context: bpy.types.Context, _filepath: str) -> None:
        """Called by Blender before it applies a preset, whose prompt a text would hide."""
        properties.of(context.scene).prompt_text = None

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.emboss = "PULLDOWN_MENU"
        layout.operator_context = "EXEC_DEFAULT"
        layout.label(text="Use Cases")
        for preset in PRESETS:
            layout.operator("fluxdepth.apply_preset", text=preset.label).preset = preset.name
        layout.separator()
        if bpy.utils.preset_paths(PRESET_FOLDER):
            PresetPanel.draw(self, context)
        else:  # Blender would say "* Missing Paths *" above the row that adds one
            manager = bpy.data.window_managers[0]
            row = layout.row()
            name = row.row()
            name.emboss = "NORMAL"
            name.prop(manager, "preset_name", text="")
            row.operator(self.preset_add_operator, text="", icon="ADD").name = manager.preset_name


CLASSES = (FLUXDEPTH_PT_presets,)
