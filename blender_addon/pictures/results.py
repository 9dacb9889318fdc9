"""The result as an image data-block: exact bytes packed, the settings that made it on it, shown where there is room.

Knows Blender's images and editors; knows no job and no service.
"""

import contextlib
import json
from collections.abc import Mapping
from typing import Any

import bpy

from ..shared.jobs.request import Result
from ..shared.jobs.wording import result_name
from ..shared.language import tr, trn
from ..shared.pictures.encoded import EncodedImage

PROPERTY = "fluxdepth_edit"
DEPTH_CHECK = "depth_check"  # in that: the share of the edges of true depth that the result has kept
SENT_PROPERTY = "fluxdepth_sent"  # the job whose picture it is
NAME_BYTES = 63  # what a name holds before Blender 5.0; ".001" needs four of them


def bring_in(picture: EncodedImage, result: Result, more: Mapping[str, Any]) -> bpy.types.Image:
    """A new image with the exact bytes of ``picture``, which is ``result`` as it is wanted here. Returns the image.

    ``more`` is what is told of it on the image, beside the result's own record. Raises RuntimeError, in Blender's words
    or ours, when Blender can't take it in.
    """
    image = packed(result_name(result.edit, NAME_BYTES - 4), picture.data, picture.suffix)
    if not picture.format and not all(image.size):  # asking for the size decodes it
        bpy.data.images.remove(image)
        raise RuntimeError(tr("It is a picture of a kind that Blender does not know."))
    image[PROPERTY] = json.dumps({**result.record(), **more})
    image.use_fake_user = True
    return image


def bring_in_sent(job_id: str, sent: EncodedImage) -> bpy.types.Image:
    """A new image with the picture that was sent in that job, to compare its results with. Returns the image."""
    image = packed(tr("Sent to Flux Depth"), sent.data, sent.suffix)
    image[SENT_PROPERTY] = job_id
    return image


def packed(name: str, data: bytes, suffix: str) -> bpy.types.Image:
    """A new image that holds ``data``, a picture as a file whose name would end in ``suffix``."""
    image = bpy.data.images.new(name, 1, 1)
    image.pack(data=data, data_len=len(data))
    image.source = "FILE"
    # Where it would go when the artist unpacks it.
    image.filepath_raw = f"//{bpy.path.clean_name(image.name)}{suffix}"
    with contextlib.suppress(TypeError):  # a colour configuration of the artist's own may call it otherwise
        image.colorspace_settings.name = "sRGB"
    return image


def push_undo(count: int) -> None:
    """Closes the import as one undo step, so that undo takes back the import and nothing of the artist's own.

    Called from a timer, whose context has a window. Never under ``temp_override``: an operator that looks its context
    up in an override while a thread of ours holds Python's lock crashes Blender (seen in 4.2; Python 3.11 and older).
    """
    if not bpy.app.background:
        words = trn("Flux Depth Result", "{count} Flux Depth Results", count)
        bpy.ops.ed.undo_push(message=words.format(count=count))


def record_of(image: bpy.types.Image) -> dict[str, Any] | None:
    """What the image carries of the edit that made it, or None."""
    try:
        record = json.loads(image[PROPERTY])
    except (KeyError, TypeError, ValueError):
        return None
    return record if isinstance(record, dict) and isinstance(record.get("settings"), dict) else None


def all_results() -> list[tuple[bpy.types.Image, dict[str, Any]]]:
    """The results in this file with their records: the newest job first, its variations in their order."""
    found = [(image, record) for image in bpy.data.images if (record := record_of(image))]
    newest: dict[str, float] = {}
    for _, record in found:
        job_id, created = key_of(record)[0], float(record.get("created") or 0)
        newest[job_id] = max(newest.get(job_id, 0.0), created)
    return sorted(found, key=lambda one: (-newest[key_of(one[1])[0]], *key_of(one[1])))


def check_of(record: Mapping[str, Any]) -> float | None:
    """What the check of depth found, 0–1; None where there was none."""
    share = record.get(DEPTH_CHECK)
    return float(share) if isinstance(share, (int, float)) else None


def best_first(found: list[tuple[bpy.types.Image, dict[str, Any]]]) -> list[tuple[bpy.types.Image, dict[str, Any]]]:
    """Results as :func:`all_results` gives them, the variations of each job by their check of depth."""
    jobs = {key_of(record)[0]: number for number, (_, record) in reversed(list(enumerate(found)))}
    return sorted(found, key=lambda one: (jobs[key_of(one[1])[0]], -(check_of(one[1]) or 0.0)))


def key_of(record: dict[str, Any]) -> tuple[str, int]:
    """Which result the record is of: its job, and its index in it."""
    return str(record.get("job") or ""), int(record.get("index") or 0)


def sent_in(job_id: str) -> bpy.types.Image | None:
    """What :func:`bring_in_sent` made of that job's picture, as long as it is in this file."""
    return next((image for image in bpy.data.images if image.get(SENT_PROPERTY) == job_id), None)


def editors() -> list[bpy.types.Area]:
    """Every image editor that is open and shows images (not the UV editor), with those of the first window first."""
    windows = bpy.context.window_manager.windows
    areas = [area for window in windows for area in window.screen.areas]
    return [area for area in areas if area.type == "IMAGE_EDITOR" and area.ui_type == "IMAGE_EDITOR"]


def shown() -> list[bpy.types.Image | None]:
    """What the open image editors show."""
    spaces = [area.spaces.active for area in editors()]
    return [space.image for space in spaces if isinstance(space, bpy.types.SpaceImageEditor)]


def show(image: bpy.types.Image) -> bool:
    """Shows ``image`` in an open image editor whose image is not pinned. False when there is none."""
    for area in editors():
        space = area.spaces.active
        if isinstance(space, bpy.types.SpaceImageEditor) and not space.use_image_pin:
            space.image = image
            area.tag_redraw()
            return True
    return False


def show_in_new_window(image: bpy.types.Image) -> None:
    bpy.ops.wm.window_new()
    area = bpy.context.window_manager.windows[-1].screen.areas[0]
    area.type = "IMAGE_EDITOR"
    space = area.spaces.active
    assert isinstance(space, bpy.types.SpaceImageEditor)
    space.image = image
