"""The menu of presets in the panel's header: the use cases, the artist's own, and the list where those are managed."""

import bpy

from ..operators import presets
from ..shared.jobs.wording import short_prompt
from ..shared.language import N_, tr
from ..shared.model.presets import PRESETS

LABEL_LENGTH = 60  # characters of a name
WIDTH = 16  # of the list, in Blender's units: buttons side by side


class FLUXDEPTH_MT_presets(bpy.types.Menu):
    bl_description = N_("Use cases of the model, and presets of your own")
    bl_label = N_("Presets")

    def draw(self, _context: bpy.types.Context) -> None:
        presets.look()
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        layout.label(text=tr("Use Cases"))
        for ready in PRESETS:
            layout.operator("fluxdepth.apply_preset", text=tr(ready.label)).preset = ready.name
        if presets.shelf.own:
            layout.separator()
            layout.label(text=tr("Your Own"))
        for own in presets.shelf.own:
            words = short_prompt(own.name, LABEL_LENGTH)
            layout.operator("fluxdepth.apply_preset", text=words, translate=False).preset = own.name
        layout.separator()
        layout.operator("fluxdepth.save_preset", text=tr("Save as Preset…"), icon="ADD")
        managing = layout.operator("wm.call_panel", text=tr("Manage Presets…"), icon="PRESET")
        managing.name, managing.keep_open = "FLUXDEPTH_PT_own_presets", True
        layout.operator("fluxdepth.reuse_file", text=tr("Settings from a Result File…"), icon="FILE_IMAGE")


class FLUXDEPTH_PT_own_presets(bpy.types.Panel):
    """The list in which presets are renamed, removed, exported and imported"""

    bl_label = N_("Your Presets")
    bl_space_type = "TOPBAR"  # somewhere where no editor draws it by itself
    bl_region_type = "HEADER"
    bl_options = {"INSTANCED"}
    bl_ui_units_x = WIDTH

    def draw(self, _context: bpy.types.Context) -> None:
        presets.look()
        layout = self.layout
        layout.label(text=tr("Your Presets"))
        if not presets.shelf.own:
            layout.label(text=tr("None yet"))
        for own in presets.shelf.own:
            row = layout.row(align=True)
            row.label(text=own.name, translate=False)
            row.operator("fluxdepth.rename_preset", text="", icon="GREASEPENCIL").preset = own.name
            row.operator("fluxdepth.export_preset", text="", icon="EXPORT").preset = own.name
            row.operator("fluxdepth.delete_preset", text="", icon="TRASH").preset = own.name
        for words in presets.shelf.problems:
            layout.label(text=words, icon="ERROR", translate=False)
        layout.operator("fluxdepth.import_preset", text=tr("Import…"), icon="IMPORT")


CLASSES = (FLUXDEPTH_MT_presets, FLUXDEPTH_PT_own_presets)
