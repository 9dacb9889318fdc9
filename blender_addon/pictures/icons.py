"""Small pictures for lists, handed over to Blender.

Its own come late or not at all: it makes none as long as the scene's render engine has no preview (Workbench, some
add-ons'), and decodes the whole picture for one.
"""

import bpy

from ..shared.pictures.imaging import Pixels


def fill(preview: bpy.types.ImagePreview, picture: Pixels | None) -> None:
    """``preview`` shows ``picture``, made by :func:`imaging.icon`; with None, what Blender makes of it."""
    if picture is None:
        return
    preview.image_size = picture.width, picture.height
    preview.image_pixels.foreach_set(  # type: ignore[attr-defined]  # the stub takes the array for a number
        memoryview(picture.data).cast("i")
    )
