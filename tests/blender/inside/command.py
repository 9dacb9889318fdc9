"""Runs inside Blender: the command in a file, as `-- FILE OPTION…`, where Blender has no command line to call it by."""

import importlib
import sys

import bpy

path, *words = sys.argv[sys.argv.index("--") + 1 :]
bpy.ops.wm.open_mainfile(filepath=path)
bpy.context.preferences.system.use_online_access = True
if "bl_ext.user_default.fluxdepth" not in bpy.context.preferences.addons:
    bpy.ops.preferences.addon_enable(module="bl_ext.user_default.fluxdepth")
code = importlib.import_module("bl_ext.user_default.fluxdepth.command.run").main(words)
assert code == 0, code
