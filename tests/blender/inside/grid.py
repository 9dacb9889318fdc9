"""Runs inside Blender: a file with one image, "grid", that takes no render to edit, saved as `-- FILE`."""

import sys

import bpy

bpy.ops.wm.read_homefile(use_factory_startup=True)
image = bpy.data.images.new("grid", 160, 90)
image.generated_type = "COLOR_GRID"
image.use_fake_user = True
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[-1])
