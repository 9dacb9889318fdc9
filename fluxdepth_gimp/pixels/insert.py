"""From the service's picture to layers: size, transparency, mask, name, and what the layer remembers of its edit.

Everything is prepared in scratch images; the artist's image is touched only by :func:`insert`, in one undo step. Works
in GIMP's main thread alone. Knows nothing of the service and of dialogs.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gi.repository import Gegl, Gimp

from pixels.coverage import SELECTION, Coverage
from pixels.scratch import loaded, scratch_image
from shared.errors import ResultDamagedError
from shared.jobs.pipeline import Result

PARASITE = "fluxdepth-edit"
# The model rounds its sizes, so a small difference of aspect is its arithmetic and no cropping.
STRETCH_TOLERANCE = 0.03
NAME_LENGTH = 48  # characters of the prompt in a layer's name; more would push the seed out of GIMP's layer list
COVERAGE_IN_JOURNAL = 64 * 1024  # characters; a selection or a cut-out fits, a noisy mask does not


@dataclass(frozen=True)
class Place:
    """Where results go, as plain data: what is needed after the wait, or after GIMP was killed, from the journal.

    ``x``, ``y``, ``width``, ``height`` are the source's rectangle in its image, in pixels.
    """

    kind: str
    x: int
    y: int
    width: int
    height: int
    fit: bool
    new_image: bool
    layer_name: str = ""
    alpha: Coverage | None = None
    mask: Coverage | None = None

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {key: getattr(self, key) for key in ("x", "y", "width", "height", "fit")}
        data |= {"source": self.kind, "layer": self.layer_name, "result": "image" if self.new_image else "layer"}
        for name, coverage in (("alpha", self.alpha), ("mask", self.mask)):
            data[name] = coverage.to_json(COVERAGE_IN_JOURNAL) if coverage else None
        return data

    def at_origin(self) -> Place:
        """The same place in an image of its own."""
        return dataclasses.replace(self, x=0, y=0)

    def overlaps(self, width: int, height: int) -> bool:
        """Whether anything of it lies on a canvas of that size."""
        return self.x < width and self.y < height and self.x + self.width > 0 and self.y + self.height > 0

    @classmethod
    def from_json(cls, data: Mapping[str, Any], size: tuple[int, int]) -> Place:
        """What :meth:`to_json` gave; for another host's job, a place of ``size`` in the corner."""
        try:
            x, y, width, height = (int(data[key]) for key in ("x", "y", "width", "height"))
        except (KeyError, TypeError, ValueError):
            return cls("visible", 0, 0, *size, fit=True, new_image=False)
        return cls(
            str(data.get("source", "")),
            x,
            y,
            max(1, width),
            max(1, height),
            fit=data.get("fit") is True,
            new_image=data.get("result") == "image",
            layer_name=str(data.get("layer", "")),
            alpha=Coverage.from_json(data.get("alpha")),
            mask=Coverage.from_json(data.get("mask")),
        )


@dataclass(frozen=True)
class Inserted:
    """The new layers in the order of the results, and what the artist should know about how they fit."""

    image: Gimp.Image
    layers: tuple[Gimp.Layer, ...]
    remarks: tuple[str, ...]
    new_image: bool


def insert(
    results: Sequence[Result], place: Place, image: Gimp.Image | None, above: Gimp.Layer | None = None
) -> Inserted:
    """Put the results into ``image`` above the layer ``above``, or into a new image when ``image`` is None.

    Several results go into a layer group with the first one visible. One undo step. Raises
    :class:`ResultDamagedError` when GIMP can't read a result; then ``image`` is as it was.
    """
    Gegl.init(None)
    remarks: list[str] = []
    if image is not None:
        layers = _insert(results, place, image, above, remarks)
        return Inserted(image, layers, tuple(remarks), new_image=False)
    image = Gimp.Image.new(place.width, place.height, Gimp.ImageBaseType.RGB)
    try:
        image.undo_disable()
        layers = _insert(results, place.at_origin(), image, None, remarks)
        if not place.fit:
            image.resize_to_layers()
        image.clean_all()
        image.undo_enable()
    except BaseException:
        image.delete()
        raise
    return Inserted(image, layers, tuple(remarks), new_image=True)


