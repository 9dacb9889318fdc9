"""From the service's picture to layers: size, transparency, mask, name, and what the layer remembers of its edit.

Everything is prepared in scratch images; the artist's image is touched only by :func:`insert`, in one undo step. Works
in GIMP's main thread alone. Knows nothing of the service and of dialogs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from gi.repository import Gegl, Gimp

from pixels.coverage import Coverage
from pixels.place import Place
from pixels.record import attach, is_result
from pixels.result import edge
from pixels.result.transparency import add_mask, scaled, with_alpha
from pixels.scratch import Refused, checked, loaded
from shared.errors import ResultDamagedError, ResultError
from shared.jobs.request import Result
from shared.jobs.wording import result_name, short_prompt
from shared.language import tr
from shared.pictures.encoded import EncodedImage

COLOURS_LOST = tr(
    "The image is grayscale or indexed, so the new layer has lost colours. "
    "The edit itself has them: choose a new image as the result to keep them."
)
# The model rounds its sizes, so a small difference of aspect is its arithmetic and no cropping.
STRETCH_TOLERANCE = 0.03


@dataclass(frozen=True)
class Companions:
    """What of the source the results need: its transparency, the selection for the layer mask, and what was sent.

    With that the results are matched to it at the edge of the mask; None leaves them as they came.
    """

    alpha: Coverage | None = None
    mask: Coverage | None = None
    sent: EncodedImage | None = None


@dataclass(frozen=True)
class Inserted:
    """The new layers in the order of the results, and what the artist should know about how they fit."""

    image: Gimp.Image
    layers: tuple[Gimp.Layer, ...]
    remarks: tuple[str, ...]
    new_image: bool


def insert(results: Sequence[Result], place: Place, companions: Companions, image: Gimp.Image | None) -> Inserted:
    """Put the results into ``image`` above the layer that they were made from, or into a new image when it is None.

    Several results go into a layer group with the first one visible. One undo step. Raises
    :class:`ResultDamagedError` when GIMP can't read a result and :class:`ResultError` when it won't take it; then
    ``image`` is as it was.
    """
    Gegl.init(None)
    try:
        return _inserted(results, place, companions, image)
    except Refused as exc:
        raise ResultError(tr("GIMP did not take the new layer: {reason}.").format(reason=exc)) from exc


def _inserted(results: Sequence[Result], place: Place, companions: Companions, image: Gimp.Image | None) -> Inserted:
    remarks: list[str] = []
    if image is not None:
        if image.get_base_type() is not Gimp.ImageBaseType.RGB:
            remarks.append(COLOURS_LOST)
        layers = _prepared(results, place, companions, image, remarks)
        _put_in(layers, results, image, place.layer_in(image))
        return Inserted(image, layers, tuple(remarks), new_image=False)
    image = _new_image(place)
    try:
        image.undo_disable()
        layers = _prepared(results, place.at_origin(), companions, image, remarks)
        _put_in(layers, results, image, None)
        if not (place.known and place.fit):
            image.resize_to_layers()
        image.undo_enable()  # not clean: it is in no file yet, and GIMP asks before it is closed
    except BaseException:
        image.delete()
        raise
    return Inserted(image, layers, tuple(remarks), new_image=True)


def _new_image(place: Place) -> Gimp.Image:
    """An empty image for results of ``place``, with the precision and the resolution of its source's image."""
    size = max(1, place.width), max(1, place.height)
    try:
        image = Gimp.Image.new_with_precision(*size, Gimp.ImageBaseType.RGB, Gimp.Precision(place.precision))
    except ValueError:  # not known, or of another GIMP
        image = Gimp.Image.new(*size, Gimp.ImageBaseType.RGB)
    if all(place.resolution):
        image.set_resolution(*place.resolution)
    return image


def _prepared(
    results: Sequence[Result], place: Place, companions: Companions, image: Gimp.Image, remarks: list[str]
) -> tuple[Gimp.Layer, ...]:
    """A layer for each result, made for ``image`` and not in it yet."""
    layers: list[Gimp.Layer] = []
    sent = _sent(companions, remarks)
    try:
        for result in results:
            layers.append(_layer(result, place, companions, sent, image, remarks))
    except BaseException:
        for layer in layers:
            layer.delete()
        raise
    return tuple(layers)


def _sent(companions: Companions, remarks: list[str]) -> Gegl.Buffer | None:
    """What the results are to be matched to, when they are."""
    if companions.sent is None or companions.mask is None:
        return None
    try:
        with loaded(companions.sent.data, companions.sent.suffix) as picture:
            return edge.pixels_of(picture)
    except ValueError as exc:
        remarks.append(
            tr("The edge of the selection is not matched: the picture that was sent can't be read ({reason}).").format(
                reason=exc
            )
        )
    return None


