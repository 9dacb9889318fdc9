"""From where a picture was seen: camera or view, as plain data that stays with the picture. Takes no picture.

A Render Result does not tell which camera it is of, and the artist goes on; so each render is watched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
from mathutils import Matrix

from ...shared.language import N_, tr
from .. import sizes, sources

KEY = "eye"  # in a picture's place in the document
NONE_WATCHED = N_("it was rendered before Flux Depth was switched on")
OTHER_FRAME = N_("the scene is at another frame than its render")
OTHER_SCENE = N_("it was rendered from another scene")
NO_CAMERA = N_("the scene has no camera")
NO_FLAT_CAMERA = N_("its camera is a panorama or of another kind that is not flat")
NO_EYE = N_("it is of no render and of no viewport")


@dataclass(frozen=True)
class Eye:
    """``matrix`` leads from the eye's space (it looks along −Z, Y is up; no scale) to the world.

    ``frame`` is left, right, bottom and top of the picture: in ``perspective`` at the distance 1, else as they are, in
    scene units. ``near`` and ``far`` clip along the view's axis. ``size`` is the picture's, in pixels.
    """

    matrix: Matrix
    frame: tuple[float, float, float, float]
    near: float
    far: float
    size: tuple[int, int]
    perspective: bool

    def stored(self) -> dict[str, Any]:
        """As JSON, for :func:`of_record`."""
        return {
            "kind": "perspective" if self.perspective else "orthographic",
            "matrix": [self.matrix[row][column] for row in range(4) for column in range(4)],
            "frame": list(self.frame),
            "clip": [self.near, self.far],
            "size": list(self.size),
        }

    def projection(self) -> Matrix:
        """From the eye's space to the GPU's clip space, −1 to 1."""
        left, right, bottom, top = self.frame
        near, far = self.near, self.far
        if self.perspective:
            return Matrix(
                (
                    (2 / (right - left), 0, (right + left) / (right - left), 0),
                    (0, 2 / (top - bottom), (top + bottom) / (top - bottom), 0),
                    (0, 0, -(far + near) / (far - near), -2 * far * near / (far - near)),
                    (0, 0, -1, 0),
                )
            )
        return Matrix(
            (
                (2 / (right - left), 0, 0, -(right + left) / (right - left)),
                (0, 2 / (top - bottom), 0, -(top + bottom) / (top - bottom)),
                (0, 0, -2 / (far - near), -(far + near) / (far - near)),
                (0, 0, 0, 1),
            )
        )


def of_record(place: Mapping[str, Any]) -> Eye | str:
    """What :meth:`Eye.stored` gave, or why there is none, in words."""
    data = place.get(KEY)
    if isinstance(data, str):
        return tr(data)
    try:
        flat = [float(value) for value in data["matrix"]]  # type: ignore[index]  # that is what is caught
        left, right, bottom, top = (float(value) for value in data["frame"])  # type: ignore[index]
        near, far = (float(value) for value in data["clip"])  # type: ignore[index]
        width, height = (int(value) for value in data["size"])  # type: ignore[index]
        matrix = Matrix([flat[row : row + 4] for row in range(0, 16, 4)])
        perspective = data["kind"] == "perspective"  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        return tr(NO_EYE)
    if not (left < right and bottom < top and near < far and width > 0 and height > 0):
        return tr(NO_EYE)
    return Eye(matrix, (left, right, bottom, top), near, far, (width, height), perspective)


def of_camera(scene: bpy.types.Scene) -> Eye | str:
    """What renders ``scene``, as it is now; or why it has no flat picture, as a text that is marked for translation."""
    camera = scene.camera
    if camera is None or not isinstance(camera.data, bpy.types.Camera):
        return NO_CAMERA
    data = camera.data
    if data.type not in ("PERSP", "ORTHO"):
        return NO_FLAT_CAMERA
    corners: Any = data.view_frame(scene=scene)  # with shift, fit and aspect
    scale = -corners[0].z if data.type == "PERSP" else 1.0
    across, up = [one.x / scale for one in corners], [one.y / scale for one in corners]
    frame = (min(across), max(across), min(up), max(up))
    render = scene.render
    if render.use_border and render.use_crop_to_border:
        frame = _cropped(frame, render)
    return Eye(
        camera.matrix_world.normalized(),
        frame,
        data.clip_start,
        data.clip_end,
        sizes.of_next_render(render),
        data.type == "PERSP",
    )


def _cropped(
    frame: tuple[float, float, float, float], render: bpy.types.RenderSettings
) -> tuple[float, float, float, float]:
    """The part of ``frame`` that a border leaves, on whole pixels as Blender cuts it."""
    left, right, bottom, top = frame
    width = render.resolution_x * render.resolution_percentage // 100
    height = render.resolution_y * render.resolution_percentage // 100
    x0, x1 = (int(share * width) / width for share in (render.border_min_x, render.border_max_x))
    y0, y1 = (int(share * height) / height for share in (render.border_min_y, render.border_max_y))
    return (
        left + (right - left) * x0,
        left + (right - left) * x1,
        bottom + (top - bottom) * y0,
        bottom + (top - bottom) * y1,
    )


def of_view(view: bpy.types.RegionView3D, width: int, height: int) -> Eye:
    """What a 3D viewport shows in a region of that size."""
    return of_matrices(view.view_matrix, view.window_matrix, width, height)


def of_matrices(view: Matrix, window: Matrix, width: int, height: int) -> Eye:
    """The same, of the matrices to the eye's space and from there to clip space."""
    perspective = window[3][3] == 0
    depth, shift = window[2][2], window[2][3]
    if perspective:
        frame = tuple((side + window[axis][2]) / window[axis][axis] for axis in (0, 1) for side in (-1, 1))
        near, far = shift / (depth - 1), shift / (depth + 1)
    else:
        frame = tuple((side - window[axis][3]) / window[axis][axis] for axis in (0, 1) for side in (-1, 1))
        near, far = (shift + 1) / depth, (shift - 1) / depth
    left, right, bottom, top = frame
    return Eye(view.inverted(), (left, right, bottom, top), near, far, (width, height), perspective)


# Renders, watched.


@dataclass(frozen=True)
class _Seen:
    eye: Eye | str
    scene_uid: int
    frame: int


_rendered: dict[int, _Seen] = {}  # by the slot of the Render Result
_rendering: tuple[int, _Seen] | None = None


def of_render_result(scene: bpy.types.Scene) -> Eye | str:
    """What the active slot was rendered from; or why it is not known, as a text that is marked for translation."""
    image = sources.render_result()
    seen = _rendered.get(sizes.slot_of(image)) if image else None
    if seen is None:
        return NONE_WATCHED
    if seen.scene_uid != scene.session_uid:
        return OTHER_SCENE
    return seen.eye if seen.frame == scene.frame_current else OTHER_FRAME


def _frame_begins(scene: bpy.types.Scene, *_args: object) -> None:
    global _rendering
    image = sources.render_result()
    _rendering = (sizes.slot_of(image) if image else 0, _Seen(of_camera(scene), scene.session_uid, scene.frame_current))


def _frame_ends(*_args: object) -> None:
    if _rendering:
        slot, seen = _rendering
        _rendered[slot] = seen


def _forget(*_args: object) -> None:
    _rendered.clear()


HANDLERS = (
    ("render_pre", _frame_begins),
    ("render_post", _frame_ends),
    ("render_cancel", _frame_ends),
    ("load_post", _forget),
)
"""For the session to hang into ``bpy.app.handlers``; Blender may call them in its render thread."""
