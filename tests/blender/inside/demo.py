"""Runs inside Blender: renders the scene that is open, edits the render through the extension. `-- BEFORE AFTER`."""

import sys
from pathlib import Path

import bpy

before, after = sys.argv[-2:]
bpy.context.preferences.system.use_online_access = True
bpy.ops.preferences.addon_enable(module="bl_ext.user_default.fluxdepth")
scene = bpy.context.scene
chosen = scene.fluxdepth
chosen.prompt = "The head in front stays sharp, the pillars far behind it are softly out of focus"
chosen.format = "png"
scene.render.filepath = before
bpy.ops.render.render(write_still=True)
assert bpy.ops.fluxdepth.edit() == {"FINISHED"}
(result,) = [image for image in bpy.data.images if "fluxdepth_edit" in image]
Path(after).write_bytes(result.packed_file.data)
print(f"{result.name}: {result.size[0]} x {result.size[1]} px")
