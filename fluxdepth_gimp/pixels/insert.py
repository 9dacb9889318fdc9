"""From the service's picture to layers: size, transparency, mask, name, and what the layer remembers of its edit.

Everything is prepared in scratch images; the artist's image is touched only by :func:`insert`, in one undo step. Works
in GIMP's main thread alone. Knows nothing of the service and of dialogs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from gi.repository import Gegl, Gimp

from pixels.place import Place
from pixels.scratch import loaded
from pixels.transparency import add_mask, scaled, with_alpha
from shared.errors import ResultDamagedError
from shared.jobs.pipeline import Result

PARASITE = "fluxdepth-edit"
# The model rounds its sizes, so a small difference of aspect is its arithmetic and no cropping.
STRETCH_TOLERANCE = 0.03
NAME_LENGTH = 48  # characters of the prompt in a layer's name; more would push the seed out of GIMP's layer list


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
            layer = with_alpha(picture, layer, place.alpha, size) if place.alpha else scaled(layer, size)
            if place.mask:
                add_mask(layer, place.mask)
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
