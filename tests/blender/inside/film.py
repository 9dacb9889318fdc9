"""Runs inside Blender: saves scene.blend as `-- FILE` beside it, its film transparent, but covered at frame 1."""

import sys
from pathlib import Path

import bpy

path = Path(sys.argv[-1])
bpy.ops.wm.open_mainfile(filepath=str(path.with_name("scene.blend")))
scene = bpy.context.scene
scene.render.film_transparent = True
scene.frame_set(1)
camera = scene.camera
bpy.ops.mesh.primitive_plane_add(size=50)
cover = bpy.context.object
cover.parent = camera
cover.location = (0, 0, -1)
for frame, hidden in ((1, False), (2, True)):
    cover.hide_render = hidden
    cover.keyframe_insert("hide_render", frame=frame)
bpy.ops.wm.save_as_mainfile(filepath=str(path))
