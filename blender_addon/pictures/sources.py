"""Where the picture comes from: render result, image or viewport, taken on the main thread and encoded in the worker.

A :class:`Snapshot` is made when the artist presses the button. Its :meth:`~Snapshot.encode` is what the core calls in
the worker; it touches no ``bpy``. Knows no service.
"""

import re
import threading
from pathlib import Path
from typing import Any

import bpy

from ..properties import Settings
from ..shared.errors import Cancelled, PictureError
from ..shared.jobs.request import Taken
from ..shared.language import tr
from ..shared.pictures import imaging
from ..shared.pictures.encoded import EncodedImage
from ..shared.pictures.imaging import Pixels
from ..shared.storage.entries import ALPHA, DEPTH, SOURCE, WHOLE
from . import displayed
from .depth.beside import Beside

ORDERS = {1: "L", 3: "RGB", 4: "RGBA"}
PAGE = 4096  # bytes
DEPTH_DEADLINE = 60.0  # s; no edit waits longer for what it can do without
SERVE_DEADLINE = 600.0  # s; the main thread may be held by a bake or a file dialog
LINEAR = "Linear Rec.709"
OPAQUE_MODES = {"NONE", "CHANNEL_PACKED"}  # the fourth channel is no transparency
# What GPUOffScreen.draw_view3d draws in rendered shading; of any other engine's render it gives black.
DRAWN_ENGINES = {"BLENDER_EEVEE", "BLENDER_EEVEE_NEXT", "BLENDER_WORKBENCH"}


class Snapshot:
    """One picture on its way. ``origin`` is its place in the document; ``plain`` is set once encoded."""

    def __init__(self, settings: Settings, origin: dict[str, Any], opaque: bool = False) -> None:
        self.origin = origin
        self._companions: dict[str, bytes] = {}  # as files; set once encoded
        self.plain = False
        self.depth: Beside | None = None
        self.keeps_source = False  # the whole picture goes with the results, without loss
        self._format = settings.upload_format
        self._longest_side = settings.longest_side
        self._keep_transparency = settings.keep_transparency
        self._keep_detail = settings.keep_detail
        self._opaque = opaque
        self._mutex = threading.Lock()
        self._encoded: EncodedImage | None = None
        self._failure: PictureError | None = None

    def encode(self) -> EncodedImage:
        """In the worker; several jobs may share the picture. Raises PictureError."""
        with self._mutex:
            if self._failure:
                raise self._failure
            if self._encoded is None:
                try:
                    self._encoded = self._made()
                except PictureError as exc:
                    self._failure = exc  # the pixels are gone
                    raise
            return self._encoded

    def _made(self) -> EncodedImage:
        image = imaging.picture(self._pixels())
        if self._opaque:
            image = image.convert("RGB")
        if self._keep_transparency:
            alpha = imaging.alpha_of(image)
            if alpha is not None:
                self._companions[ALPHA] = imaging.stored_alpha(alpha)
        if self.keeps_source:
            self._companions[WHOLE] = imaging.stored_whole(image, opaque=ALPHA not in self._companions)
        self.plain = not bpy.app.background and imaging.is_plain(image)  # there is nobody to be asked
        sent = imaging.encode(image, format=self._format, longest_side=self._longest_side)
        if self._keep_detail and (source := imaging.source_of(image, sent)):
            self._companions[SOURCE] = source
        return sent

    def taken(self) -> Taken:
        """In the worker: the encoded picture, with all that a result gets back or is seen by. Raises PictureError."""
        image = self.encode()
        depth = self.depth.kept(DEPTH_DEADLINE) if self.depth else None
        if depth is not None:
            self._companions[DEPTH] = depth
        elif self.keeps_source:
            raise PictureError(
                tr("Depth could not be taken, and the edit is to stay in a range of it."), tr("Try again.")
            )
        return Taken(image, self._companions, self.plain)

    def serve(self) -> None:
        """On the main thread, again and again while the job runs: hands over what the worker asks for."""
        if self.depth:
            self.depth.serve()

    def discard(self) -> None:
        """On the main thread, when the job is over or given up."""
        if self.depth:
            self.depth.discard()

    def _pixels(self) -> Pixels:
        raise NotImplementedError


