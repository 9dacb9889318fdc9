"""Runs inside Blender: echo edits of every kind of source. Beside each result lies what Blender displays."""

import array
import math
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
from harness import OUT, edit, keep, refusal, settings, small_render

WIDTH, HEIGHT = 67, 41  # odd, so that a slipped row or column shows


def _truth(name: str, scene) -> str:
    """The render that has just been made, as Blender itself writes it: by F12 with output, not by save_render."""
    image_settings = scene.render.image_settings
    if hasattr(image_settings, "media_type"):
        image_settings.media_type = "IMAGE"
    image_settings.file_format = "PNG"
    image_settings.color_mode = "RGBA"
    image_settings.color_management = "FOLLOW_SCENE"
    scene.render.dither_intensity = 0
    scene.render.filepath = str(OUT / f"{name}-truth.png")
    bpy.ops.render.render(write_still=True)
    return scene.render.filepath


def _render(name: str, view: str, **scene_settings) -> dict:
    scene = small_render()
    scene.view_settings.view_transform = view
    for key, value in scene_settings.items():
        setattr(scene.render, key, value)
    truth = _truth(name, scene)
    (result,) = edit(source="RENDER")
    return {"truth": truth, "result": keep(result, f"{name}.png"), "size": list(result.size)}


def check_render_standard():
    return _render("render-standard", "Standard")


def check_render_filmic():
    return _render("render-filmic", "Filmic")


def check_render_agx():
    return _render("render-agx", "AgX")


def check_render_transparent():
    return _render("render-transparent", "AgX", film_transparent=True)


def check_render_with_look_exposure_and_curves():
    scene = small_render()
    view = scene.view_settings
    view.view_transform = "Filmic"
    view.look = "High Contrast" if "High Contrast" in _looks(view) else "Filmic - High Contrast"
    view.exposure, view.gamma = 0.7, 1.2
    view.use_curve_mapping = True
    view.curve_mapping.curves[3].points.new(0.3, 0.6)
    view.curve_mapping.update()
    truth = _truth("render-curves", scene)
    # The artist's output has a view of its own. What is seen is the scene's.
    scene.render.image_settings.color_management = "OVERRIDE"
    scene.render.image_settings.view_settings.view_transform = "Standard"
    scene.render.image_settings.view_settings.exposure = -3
    before = _output_of(scene)
    (result,) = edit(source="RENDER")
    assert _output_of(scene) == before, _differences(before, _output_of(scene))
    return {"truth": truth, "result": keep(result, "render-curves.png")}


def _looks(view) -> list:
    try:
        view.look = "not a look"
    except TypeError as exc:
        return str(exc)
    return []


def check_render_now_makes_its_own_render():
    scene = small_render()
    scene.view_settings.view_transform = "AgX"
    (result,) = edit(source="RENDER_NOW")
    kept = keep(result, "render-now.png")
    return {"truth": _truth("render-now", scene), "result": kept}


def _output_of(scene) -> dict:
    """Everything that says how this scene is rendered, displayed and written, to the last property."""
    return {name: _all_properties(getattr(scene, name)) for name in ("render", "view_settings", "display_settings")}


def _differences(before: dict, after: dict, path="") -> list:
    found = []
    for name, value in before.items():
        if isinstance(value, dict):
            found += _differences(value, after.get(name, {}), f"{path}{name}.")
        elif after.get(name) != value:
            found.append((path + name, value, after.get(name)))
    return found


def _all_properties(owner, depth=5) -> dict:
    """Every property below `owner` that could be the artist's, as plain values."""
    found = {}
    for prop in owner.bl_rna.properties:
        name = prop.identifier
        if name in {"rna_type", "fluxdepth", "id_data"}:
            continue
        value = getattr(owner, name)
        if prop.type == "POINTER":
            if depth and value is not None and not isinstance(value, bpy.types.ID):
                found[name] = _all_properties(value, depth - 1)
        elif prop.type == "COLLECTION":
            if name in {"curves", "points"}:
                found[name] = [_all_properties(item, depth - 1) for item in value]
        elif getattr(prop, "is_array", False):
            found[name] = list(value)
        else:
            found[name] = sorted(value) if isinstance(value, set) else value
    return found


def check_render_settings_are_left_as_they_were():
    """Under every output format, the video and multilayer ones included."""
    scene = small_render(32, 18)
    bpy.ops.render.render()
    image_settings = scene.render.image_settings
    tried = []
    for media in _choices(image_settings, "media_type") or [None]:
        if media:
            image_settings.media_type = media
        for file_format in _choices(image_settings, "file_format"):
            image_settings.file_format = file_format
            for color_mode in _choices(image_settings, "color_mode"):
                image_settings.color_mode = color_mode
                for depth in _choices(image_settings, "color_depth")[-1:]:
                    image_settings.color_depth = depth
                image_settings.quality, image_settings.compression = 71, 33
                scene.render.dither_intensity = 0.6
                before = _output_of(scene)
                _take_render(scene).unlink()
                after = _output_of(scene)
                assert after == before, (media, file_format, color_mode, _differences(before, after))
                tried.append(file_format)
    assert {"FFMPEG", "OPEN_EXR_MULTILAYER", "JPEG", "PNG"} <= set(tried), tried
    return sorted(set(tried))


