"""Runs inside Blender: makes a small scene with near and far things and saves it as `-- FILE`."""

import sys
from math import radians

import bpy

path = sys.argv[-1]
bpy.ops.wm.read_homefile(use_factory_startup=True)
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 4
scene.cycles.use_denoising = False  # not in every build
scene.render.resolution_x, scene.render.resolution_y = 480, 270
scene.render.resolution_percentage = 100
bpy.data.objects.remove(bpy.data.objects["Cube"])


def painted(thing, *colour: float) -> None:
    material = bpy.data.materials.new(thing.name)
    material.use_nodes = True
    shader = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*colour, 1)
    thing.data.materials.append(material)


bpy.ops.mesh.primitive_plane_add(size=60)
painted(bpy.context.object, 0.35, 0.42, 0.3)
bpy.ops.mesh.primitive_monkey_add(size=1.6, location=(0.2, -2.6, 0.9), rotation=(radians(-8), 0, radians(12)))
bpy.ops.object.shade_smooth()
painted(bpy.context.object, 0.85, 0.3, 0.08)
for number in range(9):
    bpy.ops.mesh.primitive_cylinder_add(radius=0.35, depth=4, location=(-6 + number * 1.6, 4 + number * 1.2, 2))
    painted(bpy.context.object, 0.25, 0.35, 0.6)
light = bpy.data.objects["Light"]
light.data.type, light.data.energy, light.rotation_euler = "SUN", 3, (radians(50), radians(15), 0)
camera = bpy.data.objects["Camera"]
camera.location, camera.rotation_euler = (0, -7, 1.5), (radians(86), 0, 0)
camera.data.lens = 35
scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.5, 0.65, 0.9, 1)
scene.frame_start, scene.frame_end = 1, 3
camera.keyframe_insert("location", frame=1)
camera.location.x = 0.6
camera.keyframe_insert("location", frame=3)
chosen = getattr(scene, "fluxdepth", None)
if chosen:
    chosen.prompt = "The head in front stays sharp, the pillars far behind it are softly out of focus"
bpy.ops.wm.save_as_mainfile(filepath=path)