class FileSnapshot(Snapshot):
    """A picture that Blender wrote to a file."""

    def __init__(self, settings: Settings, origin: dict[str, Any], path: Path, opaque: bool = False) -> None:
        super().__init__(settings, origin, opaque)
        self._path = path

    def _pixels(self) -> Pixels:
        return displayed.read_or_error(self._path)

    def discard(self) -> None:
        super().discard()
        displayed.remove(self._path)


class MemorySnapshot(Snapshot):
    """A picture that is in memory already."""

    def __init__(self, settings: Settings, origin: dict[str, Any], pixels: Pixels, opaque: bool) -> None:
        super().__init__(settings, origin, opaque)
        self._ready = [pixels]

    def _pixels(self) -> Pixels:
        return self._ready.pop()  # once; its memory goes as soon as it is a picture


class ImageSnapshot(Snapshot):
    """An image data-block, read by ``foreach_get`` between two redraws.

    Reading 4K takes some 20 ms, and 90 when the memory is new: the system hands it out page by page. So the worker gets
    the memory and touches every page; then the main thread only copies.
    """

    def __init__(
        self, settings: Settings, origin: dict[str, Any], image: bpy.types.Image, kind: str, premultiplied: bool
    ) -> None:
        super().__init__(settings, origin, opaque=image.alpha_mode in OPAQUE_MODES)
        self._uid = image.session_uid
        self._name = image.name
        self._kind, self._premultiplied = kind, premultiplied
        self._shape = (*image.size, image.channels)
        self._memory: bytearray | None = None
        self._error: Exception | None = None
        self._asked = threading.Event()
        self._served = threading.Event()

    def _pixels(self) -> Pixels:
        width, height, channels = self._shape
        memory = bytearray(width * height * channels * 4)
        for page in range(0, len(memory), PAGE):
            memory[page] = 0
        self._memory = memory
        self._asked.set()
        if not self._served.wait(SERVE_DEADLINE):
            raise PictureError(tr("Blender was busy for too long to read the image."), tr("Try again."))
        self._memory = None  # from now on it goes with the Pixels
        if self._error:
            raise self._error
        order = ORDERS[channels]
        return Pixels(memory, width, height, order, self._kind, bottom_up=True, premultiplied=self._premultiplied)

    def serve(self) -> None:
        super().serve()
        if not self._asked.is_set() or self._served.is_set():
            return
        # Looked up now: undo, a new file or the artist may have taken the image away since.
        image = next((one for one in bpy.data.images if one.session_uid == self._uid), None)
        if image is None or (*image.size, image.channels) != self._shape:
            self._error = PictureError(
                tr("“{name}” was removed or changed its size before it was read.").format(name=self._name),
                tr("Try again."),
            )
        else:
            assert self._memory is not None  # it is there before it is asked for
            image.pixels.foreach_get(memoryview(self._memory).cast("f"))
        self._served.set()

    def discard(self) -> None:
        super().discard()
        if not self._served.is_set():
            self._error = Cancelled.before_submit()
            self._served.set()


def take(context: bpy.types.Context, settings: Settings) -> Snapshot:
    """The picture that ``settings.source`` names, as it is now.

    Raises PictureError, in words, when there is none or when it can't be edited.
    """
    if settings.source == "VIEWPORT":
        return _viewport(context, settings)
    if settings.source == "IMAGE":
        image = chosen_image(settings)
        if image.type != "RENDER_RESULT":
            return _image(context, settings, image)
    return render(context.scene, settings)