def _insert(
    results: Sequence[Result], place: Place, image: Gimp.Image, above: Gimp.Layer | None, remarks: list[str]
) -> tuple[Gimp.Layer, ...]:
    layers: list[Gimp.Layer] = []
    try:
        for result in results:
            layers.append(_layer(result, place, image, remarks))
    except BaseException:
        for layer in layers:
            layer.delete()
        raise
    parent, position = None, 0
    if above is not None and above.is_valid() and above.get_image() == image:
        parent, position = above.get_parent(), image.get_item_position(above)
    image.undo_group_start()
    try:
        if len(layers) > 1:
            group = Gimp.GroupLayer.new(image, f"{short_prompt(results[0].edit.prompt)} · {len(layers)} variations")
            image.insert_layer(group, parent, position)
            parent, position = group, 0
        for number, layer in enumerate(layers):
            layer.set_visible(number == 0)
            image.insert_layer(layer, parent, position + number)
        image.set_selected_layers([layers[0]])
    finally:
        image.undo_group_end()
    return tuple(layers)


def fitted_size(result: tuple[int, int], source: tuple[int, int]) -> tuple[int, int]:
    """``result`` scaled to ``source``: stretched when the aspects nearly agree, else as large as fits inside."""
    (width, height), (wide, high) = result, source
    if abs((width / height) / (wide / high) - 1) <= STRETCH_TOLERANCE:
        return source
    scale = min(wide / width, high / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def short_prompt(prompt: str) -> str:
    """``prompt`` as a piece of a layer's name: one line, cut at a word."""
    line = "".join(character if character.isprintable() else " " for character in prompt)
    line = " ".join(line.split())
    if len(line) <= NAME_LENGTH:
        return line
    return line[: NAME_LENGTH + 1].rsplit(" ", 1)[0][:NAME_LENGTH].rstrip(" ,.;:") + "…"


def layer_name(result: Result) -> str:
    return f"{short_prompt(result.edit.prompt)} · seed {result.edit.seed}"


def _layer(result: Result, place: Place, image: Gimp.Image, remarks: list[str]) -> Gimp.Layer:
    """The result as a layer for ``image``, not inserted yet."""
    try:
        with loaded(result.image.data, result.image.suffix) as picture:
            _to_srgb(picture)
            layer = picture.get_layers()[0] if len(picture.get_layers()) == 1 else picture.flatten()
            native = layer.get_width(), layer.get_height()
            size = fitted_size(native, (place.width, place.height)) if place.fit else native
            if place.fit and size != (place.width, place.height):
                remarks.append(
                    f"The result has another shape ({native[0]}×{native[1]} px) than the source "
                    f"({place.width}×{place.height} px); it was scaled to fit inside, not stretched."
                )
            layer = _with_alpha(picture, layer, place.alpha, size) if place.alpha else _scaled(layer, size)
            if place.mask:
                _add_mask(layer, place.mask)
            finished = Gimp.Layer.new_from_drawable(layer, image)
    except ValueError as exc:
        raise ResultDamagedError(f"GIMP can't read the result: {exc}.") from exc
    finished.set_name(layer_name(result))
    finished.set_offsets(
        place.x + (place.width - finished.get_width()) // 2, place.y + (place.height - finished.get_height()) // 2
    )
    text = json.dumps(result.record())  # ASCII: a parasite takes no byte above 127
    finished.attach_parasite(Gimp.Parasite.new(PARASITE, Gimp.PARASITE_PERSISTENT, text.encode("ascii")))
    return finished


def _to_srgb(picture: Gimp.Image) -> None:
    if picture.get_base_type() is not Gimp.ImageBaseType.RGB:
        picture.convert_rgb()
    if picture.get_color_profile() is not None:
        picture.convert_color_profile(
            Gimp.ColorProfile.new_rgb_srgb(), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, True
        )


def _scaled(layer: Gimp.Layer, size: tuple[int, int]) -> Gimp.Layer:
    if size != (layer.get_width(), layer.get_height()):
        Gimp.context_push()  # the interpolation is the artist's
        try:
            # GIMP's default kernel (NoHalo) takes over ten times as long on a large layer.
            Gimp.context_set_interpolation(Gimp.InterpolationType.CUBIC)
            layer.scale(*size, False)
        finally:
            Gimp.context_pop()
    return layer


def _with_alpha(picture: Gimp.Image, layer: Gimp.Layer, alpha: Coverage, size: tuple[int, int]) -> Gimp.Layer:
    """``layer`` at ``size`` with the source's transparency.

    It was sent over white, so the white that shines through is taken out again, at the result's own size: soft edges
    would keep a white fringe. Scaling then weighs colours by alpha, so that no white bleeds in from outside.
    """
    native = layer.get_width(), layer.get_height()
    _take_out_white(layer, _resampled(alpha, native))
    if size == native:
        return layer
    _scaled(layer, size)
    # The alpha went through two resamplings; the source's own is put in its place.
    opaque = Gimp.Layer.new(picture, "result", *size, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
    picture.insert_layer(opaque, None, 0)
    everything = Gegl.Rectangle.new(0, 0, *size)
    target = opaque.get_buffer()
    layer.get_buffer().copy(everything, Gegl.AbyssPolicy.NONE, target, everything)
    target.flush()
    opaque.add_alpha()
    _add_mask(opaque, alpha)
    opaque.remove_mask(Gimp.MaskApplyMode.APPLY)
    return opaque


def _take_out_white(layer: Gimp.Layer, alpha: Coverage) -> None:
    """Set ``layer``'s alpha, and its colour C so that C over white is the colour that it had: C = 1 − (1 − R) / α."""
    layer.add_alpha()
    target = layer.get_buffer()
    for strip, cover in alpha.strips():
        with_white = layer.get_buffer().get(strip, 1.0, "R'G'B' u8", Gegl.AbyssPolicy.NONE)
        colour = _without_white(with_white, cover, strip.width, strip.height)
        pixels = bytearray(4 * len(cover))
        pixels[0::4], pixels[1::4], pixels[2::4], pixels[3::4] = colour[0::3], colour[1::3], colour[2::3], cover
        target.set(strip, "R'G'B'A u8", bytes(pixels))
    target.flush()
    layer.update(0, 0, alpha.width, alpha.height)


def _without_white(with_white: bytes, cover: bytes, width: int, height: int) -> bytes:
    """1 − (1 − ``with_white``) / ``cover``, 8 bits each, cut to 0–255; white where nothing is covered.

    It is done on the encoded values, as the white was put under: in linear light dark colours would lose most of their
    levels. GEGL chooses the arithmetic by the format, so the bytes are called linear here.
    """
    everything = Gegl.Rectangle.new(0, 0, width, height)
    graph = Gegl.Node()
    nodes = []
    for pixel, data in (("RGB u8", with_white), ("Y u8", cover)):
        buffer = Gegl.Buffer.new(pixel, 0, 0, width, height)
        buffer.set(everything, pixel, data)
        nodes.append(graph.create_child("gegl:buffer-source"))
        nodes[-1].set_property("buffer", buffer)
    last, divisor = nodes
    for operation in ("gegl:invert-linear", "gegl:divide", "gegl:invert-linear"):
        node = graph.create_child(operation)
        last.connect_to("output", node, "input")
        if operation == "gegl:divide":
            divisor.connect_to("output", node, "aux")
        last = node
    result = Gegl.Buffer.new("RGB u8", 0, 0, width, height)
    written = graph.create_child("gegl:write-buffer")
    written.set_property("buffer", result)
    last.connect_to("output", written, "input")
    written.process()
    return bytes(result.get(everything, 1.0, "RGB u8", Gegl.AbyssPolicy.NONE))


def _resampled(coverage: Coverage, size: tuple[int, int]) -> Coverage:
    if size == (coverage.width, coverage.height):
        return coverage
    with scratch_image(coverage.width, coverage.height, linear_gray=True) as gray:
        layer = Gimp.Layer.new(
            gray, "mask", coverage.width, coverage.height, Gimp.ImageType.GRAY_IMAGE, 100, Gimp.LayerMode.NORMAL
        )
        gray.insert_layer(layer, None, 0)
        coverage.write(layer.get_buffer())
        return Coverage.read(_scaled(layer, size), SELECTION)


def _add_mask(layer: Gimp.Layer, coverage: Coverage) -> None:
    mask = layer.create_mask(Gimp.AddMaskType.WHITE)
    layer.add_mask(mask)
    _resampled(coverage, (layer.get_width(), layer.get_height())).write(mask.get_buffer())
    mask.update(0, 0, mask.get_width(), mask.get_height())
