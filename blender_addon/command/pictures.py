"""The picture of one frame: rendered, or an image of the file; and whether it is the one of an earlier edit."""

from collections.abc import Callable
from types import SimpleNamespace

import bpy

from ..pictures import sources
from ..shared.errors import PictureError
from ..shared.jobs.background import Background
from ..shared.jobs.request import Taken
from ..shared.pictures import imaging
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
    return sources.size_of(bpy.context, settings) or (0, 0)


def of_frame(settings: SimpleNamespace, frame: int) -> sources.Snapshot:
    """Renders ``frame``, unless an image is to be edited. Raises PictureError, in words."""
    bpy.context.scene.frame_set(frame)
    if not settings.image:
        try:
            ended = bpy.ops.render.render()
        except RuntimeError as exc:
            raise PictureError("The scene can't be rendered.", str(exc).strip()) from exc
        if ended != {"FINISHED"}:
            raise PictureError("The scene was not rendered to its end.", "What Blender printed above tells why.")
    return sources.take(bpy.context, settings)


def taken(snapshot: sources.Snapshot) -> Taken:
    """The picture as it is sent, with its transparency; for a worker. Raises PictureError."""
    image = snapshot.encode()
    return Taken(image, {ALPHA: imaging.stored_alpha(snapshot.alpha)} if snapshot.alpha else {})


def taken_now(snapshot: sources.Snapshot, wait: Callable[[float], None]) -> Taken:
    """The same on the main thread, which serves the worker meanwhile. Raises PictureError."""
    work = Background(lambda: taken(snapshot), "fluxdepth-picture")
    while not work.finished:
        snapshot.serve()
        wait(0.01)
    return work.answer()


def is_of(job: Job, picture: Taken) -> bool:
    """Whether ``job`` was made of just this picture, transparency included."""
    same = job.picture.get("sha256") == picture.image.sha256
    return same and job.companion(ALPHA) == picture.companions.get(ALPHA)