def chosen_image(settings: Settings) -> bpy.types.Image:
    """Raises PictureError when no image is chosen, or when it is of a kind that can't be edited."""
    image = settings.image
    if image is None:
        raise PictureError(tr("No image is chosen."), tr("Choose one under Source."), field="image")
    loaded = all(image.size)  # asking for the size loads it; before, a multilayer image calls itself a plain one
    if image.source == "TILED":
        raise PictureError(
            tr("“{name}” has UDIM tiles.").format(name=image.name),
            tr("Choose an image with a single tile."),
            field="image",
        )
    if image.type == "MULTILAYER":
        raise PictureError(
            tr("“{name}” is a multilayer image.").format(name=image.name),
            tr("Save the layer that you want as an image of its own."),
            field="image",
        )
    if image.source == "MOVIE":
        raise PictureError(
            tr("“{name}” is a movie.").format(name=image.name),
            tr("Save the frame that you want as an image."),
            field="image",
        )
    if not loaded and image.type != "RENDER_RESULT" and image.source != "SEQUENCE":
        where = tr("Is its file there? {path}").format(path=image.filepath).strip()
        raise PictureError(tr("“{name}” can't be loaded.").format(name=image.name), where, field="image")
    return image


def place_of(scene: bpy.types.Scene, source: str, **more: object) -> dict[str, Any]:
    """Where in the document the picture comes from: the note in the journal and on the result."""
    return {
        "host": "blender",
        "version": bpy.app.version_string,
        "file": bpy.data.filepath,
        "scene": scene.name,
        "frame": scene.frame_current,
        "source": source,
        **more,
    }


def render(scene: bpy.types.Scene, settings: Settings) -> Snapshot:
    """The last render of ``scene`` as it is displayed. Raises PictureError."""
    if bpy.app.is_job_running("RENDER"):
        raise PictureError(tr("A render is running."), tr("Wait until it is done."))
    image = render_result()
    if image is None:
        raise PictureError(tr("There is no render yet."), tr("Render the scene (F12), or choose Render Now."))
    origin = place_of(scene, "RENDER", image=image.name)
    return FileSnapshot(settings, origin, displayed.write_render(image, scene))


def render_result() -> bpy.types.Image | None:
    return next((image for image in bpy.data.images if image.type == "RENDER_RESULT"), None)


def _image(context: bpy.types.Context, settings: Settings, image: bpy.types.Image) -> Snapshot:
    scene = context.scene
    origin = place_of(scene, "IMAGE", image=image.name)
    if image.source == "SEQUENCE":
        return _sequence_frame(context, settings, image, origin)
    kind = _quick_kind(image)
    if kind:
        return ImageSnapshot(settings, origin, image, kind, _is_premultiplied(image))
    if image.colorspace_settings.is_data:  # Blender writes it as if it were no picture
        raise PictureError(
            tr("“{name}” is Non-Color data, shown through the scene's view.").format(name=image.name),
            tr("Switch View as Render off, or choose the colour space that it is in."),
            field="image",
        )
    as_render = image.use_view_as_render or image.type == "COMPOSITING"
    path = displayed.write_image(image, view_from=scene if as_render else None)
    return FileSnapshot(settings, origin, path, opaque=image.alpha_mode in OPAQUE_MODES)


def _quick_kind(image: bpy.types.Image) -> str:
    """How the pixels themselves are to be understood; empty when only Blender's colour management can tell."""
    colorspace = image.colorspace_settings
    if image.use_view_as_render or image.type == "COMPOSITING" or image.channels not in ORDERS:
        return ""
    if image.is_float or colorspace.is_data:  # data is displayed as if it were linear
        return "linear" if _working_space() == LINEAR else ""
    return "float" if colorspace.name == "sRGB" else ""


def _working_space() -> str:
    """The space of scene-linear values. From 5.0 a file may work in another one than Rec.709."""
    return str(getattr(getattr(bpy.data, "colorspace", None), "working_space", LINEAR))


def _is_premultiplied(image: bpy.types.Image) -> bool:
    """Whether the colours hold alpha already: those of floats do, and data is left as its file has it."""
    if image.alpha_mode in OPAQUE_MODES or not image.colorspace_settings.is_data:
        return image.is_float and image.alpha_mode not in OPAQUE_MODES
    return image.alpha_mode == "PREMUL"


