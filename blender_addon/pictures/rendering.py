"""Render Now: starts Blender's own render and takes its picture when it is done. Knows no job and no service.

A render in a window runs as a job of Blender's while the artist goes on. What counts is the scene of the press: when
another file was opened meanwhile, or another render begun, nothing is sent.
"""

import time
from types import SimpleNamespace

import bpy

from ..properties import Settings
from ..shared.errors import PictureError
from ..shared.language import tr
from .depth import taking
from .sources import Snapshot, place_of, render

START_GRACE = 1.0  # s in which Blender may call a render neither running nor ended
NO_STEP = 2**31 - 1
CHOICES = ("upload_format", "longest_side", "keep_transparency", "keep_detail", "depth_range")


class _Watch:
    """What Blender's handlers, which may run in its render thread, told of the renders since the press."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = ""


_watch = _Watch()


def begun(*_args: object) -> None:
    _watch.begun += 1


def completed(*_args: object) -> None:
    _watch.ended = "complete"


def cancelled(*_args: object) -> None:
    _watch.ended = "cancelled"


HANDLERS = (
    ("render_init", begun),
    ("render_complete", completed),
    ("render_cancel", cancelled),
    # Undo ends a render, and Blender then calls it complete.
    ("undo_pre", cancelled),
    ("redo_pre", cancelled),
)
"""For the session to hang into ``bpy.app.handlers``."""


class Rendering:
    """A render that is under way for an edit, with what the panel said when the button was pressed."""

    def __init__(self, scene: bpy.types.Scene, settings: Settings) -> None:
        self.place = place_of(scene, "RENDER", image="Render Result")
        self._scene_uid = scene.session_uid
        self._choices = SimpleNamespace(**{name: getattr(settings, name, False) for name in CHOICES})
        self._watch = _watch
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the press."""
        return time.monotonic() - self._started

    def stop(self) -> None:
        """Ends Blender's render, when it is still this one."""
        if self._watch is _watch and self._watch.begun <= 1 and bpy.app.is_job_running("RENDER"):
            # Blender gives scripts no other way: a step through its undo history ends all jobs first. There is no
            # step of this number, so nothing else happens.
            bpy.ops.ed.undo_history("EXEC_DEFAULT", item=NO_STEP)

    def snapshot_or_none(self) -> Snapshot | None:
        """The picture when the render is done, None as long as it runs.

        Raises PictureError when there is none, or when it would be another than the one of the press.
        """
        # Looked up now, by a number that no other file's scene has.
        scene = next((one for one in bpy.data.scenes if one.session_uid == self._scene_uid), None)
        if scene is None:
            raise PictureError(
                tr("The scene is not open any more, so its render was not sent."), tr("Open its file and try again.")
            )
        if self._watch is not _watch or self._watch.begun > 1:
            raise PictureError(
                tr("Another render began before this one was taken, so nothing was sent."), tr("Try again.")
            )
        if bpy.app.is_job_running("RENDER"):
            return None
        if self._watch.ended == "cancelled":
            raise PictureError(tr("The render was stopped, so nothing was sent."))
        if self._watch.ended:
            snapshot = render(scene, self._choices)
            taking.add(bpy.context, snapshot, self._choices.depth_range, scene)
            snapshot.origin["frame"] = self.place["frame"]  # the artist may be at another one by now
            return snapshot
        if self.seconds < START_GRACE:
            return None
        raise _did_not_start()


def start(context: bpy.types.Context, settings: Settings) -> Rendering:
    """Begins to render the current frame; in background mode it is done on return.

    Raises PictureError, in words, when Blender does not start it.
    """
    global _watch
    if bpy.app.is_job_running("RENDER"):
        raise PictureError(tr("A render is running already."), tr("Wait until it is done."))
    _watch = _Watch()
    try:
        state = bpy.ops.render.render("EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT")
    except RuntimeError as exc:  # what the operator reported: no camera, an engine that can't
        words = str(exc).strip().rstrip(".")
        words = words.partition(": ")[2] or words  # behind "Error:", in whatever language
        raise PictureError(
            tr("The scene can't be rendered, so nothing was sent."), tr("Blender says: {reason}.").format(reason=words)
        ) from exc
    if state == {"CANCELLED"}:
        raise _did_not_start()
    return Rendering(context.scene, settings)


def _did_not_start() -> PictureError:
    return PictureError(tr("The render did not start, so nothing was sent."), tr("Render with F12 to see why."))
