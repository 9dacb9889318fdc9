"""The menu of presets in the panel's header: the model's use cases, and the artist's own as Blender keeps them."""

import bpy
from bl_ui.utils import PresetPanel

from ..operators.settings import PRESET_FOLDER
from ..shared.model.presets import PRESETS


class FLUXDEPTH_PT_presets(PresetPanel, bpy.types.Panel):
    """Use cases of the model, and presets of your own"""

    bl_label = "Flux Depth Presets"
    preset_subdir = PRESET_FOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "fluxdepth.preset_add"

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.emboss = "PULLDOWN_MENU"
        layout.operator_context = "EXEC_DEFAULT"
        layout.label(text="Use Cases")
        for preset in PRESETS:
            layout.operator("fluxdepth.apply_preset", text=preset.label).preset = preset.name
        layout.separator()
        super().draw(context)


CLASSES = (FLUXDEPTH_PT_presets,)
