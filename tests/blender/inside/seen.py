"""Runs inside windowed Blender, beside ``remote.py``: shows a picture in Blender's own editor, and has it sent."""

import sys

import bpy
import numpy as np

sys.path.insert(0, str(INSIDE))  # noqa: F821  given by the test
from harness import OUT, small_render

WIDTH, HEIGHT = 360, 200
PATCH = 20  # px: flat, so that an edge between two pixels plays no part

window = bpy.context.window_manager.windows[0]
main_area = max(window.screen.areas, key=lambda one: one.width * one.height)
bpy.context.preferences.system.use_region_overlap = True


def put_below(value):
    """What the editor shows where an image is transparent, in place of the checkerboard; 0 is black."""
    checker = bpy.context.preferences.themes[0].user_interface
    checker.transparent_checker_primary = checker.transparent_checker_secondary = [value] * 3


def alphas():
    """Of the pattern's patches, the lowest row first."""
    return np.random.default_rng(8).choice([1.0, 0.75, 0.5, 0.25], (HEIGHT // PATCH, WIDTH // PATCH))


def pattern(alpha, premultiplied):
    """Random colours in patches, darker and lighter ones."""
    patches = np.random.default_rng(7).random((HEIGHT // PATCH, WIDTH // PATCH, 4)) ** 1.5
    patches[..., 3] = alphas() if alpha else 1
    if premultiplied:
        patches[..., :3] *= patches[..., 3:]
    return patches.repeat(PATCH, 0).repeat(PATCH, 1).astype(np.float32)


def load(depth, colorspace, alpha_mode="", as_render=False):
    """An image of a file: PNG for ``byte``, EXR for ``float``; transparent in parts when ``alpha_mode`` is given."""
    is_float = depth == "float"
    drawn = bpy.data.images.new("drawn", WIDTH, HEIGHT, alpha=True, float_buffer=is_float)
    drawn.pixels.foreach_set(pattern(bool(alpha_mode), is_float or alpha_mode == "PREMUL").ravel())
    path = OUT / f"drawn.{'exr' if is_float else 'png'}"
    drawn.filepath_raw, drawn.file_format = str(path), "OPEN_EXR" if is_float else "PNG"
    drawn.save()
    bpy.data.images.remove(drawn)
    image = bpy.data.images.load(str(path), check_existing=False)
    image.colorspace_settings.name = colorspace
    if alpha_mode:
        image.alpha_mode = alpha_mode
    image.use_view_as_render = as_render
    return image


def colorspaces():
    """All that an image offers, as Blender itself lists them when it is asked for another."""
    image = bpy.data.images.new("any", 1, 1)
    try:
        image.colorspace_settings.name = "none of them"
    except TypeError as exc:
        return [name for name in str(exc).partition("not found in (")[2].rstrip(")").split("'") if name.strip(", ")]
    finally:
        bpy.data.images.remove(image)


def show_image(image, source="IMAGE", channels="COLOR_ALPHA"):
    global shown
    put_below(0 if source == "IMAGE" else 1)
    main_area.type = "IMAGE_EDITOR"
    space = main_area.spaces.active
    space.show_region_ui = space.show_region_toolbar = False
    space.image = image
    space.display_channels = channels
    region = next(one for one in main_area.regions if one.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=main_area, region=region):
        bpy.ops.image.view_all()
        bpy.ops.image.view_zoom_ratio(ratio=1.0)
    chosen = bpy.context.scene.fluxdepth
    chosen.source, chosen.image = source, image if source == "IMAGE" else None
    shown = lambda: _image_place(region)  # noqa: E731
    main_area.tag_redraw()


def _image_place(region):
    left, bottom = region.view2d.view_to_region(0, 0, clip=False)
    right, top = region.view2d.view_to_region(1, 1, clip=False)
    return [region.x + left, window.height - region.y - top, right - left, top - bottom]


def show_render(view="Standard", slot=0, **render_settings):
    scene = small_render(WIDTH, HEIGHT)
    scene.view_settings.view_transform = view
    for name, value in {"use_border": False, "film_transparent": False, **render_settings}.items():
        setattr(scene.render, name, value)
    bpy.ops.render.render()
    result = next(one for one in bpy.data.images if one.type == "RENDER_RESULT")
    if slot:
        while len(result.render_slots) <= slot:
            result.render_slots.new()
        result.render_slots.active_index = slot
        scene.world.color = (0.1, 0.5, 0.2)
        bpy.data.objects["Cube"].location.x += 2
        bpy.ops.render.render()
    show_image(result, "RENDER")


def show_viewport(shading, engine="", transparent=False):
    global shown
    small_render(64, 64).render.film_transparent = transparent
    put_below(1)
    main_area.type = "VIEW_3D"
    space = main_area.spaces.active
    if engine:
        names = [engine, f"{engine}_NEXT"]  # EEVEE's name in 4.2 to 4.5
        bpy.context.scene.render.engine = _first_that_is_there(names)
    space.shading.type = shading
    space.overlay.show_overlays = space.show_gizmo = False
    for name in ("ui", "toolbar", "header", "tool_header", "hud"):
        setattr(space, f"show_region_{name}", False)
    bpy.context.scene.fluxdepth.source = "VIEWPORT"
    region = next(one for one in main_area.regions if one.type == "WINDOW")
    shown = lambda: [region.x, window.height - region.y - region.height, region.width, region.height]  # noqa: E731


def _first_that_is_there(engines):
    render = bpy.context.scene.render
    for name in engines:
        try:
            render.engine = name
        except TypeError:
            continue
        return name
    raise AssertionError(engines)


def where():
    return [round(one) for one in shown()]


def press():
    chosen = bpy.context.scene.fluxdepth
    chosen.prompt, chosen.upload_format, chosen.longest_side = "Haze far behind", "png", 0
    for ticket in list(desk.tickets):  # noqa: F821  given by the window
        desk.dismiss(ticket)  # noqa: F821
    try:
        bpy.ops.fluxdepth.edit(confirmed=True)
    except RuntimeError as exc:
        return str(exc)
    return ""
