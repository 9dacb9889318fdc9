"""True depth by rays, for a Blender without a window: a ray for each pixel's middle, in slices of the main thread."""

import contextlib
import math
import time
from array import array
from collections.abc import Iterator
from typing import Any

import bpy
from mathutils import Vector

from . import visible
from .eye import Eye

SLICE = 0.05  # s of the main thread at a time


def distances(
    eye: Eye, scene: bpy.types.Scene, view_layer: bpy.types.ViewLayer, width: int, height: int
) -> "Iterator[array[float] | None]":
    """None after each slice, and at last the distances: float32, bottom-up rows, inf where nothing is."""
    found = array("f", [math.inf]) * (width * height)
    until = time.monotonic() + SLICE
    with contextlib.ExitStack() as stack:
        stack.enter_context(visible.as_rendered(view_layer, hiding=True))
        for row in range(height):
            if time.monotonic() > until:
                yield None
                until = time.monotonic() + SLICE
            _cast_row(eye, scene, view_layer.depsgraph, row, width, height, found)
    yield found


def _cast_row(
    eye: Eye,
    scene: bpy.types.Scene,
    depsgraph: bpy.types.Depsgraph | None,
    row: int,
    width: int,
    height: int,
    found: "array[float]",
) -> None:
    left, right, bottom, top = eye.frame
    turn = eye.matrix.to_3x3()
    here = eye.matrix.translation
    axis = -turn.col[2]
    step = turn.col[0] * ((right - left) / width)
    begin = turn.col[0] * (left + (right - left) / (2 * width)) + turn.col[1] * (
        bottom + (top - bottom) * (row + 0.5) / height
    )
    at = row * width
    nearest = axis.dot(here)
    cast: Any = scene.ray_cast  # the stub has no result
    reach = eye.far - eye.near
    for column in range(width):
        aside = begin + step * column
        if eye.perspective:
            way = axis + aside
            origin = here + way * eye.near
            hit, place, *_ = cast(depsgraph, origin, way, distance=reach * way.length)
        else:
            origin = here + aside + axis * eye.near
            hit, place, *_ = cast(depsgraph, origin, axis, distance=reach)
        if hit:
            found[at + column] = axis.dot(Vector(place)) - nearest
