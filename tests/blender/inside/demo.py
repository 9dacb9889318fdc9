"""Runs inside Blender: renders the scene that is open, edits the render through the extension, and projects the result.

`-- BEFORE AFTER PROJECTED`: the last is seen by a second camera.
"""

import sys
from math import radians
from pathlib import Path

import bpy

before, after, beside = sys.argv[-3:]
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
assert bpy.ops.fluxdepth.project(name=result.name) == {"FINISHED"}
camera = bpy.data.objects.new("second camera", bpy.data.cameras.new("second camera"))
camera.location, camera.rotation_euler = (3.4, -6.6, 2.6), (radians(77), 0, radians(27))
camera.data.lens = 35
scene.collection.objects.link(camera)
scene.camera = camera
scene.render.filepath = beside
bpy.ops.render.render(write_still=True)
