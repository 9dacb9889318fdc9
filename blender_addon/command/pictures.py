"""The picture of one frame: rendered, or an image of the file; and whether it is the one of an earlier edit."""

from collections.abc import Callable
from types import SimpleNamespace

import bpy

from ..pictures import rendering, sizes, sources
from ..shared.jobs.background import Background
from ..shared.jobs.request import Taken
from ..shared.storage.entries import ALPHA, Job


def may_be_transparent(settings: SimpleNamespace) -> bool:
    """Whether results may have transparency, as far as it is known before anything is rendered."""
    image = settings.image
    if not settings.keep_transparency:
        return False
    if image is None or image.type == "RENDER_RESULT":
        return bpy.context.scene.render.film_transparent
    return image.depth in (32, 64, 128) and image.alpha_mode not in {"NONE", "CHANNEL_PACKED"}


def size_of(settings: SimpleNamespace) -> tuple[int, int]:
    """In pixels; nothing where it can't be told."""
    if settings.image is None:
        return sizes.of_next_render(bpy.context.scene.render)
    return sizes.size_of(bpy.context, settings) or (0, 0)


def of_frame(settings: SimpleNamespace, frame: int) -> sources.Snapshot:
    """Renders ``frame``, unless an image is to be edited. Raises PictureError, in words."""
    bpy.context.scene.frame_set(frame)
    if not settings.image:
        rendering.start(bpy.context, settings)  # without a window it is done on return
    return sources.take(bpy.context, settings)


def taken_now(snapshot: sources.Snapshot, wait: Callable[[float], None]) -> Taken:
    """The picture as it is sent, with its transparency; the main thread serves the worker. Raises PictureError."""
    work = Background(snapshot.taken, "fluxdepth-picture")
    while not work.finished:
        snapshot.serve()
        wait(0.01)
    return work.answer()


def is_of(job: Job, picture: Taken) -> bool:
    """Whether ``job`` was made of just this picture, transparency included."""
    same = job.picture.get("sha256") == picture.image.sha256
    return same and job.companion(ALPHA) == picture.companions.get(ALPHA)
