"""Runs inside Blender: a render at 4K with fine texture near and far, written to the PNG file `-- FILE`."""

import sys
from math import radians

import bpy

path = sys.argv[-1]
bpy.ops.wm.read_homefile(use_factory_startup=True)
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples = 6
scene.cycles.use_denoising = False  # its noise is detail as well, and no edit may lose it unasked
scene.cycles.max_bounces = 2
scene.render.resolution_x, scene.render.resolution_y = 3840, 2160
scene.render.resolution_percentage = 100
bpy.data.objects.remove(bpy.data.objects["Cube"])


def textured(thing, kind, scale, *colour):
    material = bpy.data.materials.new(thing.name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = next(node for node in nodes if node.type == "BSDF_PRINCIPLED")
    texture, ramp = nodes.new(kind), nodes.new("ShaderNodeValToRGB")
    texture.inputs["Scale"].default_value = scale
    ramp.color_ramp.elements[0].color = (*(part * 0.15 for part in colour), 1)
    ramp.color_ramp.elements[1].color = (*colour, 1)
    links.new(nodes.new("ShaderNodeTexCoord").outputs["Object"], texture.inputs["Vector"])
    links.new(texture.outputs[0], ramp.inputs["Fac"])
    links.new(ramp.outputs["Color"], shader.inputs["Base Color"])
    thing.data.materials.append(material)


bpy.ops.mesh.primitive_plane_add(size=60)
textured(bpy.context.object, "ShaderNodeTexNoise", 9, 0.5, 0.6, 0.4)
bpy.ops.mesh.primitive_monkey_add(size=1.6, location=(0.2, -2.6, 0.9), rotation=(radians(-8), 0, radians(12)))
textured(bpy.context.object, "ShaderNodeTexVoronoi", 40, 0.95, 0.4, 0.1)
for number in range(9):
    bpy.ops.mesh.primitive_cylinder_add(radius=0.35, depth=4, location=(-6 + number * 1.6, 4 + number * 1.2, 2))
    textured(bpy.context.object, "ShaderNodeTexNoise", 30, 0.35, 0.5, 0.9)
light = bpy.data.objects["Light"]
light.data.type, light.data.energy, light.rotation_euler = "SUN", 3, (radians(50), radians(15), 0)
camera = bpy.data.objects["Camera"]
camera.location, camera.rotation_euler, camera.data.lens = (0, -7, 1.5), (radians(86), 0, 0), 35
scene.render.image_settings.file_format = "PNG"
scene.render.filepath = path
bpy.ops.render.render(write_still=True)