def _choices(owner, name: str) -> list:
    """What an enum really takes now: Blender narrows it by what stands before it."""
    if not hasattr(owner, name):
        return []
    before, found = getattr(owner, name), []
    for item in owner.bl_rna.properties[name].enum_items:
        try:
            setattr(owner, name, item.identifier)
            found.append(item.identifier)
        except TypeError:
            continue
    setattr(owner, name, before)
    return found


def _take_render(scene) -> Path:
    displayed = sys.modules["bl_ext.user_default.fluxdepth.pictures.displayed"]
    image = next(image for image in bpy.data.images if image.type == "RENDER_RESULT")
    return displayed.write_render(image, scene)


def check_render_without_render_is_refused():
    assert "no render yet" in refusal(source="RENDER")


# Images. The truth is what was put in: a byte image is displayed as it is, a float image by the sRGB curve.


def _colours(alpha=None) -> list:
    samples = []
    for row in range(HEIGHT):
        for column in range(WIDTH):
            across, down = column / (WIDTH - 1), row / (HEIGHT - 1)
            samples += [across, down, abs(across - down), 1.0 if alpha is None else alpha(across)]
    return samples


def _write_truth(name: str, image, displayed_samples: list) -> str:
    """What is displayed, bottom-up like Blender's own rows, as raw bytes; the test outside reads them."""
    path = OUT / f"{name}-truth.raw"
    path.write_bytes(bytes(int(min(1, max(0, value)) * 255 + 0.5) for value in displayed_samples))
    return str(path)


def _image(name: str, samples: list, float_buffer=False, colorspace="", **properties):
    image = bpy.data.images.new(name, WIDTH, HEIGHT, alpha=True, float_buffer=float_buffer)
    if colorspace:  # before the pixels: a generated image is made anew by it
        image.colorspace_settings.name = colorspace
    for key, value in properties.items():
        setattr(image, key, value)
    image.pixels.foreach_set(array.array("f", samples))
    image.update()
    return image


def _edited(name: str, image, displayed_samples: list, **values) -> dict:
    (result,) = edit(source="IMAGE", image=image, **values)
    return {
        "truth": _write_truth(name, image, displayed_samples),
        "size": [WIDTH, HEIGHT],
        "result": keep(result, f"{name}.png"),
    }


def _srgb(linear: float) -> float:
    linear = min(1.0, max(0.0, linear))
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * math.pow(linear, 1 / 2.4) - 0.055


def _shown(linear_samples: list) -> list:
    """Premultiplied linear samples as straight displayed ones."""
    shown = []
    for at in range(0, len(linear_samples), 4):
        alpha = linear_samples[at + 3]
        shown += [_srgb(value / alpha if alpha else 0) for value in linear_samples[at : at + 3]]
        shown.append(alpha)
    return shown


def check_image_byte():
    samples = _colours()
    return _edited("image-byte", _image("byte", samples), samples)


def check_image_byte_with_alpha():
    samples = _colours(alpha=lambda across: across)
    return _edited("image-byte-alpha", _image("byte", samples), samples)


def check_image_with_alpha_that_is_no_transparency():
    samples = _colours(alpha=lambda across: across)
    opaque = [1.0 if at % 4 == 3 else value for at, value in enumerate(samples)]
    return _edited("image-packed-channels", _image("byte", samples, alpha_mode="CHANNEL_PACKED"), opaque)


def check_image_float_with_alpha_that_is_no_transparency():
    samples = _colours(alpha=lambda across: max(0.1, across))
    opaque = [1.0 if at % 4 == 3 else _srgb(value) for at, value in enumerate(samples)]
    return _edited("image-float-packed", _image("float", samples, True, alpha_mode="CHANNEL_PACKED"), opaque)


def check_image_transparency_is_dropped_on_wish():
    samples = _colours(alpha=lambda across: across)
    over_white = []
    for at in range(0, len(samples), 4):
        alpha = samples[at + 3]
        over_white += [value * alpha + 1 - alpha for value in samples[at : at + 3]] + [1.0]
    return _edited("image-over-white", _image("byte", samples), over_white, keep_transparency=False)


def check_image_float():
    samples = [value * 1.5 if at % 4 != 3 else value for at, value in enumerate(_colours())]
    return _edited("image-float", _image("float", samples, True), _shown(samples))