def _sequence_frame(
    context: bpy.types.Context, settings: Settings, image: bpy.types.Image, origin: dict[str, Any]
) -> Snapshot:
    path = _frame_path(context, image)
    if not path.is_file():
        raise PictureError(
            tr("“{name}” has no frame {file}.").format(name=image.name, file=path.name),
            tr("Go to a frame that is there."),
            field="image",
        )
    # A data-block of its own: the shared one shows whichever frame an editor asked for last.
    frame = bpy.data.images.load(str(path), check_existing=False)
    try:
        # Data is displayed as if it were linear.
        is_data = image.colorspace_settings.is_data
        frame.colorspace_settings.name = _working_space() if is_data else image.colorspace_settings.name
        frame.alpha_mode = image.alpha_mode
        view_from = context.scene if image.use_view_as_render else None
        written = displayed.write_image(frame, view_from=view_from)
    finally:
        bpy.data.images.remove(frame)
    origin["frame_file"] = path.name
    return FileSnapshot(settings, origin, written, opaque=image.alpha_mode in OPAQUE_MODES)


def _frame_path(context: bpy.types.Context, image: bpy.types.Image) -> Path:
    """The file of the frame that an image editor shows, else that of the scene's current frame."""
    space = context.space_data
    if isinstance(space, bpy.types.SpaceImageEditor) and space.image == image:
        return Path(bpy.path.abspath(image.filepath_from_user(image_user=space.image_user)))
    path = Path(bpy.path.abspath(image.filepath))
    digits = re.search(r"\d+(?=\D*$)", path.stem)
    if not digits:
        return path
    number = f"{context.scene.frame_current:0{len(digits[0])}d}"
    return path.with_name(path.stem[: digits.start()] + number + path.stem[digits.end() :] + path.suffix)


def _viewport(context: bpy.types.Context, settings: Settings) -> Snapshot:
    if bpy.app.background:
        raise PictureError(tr("The viewport needs Blender's window."), tr("In background mode choose another source."))
    area, region = viewport_of(context)
    space = area.spaces.active if area else None
    if region is None or not isinstance(space, bpy.types.SpaceView3D):
        raise PictureError(tr("There is no 3D viewport in this window."), tr("Open one, or choose another source."))
    if space.shading.type == "RENDERED" and context.scene.render.engine not in DRAWN_ENGINES:
        raise PictureError(
            tr("The viewport shows a render of its own, which Blender does not hand out."),
            tr("Choose Render Now as the source, or change the viewport to Material Preview or Solid."),
            field="source",
        )
    transparent = space.shading.type == "RENDERED" and context.scene.render.film_transparent
    import gpu

    view: Any = region.data
    width, height = region.width, region.height
    offscreen = gpu.types.GPUOffScreen(width, height)  # type: ignore[call-arg]  # the stub has no constructor
    overlays = space.overlay.show_overlays
    try:
        space.overlay.show_overlays = False  # a grid would be edited as if it were part of the scene
        offscreen.draw_view3d(
            context.scene,
            context.view_layer,
            space,
            region,
            view.view_matrix,
            view.window_matrix,
            do_color_management=True,
            draw_background=not transparent,  # it would fill the alpha
        )
        buffer: Any = offscreen.texture_color.read()
        buffer.dimensions = width * height * 4  # with three dimensions its strides are wrong up to 4.3
        data = bytes(buffer)
    finally:
        space.overlay.show_overlays = overlays
        offscreen.free()
    pixels = Pixels(data, width, height, "RGBA", bottom_up=True)
    return MemorySnapshot(settings, place_of(context.scene, "VIEWPORT"), pixels, opaque=not transparent)


def viewport_of(context: bpy.types.Context) -> tuple[bpy.types.Area | None, bpy.types.Region | None]:
    """The 3D viewport that is meant: the one with the pressed button, else the largest of the window."""
    area: bpy.types.Area | None
    if context.area and context.area.type == "VIEW_3D":
        area = context.area
    else:
        areas = [area for area in context.screen.areas if area.type == "VIEW_3D"] if context.screen else []
        area = max(areas, key=lambda one: one.width * one.height, default=None)
    region = next((one for one in area.regions if one.type == "WINDOW"), None) if area else None
    return area, region
