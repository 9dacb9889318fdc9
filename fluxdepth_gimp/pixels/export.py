"""From GIMP to the encoded picture: at which size, over white, in sRGB.

GIMP reads, composes, scales and encodes; there is no pixel arithmetic here. Works in GIMP's main thread alone (libgimp
crashes in a second one) and is done before the edit begins. Knows nothing of the service.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from gi.repository import Gegl, Gimp, Gio, GLib

from pixels.coverage import ALPHA, SELECTION, Coverage
from pixels.scaling import fill, read_scaled
from pixels.scratch import Refused, checked, duplicate, last_error, pdb, scratch_folder, scratch_image
from pixels.source import Source
from shared.errors import PictureError
from shared.language import tr
from shared.pictures.encoded import EncodedImage, joined_jpeg, sniff, strip_rows
from shared.pictures.sending import JPEG_LARGEST_SIDE, JPEG_QUALITY, WEBP_QUALITY, sent_format, sent_size
from shared.storage.files import Spooled

# Suffix → GEGL's operation, its options, and how such a file ends. No time stamp is written: an unchanged picture
# encodes to the same bytes, so that it is not uploaded twice. GEGL's JPEG has no chroma subsampling.
SAVERS: dict[str, tuple[str, dict[str, object], bytes]] = {
    # GIMP's default compression, 9, takes ten times as long for some 3 % fewer bytes.
    "png": ("gegl:png-save", {"compression": 3, "bitdepth": 8}, b"IEND\xaeB`\x82"),
    "jpg": ("gegl:jpg-save", {"quality": JPEG_QUALITY}, b"\xff\xd9"),
    # A strip of a large one, which stays on the disk: for a sixth more bytes it takes a fifth of the time.
    "strip.jpg": (
        "gegl:jpg-save",
        {"quality": JPEG_QUALITY, "optimize": False, "progressive": False},
        b"\xff\xd9",
    ),
}

INTENT = Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC  # with black point compensation: GIMP's own default on screen
# Gray, see-through → what a scratch image holds of it.
PIXELS = {
    (False, False): (Gimp.ImageType.RGB_IMAGE, "R'G'B' u8"),
    (False, True): (Gimp.ImageType.RGBA_IMAGE, "R'G'B'A u8"),
    (True, False): (Gimp.ImageType.GRAY_IMAGE, "Y' u8"),
    (True, True): (Gimp.ImageType.GRAYA_IMAGE, "Y'A u8"),
}


@dataclass(frozen=True)
class Outgoing:
    """The encoded picture, and what of the source is needed again when the result comes."""

    picture: EncodedImage
    plain: bool  # it has one single colour
    alpha: Coverage | None  # None: the source is opaque, or its transparency is not to be kept
    mask: Coverage | None  # the selection, for the result's layer mask
    source: Spooled | None  # a JPEG of the source's size, for its detail; None: not to be kept, or sent at that size


def export(
    source: Source, *, longest_side: int, upload_format: str, keep_transparency: bool, keep_detail: bool
) -> Outgoing:
    """Encode the source. Image, selection, undo history and context of the artist stay as they are."""
    Gegl.init(None)  # without it a scaled read gives black, and says nothing
    size = sent_size(source.width, source.height, longest_side)
    try:
        return _exported(source, size, upload_format, keep_transparency, keep_detail)
    except Refused as exc:
        raise PictureError(tr("GIMP could not make the picture: {reason}.").format(reason=exc)) from exc


def _exported(
    source: Source, size: tuple[int, int], upload_format: str, keep_transparency: bool, keep_detail: bool
) -> Outgoing:
    profile = _unread_profile(source.image)
    with _as_shown(source, raw=profile is not None) as drawable:
        see_through = drawable.has_alpha()
        alpha = Coverage.read(drawable, ALPHA) if see_through and keep_transparency else None
        if alpha is not None and alpha.full:
            see_through, alpha = False, None
        pixels = Pixels.read(drawable, size, see_through, profile)
        smaller = size != (source.width, source.height) and max(source.width, source.height) <= JPEG_LARGEST_SIDE
        whole = _whole(drawable, see_through, profile) if keep_detail and smaller else None
    picture, plain = _encode(pixels, sent_format(size, upload_format))
    mask = None
    if source.kind == "selection":
        selection, size = source.image.get_selection(), (source.width, source.height)
        if source.feather:
            mask = Coverage.feathered(selection, source.feather, source.x, source.y, size)
        else:
            mask = Coverage.read(selection, SELECTION, source.x, source.y, size)
    return Outgoing(picture, plain, alpha, mask, whole)


def _whole(drawable: Gimp.Drawable, see_through: bool, profile: Gimp.ColorProfile | None) -> Spooled:
    """All of it at its own size as a JPEG over white; a strip at a time, so that it takes little memory."""
    width, height = drawable.get_width(), drawable.get_height()
    rows = strip_rows(width)
    places = (Gegl.Rectangle.new(0, top, width, min(rows, height - top)) for top in range(0, height, rows))
    strips = (_strip(drawable, place, see_through, profile) for place in places)
    try:
        return Spooled(joined_jpeg(strips, width, height))
    except OSError as exc:
        raise _not_written(tempfile.gettempdir()) from exc


def _strip(
    drawable: Gimp.Drawable, strip: Gegl.Rectangle, see_through: bool, profile: Gimp.ColorProfile | None
) -> bytes:
    if see_through or profile is not None:
        with _opened(Pixels.part(drawable, strip, see_through, profile)) as image:
            return _written(image.get_layers()[0].get_buffer(), "strip.jpg")
    # A fresh buffer for each strip: the old one's tile cache would grow to the whole layer.
    return _written(drawable.get_buffer().create_sub_buffer(strip), "strip.jpg")


def _unread_profile(image: Gimp.Image) -> Gimp.ColorProfile | None:
    """The image's colour profile if GEGL can't read it: one with tables, of a printer… It takes it for sRGB then."""
    profile = image.get_color_profile()
    try:
        if profile is not None:
            profile.get_space(INTENT)
    except GLib.Error:
        return profile
    return None


@contextmanager
def _as_shown(source: Source, raw: bool) -> Iterator[Gimp.Drawable]:
    """A drawable that holds exactly the source's rectangle, as the artist sees it: mask, filters and group applied.

    ``raw`` leaves the numbers of its profile as they are. There is never more than one scratch image: GIMP's window
    takes the keyboard when one is deleted that another was made after.
    """
    layer = source.layer
    if layer and source.whole_layer and not (layer.is_group() or layer.get_mask() or layer.get_filters()):
        yield layer  # its own buffer is all there is to it
        return
    with ExitStack() as ends:
        if layer is None and raw:
            scratch = shown = ends.enter_context(duplicate(source.image))
        else:
            scratch = ends.enter_context(scratch_image(source.width, source.height, like=source.image))
            shown = source.image if layer is None else scratch
        if layer is not None:
            copy = checked(Gimp.Layer.new_from_drawable(layer, scratch))
            checked(scratch.insert_layer(copy, None, 0))
            _, x, y = layer.get_offsets()
            copy.set_offsets(x - source.x, y - source.y)
            copy.set_visible(True)
            copy.set_opacity(100)
            copy.set_mode(Gimp.LayerMode.NORMAL)
        if raw:
            # Else GIMP converts there and back, although it is the same profile; a table loses shades each way.
            checked(shown.set_color_profile(_srgb(shown.get_base_type() is Gimp.ImageBaseType.GRAY)))
        flat = checked(Gimp.Layer.new_from_visible(shown, scratch, "flat"))
        checked(scratch.insert_layer(flat, None, 0))  # from now on it goes when the scratch image goes
        yield flat


def _srgb(gray: bool) -> Gimp.ColorProfile:
    return Gimp.ColorProfile.new_d65_gray_srgb_trc() if gray else Gimp.ColorProfile.new_rgb_srgb()


@dataclass(frozen=True)
class Pixels:
    """What is sent, at its size, outside of GIMP. ``profile`` says what numbers mean that GEGL does not know."""

    buffer: Gegl.Buffer
    see_through: bool
    profile: Gimp.ColorProfile | None

    @classmethod
    def read(
        cls, drawable: Gimp.Drawable, size: tuple[int, int], see_through: bool, profile: Gimp.ColorProfile | None
    ) -> Pixels:
        as_read, pixel = _formats(drawable, see_through, profile)
        return cls(read_scaled(drawable, size, as_read, pixel, see_through), see_through, profile)

    @classmethod
    def part(
        cls, drawable: Gimp.Drawable, place: Gegl.Rectangle, see_through: bool, profile: Gimp.ColorProfile | None
    ) -> Pixels:
        """Those of ``place`` alone, at their own size."""
        as_read, pixel = _formats(drawable, see_through, profile)
        buffer = Gegl.Buffer.new(pixel, 0, 0, place.width, place.height)
        buffer.set(buffer.get_extent(), pixel, drawable.get_buffer().get(place, 1.0, as_read, Gegl.AbyssPolicy.NONE))
        return cls(buffer, see_through, profile)


def _formats(drawable: Gimp.Drawable, see_through: bool, profile: Gimp.ColorProfile | None) -> tuple[str, str]:
    """Those in which a drawable is read, and as which its numbers are written."""
    pixel = PIXELS[profile is not None and profile.is_gray(), see_through][1]
    # GIMP keeps an unread profile's own numbers in linear precisions too.
    as_read = pixel.replace("'", "") if profile is not None and _linear(drawable.get_image()) else pixel
    return as_read, pixel


def _encode(pixels: Pixels, suffix: str) -> tuple[EncodedImage, bool]:
    """The file, and whether it has one single colour."""
    with _opened(pixels) as small:
        return _file(small, suffix), _is_plain(small.get_layers()[0])


@contextmanager
def _opened(pixels: Pixels) -> Iterator[Gimp.Image]:
    """``pixels`` as an image of one layer, in sRGB over white."""
    width, height = pixels.buffer.get_extent().width, pixels.buffer.get_extent().height
    profile = pixels.profile
    gray = profile is not None and profile.is_gray()
    with scratch_image(width, height, gray=gray) as image:
        layer = Gimp.Layer.new(
            image, "small", width, height, PIXELS[gray, pixels.see_through][0], 100, Gimp.LayerMode.NORMAL
        )
        checked(image.insert_layer(layer, None, 0))
        fill(layer, pixels.buffer)
        if profile is not None:
            # The small picture is converted by GIMP itself, as on its canvas.
            checked(image.set_color_profile(profile))
            checked(image.convert_color_profile(_srgb(gray), INTENT, True))
        if gray:
            checked(image.convert_rgb())
        if pixels.see_through:
            _put_over_white(layer)
        yield image


def _linear(image: Gimp.Image) -> bool:
    nick = image.get_precision().value_nick
    return nick.endswith("-linear") and not nick.endswith("-non-linear")


def _is_plain(layer: Gimp.Layer) -> bool:
    for channel in (Gimp.HistogramChannel.RED, Gimp.HistogramChannel.GREEN, Gimp.HistogramChannel.BLUE):
        _, _, deviation, *_ = layer.histogram(channel, 0.0, 1.0)
        if deviation > 0:
            return False
    return True


def _put_over_white(layer: Gimp.Layer) -> None:
    # In encoded values: transparency.py takes the white out again, and dark colours would lose levels in linear light.
    layer.set_composite_space(Gimp.LayerColorSpace.RGB_NON_LINEAR)
    Gimp.context_push()  # the background colour is the artist's
    try:
        Gimp.context_set_background(Gegl.Color.new("white"))
        checked(layer.get_image().flatten())
    finally:
        Gimp.context_pop()


def _file(image: Gimp.Image, suffix: str) -> EncodedImage:
    """GIMP's own export shows itself in GIMP's window, which takes the keyboard from the dialog: GEGL's does not."""
    if suffix not in SAVERS:
        with scratch_folder() as folder:
            path = folder / f"picture.{suffix}"
            _export(image, path)
            return sniff(path.read_bytes())
    return sniff(_written(image.get_layers()[0].get_buffer(), suffix))


