"""Runs inside Blender: opens scene.blend beside `-- FILE`, takes its camera away, saves as FILE."""

import sys
from pathlib import Path

import bpy

path = Path(sys.argv[-1])
bpy.ops.wm.open_mainfile(filepath=str(path.with_name("scene.blend")))
bpy.data.objects.remove(bpy.context.scene.camera)
bpy.ops.wm.save_as_mainfile(filepath=str(path))
