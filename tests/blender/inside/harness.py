"""Runs inside Blender: the checks of one script, one after the other, and a note of each for the test outside.

`FLUXDEPTH_TEST_OUT` is the folder for notes.json and for pictures.
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path

import bpy

EXTENSION = "bl_ext.user_default.fluxdepth"
OUT = Path(os.environ["FLUXDEPTH_TEST_OUT"])
_notes: dict = {}


def run(module) -> None:
    """Runs every function of `module` whose name begins with check_. Each starts with an empty file."""
    sys.path.insert(0, str(Path(__file__).parent))
    set_up()
    for name, check in list(vars(module).items()):
        if not name.startswith("check_"):
            continue
        started = time.monotonic()
        try:
            bpy.ops.wm.read_homefile(use_factory_startup=True)
            set_up()
            bpy.ops.preferences.addon_enable(module=EXTENSION)
            note = {"ok": True, "note": check()}
        except Exception:  # noqa: BLE001  the test outside gets to see it
            note = {"ok": False, "error": traceback.format_exc()}
        note["seconds"] = time.monotonic() - started
        _notes[name] = note
        (OUT / "notes.json").write_text(json.dumps(_notes))


def set_up() -> None:
    """What a Blender with factory settings lacks. Can be run anew at any time."""
    bpy.context.preferences.system.use_online_access = True
    bpy.context.preferences.filepaths.save_version = 0
    if EXTENSION not in bpy.context.preferences.addons:
        bpy.ops.preferences.addon_enable(module=EXTENSION)


def module(name: str):
    """One of the extension's own."""
    return sys.modules[f"{EXTENSION}.{name}"]


def settings(**values):
    """The scene's settings for an edit that loses nothing, with `values` on top."""
    chosen = bpy.context.scene.fluxdepth
    for name, value in {"prompt": "The background far behind is blurred", "format": "png", **values}.items():
        setattr(chosen, name, value)
    return chosen


def edit(**values):
    """Runs the edit to its end and returns the new images, by name."""
    before = set(bpy.data.images.keys())
    settings(**{"upload_format": "png", "longest_side": 0, **values})
    assert bpy.ops.fluxdepth.edit() == {"FINISHED"}
    new = [image for image in bpy.data.images if image.name not in before and "fluxdepth_edit" in image]
    assert new, "no new image"
    return new


def refusal(**values) -> str:
    """The message with which the edit is refused."""
    settings(**values)
    try:
        bpy.ops.fluxdepth.edit()
    except RuntimeError as exc:
        return str(exc)
    raise AssertionError("it was not refused")


def small_render(width=192, height=108):
    """The scene set up for a quick Cycles render with light, shade and colour."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 2
    scene.cycles.use_denoising = False  # not in every build
    scene.cycles.max_bounces = 1
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    material = bpy.data.materials.new("orange")
    material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (0.9, 0.25, 0.05, 1)
    bpy.data.objects["Cube"].data.materials.clear()
    bpy.data.objects["Cube"].data.materials.append(material)
    bpy.data.objects["Light"].data.energy = 3000  # parts of it above 1, where the views differ most
    return scene


def keep(image, name: str) -> str:
    """Writes the packed bytes of a result for the test outside."""
    path = OUT / name
    path.write_bytes(image.packed_file.data)
    return str(path)