def _written(buffer: Gegl.Buffer, suffix: str) -> bytes:
    """By one of :data:`SAVERS`."""
    operation, options, end = SAVERS[suffix]
    with scratch_folder() as folder:
        path = folder / f"picture.{suffix}"
        _save(buffer, path, operation, options)
        data = path.read_bytes() if path.exists() else b""
        if not data.endswith(end):  # GEGL says nothing when it could not write to the end
            raise _not_written(folder.parent)
        return data


def _not_written(folder: Path | str) -> PictureError:
    return PictureError(
        tr("GIMP could not write the picture to {folder}.").format(folder=folder), tr("Is the disk full?")
    )


def _save(buffer: Gegl.Buffer, path: Path, operation: str, options: dict[str, object]) -> None:
    graph = Gegl.Node()
    source, saver = graph.create_child("gegl:buffer-source"), graph.create_child(operation)
    for node, properties in (source, {"buffer": buffer}), (saver, {"path": str(path), **options}):
        for key, value in properties.items():
            node.set_property(key, value)
    source.connect_to("output", saver, "input")
    saver.process()


def _export(image: Gimp.Image, path: Path) -> None:
    """WebP: GEGL's has no sharp YUV."""
    procedure = pdb().lookup_procedure("file-webp-export")
    if procedure is None:
        raise PictureError(tr("This GIMP can't write WEBP files."), tr("Choose another format under Send as."))
    config = procedure.create_config()
    config.set_property("image", image)
    config.set_property("file", Gio.File.new_for_path(str(path)))
    config.set_property("quality", float(WEBP_QUALITY))
    config.set_property("use-sharp-yuv", True)
    for what in ("exif", "iptc", "xmp", "thumbnail", "comment", "color-profile"):  # without a profile sRGB is meant
        if config.find_property(f"include-{what}"):  # type: ignore[attr-defined]  # PyGObject's own, its stubs lack it
            config.set_property(f"include-{what}", False)
    reply = procedure.run(config)
    if reply.index(0) != Gimp.PDBStatusType.SUCCESS:
        raise PictureError(tr("GIMP could not encode the picture: {reason}").format(reason=last_error()))
