"""The depth that goes with a picture: taken after the button, in slices of the main thread; kept in the worker.

The picture does not wait for it to be on its way through the encoder, and an edit does not fail for want of it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import bpy

from ...properties import Settings
from ...shared.errors import Cancelled, PictureError
from ...shared.language import tr
from ...shared.pictures import depth
from ...shared.pictures.imaging import Pixels
from ...shared.storage.log import LOGGER
from .. import results, sizes, sources
from . import drawn, eye as eyes, rays
from .eye import Eye


class Depth:
    """The depth from ``eye``, of the scene as it is when :meth:`serve` is called first."""

    def __init__(self, eye: Eye, scene: bpy.types.Scene, view_layer: bpy.types.ViewLayer) -> None:
        self._eye = eye
        self._scene_uid = scene.session_uid
        self._view_layer = view_layer.name
        self._slices: Iterator[Any] | None = None
        self._rows: Any = None
        self._size = sizes.of_depth(eye.size)
        self._error: Exception | None = None
        self._served = threading.Event()
        self._mutex = threading.Lock()
        self._kept: bytes | None = None

    def serve(self) -> None:
        """On the main thread, again and again: a slice of the work."""
        if self._served.is_set():
            return
        try:
            self._rows = next(self._slices) if self._slices else self._begun()
        except Exception as exc:  # noqa: BLE001  a driver, a file that was changed meanwhile: the edit goes on without
            LOGGER.warning("depth was not taken: %r", exc)
            self._end(PictureError(str(exc)))
        if self._rows is not None:
            self._end()

    def _begun(self) -> Any:
        # Looked up now, by what no other file's scene has.
        scene = next((one for one in bpy.data.scenes if one.session_uid == self._scene_uid), None)
        view_layer = scene.view_layers.get(self._view_layer) if scene else None
        if scene is None or view_layer is None:
            raise PictureError("the scene is not open any more")
        if not bpy.app.background:
            return drawn.distances(self._eye, view_layer, *self._size)
        self._slices = rays.distances(self._eye, scene, view_layer, *self._size)
        return next(self._slices)

    def now(self) -> depth.DepthMap:
        """On the main thread: all of it at once. Raises PictureError."""
        while not self._served.is_set():
            self.serve()
        return self._map()

    def discard(self) -> None:
        """On the main thread, when nobody will ask for it any more."""
        if not self._served.is_set():
            self._end(Cancelled.before_submit())

    def kept(self, deadline: float) -> bytes | None:
        """In the worker: the map as it is kept; None when there is none, or not within ``deadline`` s."""
        with self._mutex:
            if self._kept is None and self._served.wait(deadline) and self._error is None:
                self._kept = depth.encode(self._map())
                self._rows = None
            return self._kept

    def _map(self) -> depth.DepthMap:
        if self._error:
            raise self._error
        return depth.from_rows(self._rows, *self._size, perspective=self._eye.perspective)

    def _end(self, error: Exception | None = None) -> None:
        if self._slices is not None:
            self._slices.close()  # type: ignore[attr-defined]  # a generator: what it shows is hidden again
            self._slices = None
        self._error = error
        self._served.set()


class DepthSnapshot(sources.Snapshot):
    """Depth itself as the picture."""

    def _pixels(self) -> Pixels:
        kept = self.depth.kept(sources.SERVE_DEADLINE) if self.depth else None
        if kept is None:
            raise PictureError(tr("The scene's depth could not be taken."), tr("Try again."))
        return depth.shown(depth.decode(kept))


def take(context: bpy.types.Context, settings: Settings) -> sources.Snapshot:
    """The picture that ``settings.source`` names, as it is now, with its depth. Raises PictureError."""
    if settings.source == "DEPTH":
        snapshot: sources.Snapshot = DepthSnapshot(settings, sources.place_of(context.scene, "DEPTH"))
    else:
        snapshot = sources.take(context, settings)
    add(context, snapshot, settings.depth_range)
    if settings.source == "DEPTH" and snapshot.depth is None:
        reason = tr(str(snapshot.origin[eyes.KEY]))
        raise PictureError(
            tr("There is no depth for this picture: {reason}.").format(reason=reason),
            tr("Choose another source."),
            field="source",
        )
    return snapshot


def add(
    context: bpy.types.Context, snapshot: sources.Snapshot, in_range: bool, scene: bpy.types.Scene | None = None
) -> None:
    """Notes from where ``snapshot`` of ``scene`` was seen, and has its depth taken.

    ``in_range``: the edit stays in a range of it, so the picture itself goes along. Raises PictureError when it can't.
    """
    scene = scene or context.scene
    eye = _eye_of(context, snapshot, scene)
    snapshot.origin[eyes.KEY] = eye if isinstance(eye, str) else eye.stored()
    if isinstance(eye, Eye):
        layer = context.view_layer if scene == context.scene else scene.view_layers[0]
        snapshot.depth = Depth(eye, scene, layer)
        snapshot.keeps_source = in_range
    elif in_range:
        snapshot.discard()
        raise PictureError(
            tr("There is no depth for this picture: {reason}.").format(reason=tr(eye)),
            tr("Switch the depth range off, or choose another source."),
            field="depth_range",
        )


def _eye_of(context: bpy.types.Context, snapshot: sources.Snapshot, scene: bpy.types.Scene) -> Eye | str:
    """The reason why there is none is a text that is marked for translation."""
    source = snapshot.origin["source"]
    if source == "DEPTH":
        return eyes.of_camera(scene)
    if source == "RENDER":
        return eyes.of_render_result(scene)
    if source == "VIEWPORT":
        region: Any = sources.viewport_of(context)[1]
        return eyes.of_view(region.data, region.width, region.height)
    image = bpy.data.images.get(str(snapshot.origin.get("image", "")))
    record = results.record_of(image) if image else None
    origin = record.get("origin") if record else None
    # A result that is edited again is seen from where it was seen.
    if isinstance(origin, dict) and origin.get("frame") == scene.frame_current and origin.get("scene") == scene.name:
        eye = eyes.of_record(origin)
        return eye if isinstance(eye, Eye) else str(origin.get(eyes.KEY) or eyes.NO_EYE)
    return eyes.NO_EYE