def check_image_float_with_alpha():
    straight = _colours(alpha=lambda across: max(0.1, across))
    samples = [value if at % 4 == 3 else value * straight[at // 4 * 4 + 3] for at, value in enumerate(straight)]
    return _edited("image-float-alpha", _image("float", samples, True), _shown(samples))


def check_image_data_byte():
    """An editor displays data as if it were linear."""
    image = _image("normal map", _colours(), colorspace="Non-Color")
    return _edited("image-data", image, _shown([round(value * 255) / 255 for value in _colours()]))


def check_image_data_float():
    image = _image("depth", _colours(), True, colorspace="Non-Color")
    return _edited("image-data-float", image, _shown(_colours()))


def check_image_in_another_colour_space():
    """A byte image of linear values: Blender shows it by the sRGB curve."""
    image = _image("linear bytes", _colours(), colorspace="Linear Rec.709")
    shown = _shown([round(value * 255) / 255 for value in _colours()])
    return _edited("image-linear-bytes", image, shown)


def check_image_shown_as_render():
    """With View as Render the editor shows it through the scene's view; save_render does the same."""
    scene = bpy.context.scene
    scene.view_settings.view_transform = "AgX"
    image = _image("as render", _colours(), True)
    image.use_view_as_render = True
    image_settings = scene.render.image_settings
    if hasattr(image_settings, "media_type"):
        image_settings.media_type = "IMAGE"
    image_settings.file_format = "PNG"
    scene.render.dither_intensity = 0
    truth = str(OUT / "as-render-truth.png")
    image.save_render(truth, scene=scene)
    (result,) = edit(source="IMAGE", image=image)
    return {"truth": truth, "result": keep(result, "as-render.png")}


def _saved(name: str, file_format: str, samples: list, float_buffer=False) -> Path:
    image = _image(name, samples, float_buffer)
    path = OUT / name
    image.filepath_raw = str(path)
    image.file_format = file_format
    image.save()
    bpy.data.images.remove(image)
    return path


def check_image_file():
    image = bpy.data.images.load(str(_saved("colours.png", "PNG", _colours())))
    return _edited("image-file", image, _colours())


def check_image_exr_file():
    # Image.save writes EXR in whatever space it takes for the best, so the truth begins at what was loaded.
    image = bpy.data.images.load(str(_saved("colours.exr", "OPEN_EXR", _colours(), True)))
    assert image.is_float
    return _edited("image-exr", image, _shown(list(image.pixels)))


def check_image_packed():
    image = bpy.data.images.load(str(_saved("packed.png", "PNG", _colours())))
    image.pack()
    (OUT / "packed.png").unlink()
    return _edited("image-packed", image, _colours())


def check_image_generated():
    image = bpy.data.images.new("grid", WIDTH, HEIGHT)
    image.generated_type = "COLOR_GRID"
    samples = list(image.pixels)
    return _edited("image-generated", image, samples)


def check_image_sequence_frame():
    """The scene's frame 2 of a sequence; frame 1 is another picture."""
    _saved("frame_0001.png", "PNG", [1.0] * len(_colours()))
    _saved("frame_0002.png", "PNG", _colours())
    image = bpy.data.images.load(str(OUT / "frame_0001.png"))
    image.source = "SEQUENCE"
    bpy.context.scene.frame_set(2)
    return _edited("image-sequence", image, _colours())


def check_image_sequence_without_the_frame():
    _saved("lost_0001.png", "PNG", _colours())
    image = bpy.data.images.load(str(OUT / "lost_0001.png"))
    image.source = "SEQUENCE"
    bpy.context.scene.frame_set(7)
    assert "has no frame lost_0007.png" in refusal(source="IMAGE", image=image)


def check_image_udim_is_refused():
    image = bpy.data.images.new("tiles", 8, 8, tiled=True)
    assert "UDIM" in refusal(source="IMAGE", image=image)


def check_image_multilayer_is_refused():
    scene = small_render(16, 9)
    if hasattr(scene.render.image_settings, "media_type"):
        scene.render.image_settings.media_type = "MULTI_LAYER_IMAGE"
    scene.render.image_settings.file_format = "OPEN_EXR_MULTILAYER"
    scene.render.filepath = str(OUT / "layers.exr")
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    assert "multilayer" in refusal(source="IMAGE", image=image)


def check_image_none_is_refused():
    assert "No image is chosen" in refusal(source="IMAGE")


def check_image_whose_file_is_gone_is_refused():
    path = _saved("gone.png", "PNG", _colours())
    image = bpy.data.images.load(str(path))
    path.unlink()
    image.reload()
    assert "can't be loaded" in refusal(source="IMAGE", image=image)


def check_viewport_without_a_window_is_refused():
    assert "needs Blender's window" in refusal(source="VIEWPORT")


def check_source_image_is_left_as_it_was():
    samples = _colours(alpha=lambda across: across)
    image = _image("untouched", samples)
    before = (list(image.pixels), image.users, image.is_dirty, dict(image.items()))
    edit(source="IMAGE", image=image)
    settings(image=None)
    assert (list(image.pixels), image.users, image.is_dirty, dict(image.items())) == before


if __name__ == "__main__":
    assert os.environ["FLUXDEPTH_BASE_URL"].startswith("http://127.0.0.1")
    harness.run(sys.modules["__main__"])
