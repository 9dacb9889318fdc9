"""Pictures as Blender displays them, written to a file by Blender itself. Knows no job and no service.

``Image.save_render`` is the only way to the pixels of a Render Result, and it formats the file by the scene's output
settings. A throwaway scene has no render of its own ("does not have any image data"), so for a Render Result the
scene's own settings are borrowed for the moment of the call and given back to the last property. Other images are
written through a throwaway scene.
"""

import contextlib
import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import bpy

from ..shared.errors import PictureError
from ..shared.language import tr
from ..shared.pictures.imaging import Pixels
from ..shared.storage.log import LOGGER

# TARGA_RAW is written as fast as a JPEG, loses nothing, and is read without a decoder.
FILE_FORMAT: Final = "TARGA_RAW"
COLOR_MODE: Final = "RGBA"
_VIEW = ("view_transform", "look", "exposure", "gamma", "use_curve_mapping")
_WHITE_BALANCE = ("use_white_balance", "white_balance_temperature", "white_balance_tint")  # from 4.3
# Kept in this order: what may be chosen depends on what stands before it.
_BORROWED = ("media_type", "file_format", "color_mode", "color_depth", "quality", "compression")


def write_render(image: bpy.types.Image, scene: bpy.types.Scene) -> Path:
    """The Render Result as the artist sees it, in a new file. The caller removes it.

    Raises PictureError when there is no render, or when it can't be written.
    """
    with _borrowed(scene):
        return _written(image, scene)


def write_image(image: bpy.types.Image, view_from: bpy.types.Scene | None = None) -> Path:
    """Any other image in a new file, through the standard view, or that of the scene ``view_from``."""
    scene = bpy.data.scenes.new("Flux Depth")
    try:
        scene.render.dither_intensity = 0
        if view_from:
            _copy_view(view_from, scene.display_settings, scene.view_settings)
        else:
            scene.view_settings.view_transform = "Standard"
        _choose_format(scene.render.image_settings)
        return _written(image, scene)
    finally:
        bpy.data.scenes.remove(scene)


def read(path: Path) -> Pixels:
    """What :func:`_written` wrote; for the worker. Removes the file."""
    data = path.read_bytes()
    remove(path)
    kind, width, height, bits, flags = data[2], *struct.unpack("<HHBB", data[12:18])
    if kind != 2 or bits not in (24, 32):
        raise PictureError(tr("Blender wrote a picture of an unexpected kind."), f"TARGA type {kind}, {bits} bits.")
    order = "BGRA" if bits == 32 else "BGR"
    begin = 18 + data[0]
    samples = memoryview(data)[begin : begin + width * height * bits // 8]
    return Pixels(samples, width, height, order, bottom_up=not flags & 0x20)


def read_or_error(path: Path) -> Pixels:
    """The same; raises PictureError."""
    try:
        return read(path)
    except OSError as exc:
        raise PictureError(tr("The picture that Blender wrote can't be read."), str(exc)) from exc


def remove(path: Path | None) -> None:
    """Removes what :func:`_written` wrote, if it is there. Windows may hold it open; Blender empties the folder."""
    if path:
        try:
            path.unlink(missing_ok=True)
        except OSError as exc:
            LOGGER.warning("%s is left for Blender to remove: %s", path.name, exc)


def _written(image: bpy.types.Image, scene: bpy.types.Scene) -> Path:
    # In the folder that Blender empties when it quits, in case nobody comes to read it.
    handle, name = tempfile.mkstemp(prefix="fluxdepth-", suffix=".tga", dir=bpy.app.tempdir or None)
    os.close(handle)  # Blender opens it by its name
    path = Path(name)
    try:
        image.save_render(name, scene=scene)
        if not path.stat().st_size:
            raise PictureError(
                tr("Blender could not write “{name}”.").format(name=image.name),
                tr("Is there room in {folder}?").format(folder=path.parent),
            )
    except RuntimeError as exc:
        remove(path)
        # In Blender's language. The stub knows no result.
        empty: str = bpy.app.translations.pgettext_rpt("Image '%s' does not have any image data")  # type: ignore[assignment]
        if empty.replace("%s", image.name) in str(exc):
            raise PictureError(
                tr("There is no render yet."), tr("Render the scene (F12), or choose Render Now.")
            ) from exc
        raise PictureError(tr("Blender could not write “{name}”.").format(name=image.name), str(exc).strip()) from exc
    except BaseException:
        remove(path)
        raise
    return path


@contextlib.contextmanager
def _borrowed(scene: bpy.types.Scene) -> Iterator[None]:
    settings = scene.render.image_settings
    kept = [(name, getattr(settings, name)) for name in _BORROWED if hasattr(settings, name)]
    dither = scene.render.dither_intensity
    own_view = settings.color_management == "OVERRIDE"  # the file's own view; the artist sees the scene's
    if own_view:
        display, view = settings.display_settings, settings.view_settings
        kept_display, kept_view = display.display_device, _simple_view(view)
        kept_curves = _curves(view)
        linear = settings.linear_colorspace_settings.name  # otherwise it follows the format by itself
    try:
        scene.render.dither_intensity = 0
        _choose_format(settings)
        if own_view:
            _copy_view(scene, display, view)
        yield
    finally:
        for name, value in kept:
            # A format that this build can't write any more can't be chosen anew either.
            with contextlib.suppress(TypeError):
                setattr(settings, name, value)
        scene.render.dither_intensity = dither
        if own_view:
            display.display_device = kept_display
            for name, value in kept_view.items():
                setattr(view, name, value)
            _set_curves(view, kept_curves)
            if linear:
                settings.linear_colorspace_settings.name = linear


def _choose_format(settings: bpy.types.ImageFormatSettings) -> None:
    if hasattr(settings, "media_type"):  # from 5.0: gates the file formats
        settings.media_type = "IMAGE"
    settings.file_format = FILE_FORMAT
    settings.color_mode = COLOR_MODE


def _copy_view(
    scene: bpy.types.Scene,
    display: bpy.types.ColorManagedDisplaySettings,
    view: bpy.types.ColorManagedViewSettings,
) -> None:
    display.display_device = scene.display_settings.display_device
    for name, value in _simple_view(scene.view_settings).items():
        setattr(view, name, value)
    if scene.view_settings.use_curve_mapping:
        _set_curves(view, _curves(scene.view_settings))


def _simple_view(view: bpy.types.ColorManagedViewSettings) -> dict[str, Any]:
    return {name: getattr(view, name) for name in (*_VIEW, *_WHITE_BALANCE) if hasattr(view, name)}


def _curves(view: bpy.types.ColorManagedViewSettings) -> list[Any] | None:
    """The view's curves as plain data; None while it has none."""
    mapping = view.curve_mapping
    if mapping is None:
        return None
    points = [[(*point.location[:], point.handle_type) for point in curve.points] for curve in mapping.curves]
    return [points, mapping.black_level[:], mapping.white_level[:]]


def _set_curves(view: bpy.types.ColorManagedViewSettings, kept: list[Any] | None) -> None:
    mapping = view.curve_mapping
    if kept is None or mapping is None:
        return
    points, mapping.black_level, mapping.white_level = kept
    for curve, wanted in zip(mapping.curves, points, strict=True):
        while len(curve.points) > max(2, len(wanted)):
            curve.points.remove(curve.points[-1])
        while len(curve.points) < len(wanted):
            curve.points.new(0.5, 0.5)
        for point, (x, y, handle) in zip(curve.points, wanted, strict=False):
            point.location, point.handle_type = (x, y), handle
    mapping.update()