def _put_in(
    layers: Sequence[Gimp.Layer], results: Sequence[Result], image: Gimp.Image, above: Gimp.Layer | None
) -> None:
    selected = image.get_selected_layers()
    parent: Gimp.Layer | None = None
    position = 0
    if above is not None:
        # A layer's parent is a layer group; the typelib says only that it is an item, and not that there may be none.
        parent = cast("Gimp.Layer | None", above.get_parent())
        # Above the earlier results of the same layer, which would hide it.
        siblings = parent.get_children() if parent else image.get_layers()
        position = image.get_item_position(above)
        while position and is_result(siblings[position - 1]):
            position -= 1
    with undo_step(image):
        inside: list[Gimp.Layer] = []
        try:
            if len(layers) > 1:
                group = Gimp.GroupLayer.new(
                    image,
                    tr("{prompt} · {count} variations").format(
                        prompt=short_prompt(results[0].edit.prompt), count=len(layers)
                    ),
                )
                checked(image.insert_layer(group, parent, position))
                inside.append(group)
                parent, position = group, 0
            for number, layer in enumerate(layers):
                layer.set_visible(number == 0)
                checked(image.insert_layer(layer, parent, position + number))
                inside.append(layer)
        except BaseException:
            for layer in inside[:1]:
                image.remove_layer(layer)  # a group goes with what is in it
            for layer in layers:
                if layer not in inside:
                    layer.delete()
            raise
        # What the artist had selected stays so: else Repeat, or the next edit, would pay for an edit of the edit.
        image.set_selected_layers(selected or [layers[0]])


@contextmanager
def undo_step(image: Gimp.Image) -> Iterator[None]:
    """All that is done to ``image`` in it is taken back at once."""
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()


def fitted_size(result: tuple[int, int], source: tuple[int, int]) -> tuple[int, int]:
    """``result`` scaled to ``source``: stretched when the aspects nearly agree, else as large as fits inside."""
    (width, height), (wide, high) = result, source
    if abs((width / height) / (wide / high) - 1) <= STRETCH_TOLERANCE:
        return source
    scale = min(wide / width, high / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _layer(
    result: Result,
    place: Place,
    companions: Companions,
    sent: Gegl.Buffer | None,
    image: Gimp.Image,
    remarks: list[str],
) -> Gimp.Layer:
    """The result as a layer for ``image``, not inserted yet."""
    try:
        with loaded(result.image.data, result.image.suffix) as picture:
            _to_srgb(picture)
            layer = picture.get_layers()[0] if len(picture.get_layers()) == 1 else picture.flatten()
            native = layer.get_width(), layer.get_height()
            fits = place.known and place.fit
            size = fitted_size(native, (place.width, place.height)) if fits else native
            if fits and size != (place.width, place.height):
                remarks.append(
                    tr(
                        "The result has another shape ({width}×{height} px) than its place in the image "
                        "({source_width}×{source_height} px); it was scaled to fit inside, not stretched."
                    ).format(width=native[0], height=native[1], source_width=place.width, source_height=place.height)
                )
            if sent and companions.mask and size == (place.width, place.height):  # else they don't show the same
                edge.match(layer, sent, companions.mask, place.at_border)
            layer = with_alpha(picture, layer, companions.alpha, size) if companions.alpha else scaled(layer, size)
            if companions.mask:
                add_mask(layer, companions.mask)
            finished = checked(Gimp.Layer.new_from_drawable(layer, image))
    except ValueError as exc:
        raise ResultDamagedError(tr("GIMP can't read the result: {reason}.").format(reason=exc)) from exc
    try:
        _describe(finished, result, place)
    except BaseException:
        finished.delete()
        raise
    return finished


def _describe(layer: Gimp.Layer, result: Result, place: Place) -> None:
    """Name, place and the record of the edit."""
    layer.set_name(result_name(result.edit))
    across, down = place.width or layer.get_width(), place.height or layer.get_height()
    layer.set_offsets(place.x + (across - layer.get_width()) // 2, place.y + (down - layer.get_height()) // 2)
    attach(layer, result.record(), place)


def _to_srgb(picture: Gimp.Image) -> None:
    if picture.get_base_type() is not Gimp.ImageBaseType.RGB:
        picture.convert_rgb()
    if picture.get_color_profile() is not None:
        picture.convert_color_profile(
            Gimp.ColorProfile.new_rgb_srgb(), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, True
        )
