"""From the service's picture to layers: size, transparency, mask, name, and what the layer remembers of its edit.

Everything is prepared in scratch images; the artist's image is touched only by :func:`insert`, in one undo step. Works
in GIMP's main thread alone. Knows nothing of the service and of dialogs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import cast

from gi.repository import Gegl, Gimp

from pixels.coverage import Coverage
from pixels.place import Place
from pixels.record import attach, is_result
from pixels.result import detail, edge
from pixels.result.detail import Wanted
from pixels.result.transparency import add_mask, scaled, with_alpha
from pixels.scratch import Refused, checked, loaded
from shared.errors import ResultDamagedError, ResultError
from shared.jobs.request import Result
from shared.jobs.wording import result_name, short_prompt
from shared.language import tr
from shared.pictures.encoded import EncodedImage
from shared.pictures.sending import KEPT, STRETCHED, Kept, lacks_detail

COLOURS_LOST = tr(
    "The image is grayscale or indexed, so the new layer has lost colours. "
    "The edit itself has them: choose a new image as the result to keep them."
)


@dataclass(frozen=True)
class Companions:
    """What of the source the results need: its transparency, the selection for the layer mask, and what was sent.

    With that the results are matched to it at the edge of the mask; None leaves them as they came. ``source`` is a JPEG
    of the source at its own size, None where it was sent as it is: what is ``wanted`` of its detail is put back.
    """

    alpha: Coverage | None = None
    mask: Coverage | None = None
    sent: EncodedImage | None = None
    source: bytes | None = None
    wanted: Wanted | None = None


@dataclass(frozen=True)
class Opened:
    """The pictures among them; ``source`` only where its detail is wanted."""

    sent: Gegl.Buffer | None = None
    source: Gimp.Layer | None = None


@dataclass(frozen=True)
class Made:
    """Layers of one result that are in no image yet, from above, and how it was brought to its size.

    There are two where the detail is a layer of its own, above the plain one.
    """

    layers: tuple[Gimp.Layer, ...]
    kept: Kept | None


@dataclass(frozen=True)
class Inserted:
    """The new layers in the order of the results, and what the artist should know about how they fit."""

    image: Gimp.Image
    layers: tuple[Gimp.Layer, ...]
    remarks: tuple[str, ...]
    new_image: bool
    kept: Mapping[int, Kept]  # by the index of the result


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
        made = _prepared(results, place, companions, image, remarks)
        _put_in(made, results, image, place.layer_in(image))
        return _told(image, results, made, remarks, new_image=False)
    image = _new_image(place)
    try:
        image.undo_disable()
        made = _prepared(results, place.at_origin(), companions, image, remarks)
        _put_in(made, results, image, None)
        if not (place.known and place.fit):
            image.resize_to_layers()
        image.undo_enable()  # not clean: it is in no file yet, and GIMP asks before it is closed
    except BaseException:
        image.delete()
        raise
    return _told(image, results, made, remarks, new_image=True)


def _told(
    image: Gimp.Image, results: Sequence[Result], made: Sequence[Made], remarks: list[str], new_image: bool
) -> Inserted:
    kept = {result.index: one.kept for result, one in zip(results, made, strict=True) if one.kept}
    return Inserted(image, tuple(one.layers[0] for one in made), tuple(remarks), new_image, kept)


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
) -> tuple[Made, ...]:
    """The layers of each result, made for ``image`` and not in it yet."""
    made: list[Made] = []
    with _opened(companions, place, remarks) as pictures:
        try:
            for result in results:
                made.append(_layer(result, place, companions, pictures, image, remarks))
        except BaseException:
            _delete(made)
            raise
    return tuple(made)


def _delete(made: Sequence[Made], but: Sequence[Gimp.Layer] = ()) -> None:
    for layer in (layer for one in made for layer in one.layers):
        if layer not in but:
            layer.delete()


@contextmanager
def _opened(companions: Companions, place: Place, remarks: list[str]) -> Iterator[Opened]:
    """What of them is needed; what can't be read is told, and the results do without."""
    matches = place.match_edge and companions.mask is not None
    if companions.sent is None or not (matches or companions.wanted):
        yield Opened()
        return
    with ExitStack() as ends:
        sent = source = None
        try:
            picture = ends.enter_context(loaded(companions.sent.data, companions.sent.suffix))
            sent = edge.pixels_of(picture)
            if companions.wanted:
                if companions.source is not None:
                    picture = ends.enter_context(loaded(companions.source, ".jpg"))
                _to_srgb(picture)
                (source,) = picture.get_layers()
        except ValueError as exc:
            if matches and sent is None:
                words = tr(
                    "The edge of the selection is not matched: the picture that was sent can't be read ({reason})."
                )
                remarks.append(words.format(reason=exc))
            if companions.wanted:
                words = tr("The source's detail is not kept: the source can't be read ({reason}).")
                remarks.append(words.format(reason=exc))
        yield Opened(sent, source)


def _put_in(made: Sequence[Made], results: Sequence[Result], image: Gimp.Image, above: Gimp.Layer | None) -> None:
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
            if len(made) > 1:
                group = Gimp.GroupLayer.new(
                    image,
                    tr("{prompt} · {count} variations").format(
                        prompt=short_prompt(results[0].edit.prompt), count=len(made)
                    ),
                )
                checked(image.insert_layer(group, parent, position))
                inside.append(group)
                parent, position = group, 0
            for one in made:
                for layer in one.layers:
                    layer.set_visible(one is made[0])
                    checked(image.insert_layer(layer, parent, position))
                    inside.append(layer)
                    position += 1
        except BaseException:
            for layer in inside[:1] if len(made) > 1 else inside:
                image.remove_layer(layer)  # a group goes with what is in it
            _delete(made, but=inside)
            raise
        # What the artist had selected stays so: else Repeat, or the next edit, would pay for an edit of the edit.
        image.set_selected_layers(selected or [made[0].layers[0]])


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
    if abs((width / height) / (wide / high) - 1) <= STRETCHED:
        return source
    scale = min(wide / width, high / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _layer(
    result: Result,
    place: Place,
    companions: Companions,
    pictures: Opened,
    image: Gimp.Image,
    remarks: list[str],
) -> Made:
    """The result as layers for ``image``, not inserted yet."""
    kept = None
    finished: list[Gimp.Layer] = []
    try:
        with loaded(result.image.data, result.image.suffix) as picture:
            _to_srgb(picture)
            layer = picture.get_layers()[0] if len(picture.get_layers()) == 1 else picture.flatten()
            native = layer.get_width(), layer.get_height()
            fits = place.known and place.fit
            size = fitted_size(native, (place.width, place.height)) if fits else native
            same = size == (place.width, place.height)
            if fits and not same:
                remarks.append(
                    tr(
                        "The result has another shape ({width}×{height} px) than its place in the image "
                        "({source_width}×{source_height} px); it was scaled to fit inside, not stretched."
                    ).format(width=native[0], height=native[1], source_width=place.width, source_height=place.height)
                )
            if pictures.sent and companions.mask and place.match_edge and same:  # else they don't show the same
                edge.match(layer, pictures.sent, companions.mask, place.at_border)
            stack = [layer]
            if lacks_detail(native, size):
                kept = Kept(native, size, None)
                source = pictures.source
                # It may be of another document's size, which this place fits to its own.
                larger = source is not None and lacks_detail(native, (source.get_width(), source.get_height()))
                if pictures.sent and source and larger and companions.wanted and same:
                    detailed, share = detail.kept(layer, source, pictures.sent, companions.wanted, picture)
                    kept = Kept(native, size, share)
                    stack = [detailed, layer] if companions.wanted.apart else [detailed]
            for one in stack:
                one = with_alpha(picture, one, companions.alpha, size) if companions.alpha else scaled(one, size)
                if companions.mask:
                    add_mask(one, companions.mask)
                finished.append(checked(Gimp.Layer.new_from_drawable(one, image)))
            for one in finished:
                _describe(one, result, place, kept)
            if len(finished) > 1:
                _to_be_masked(finished[0])
    except BaseException as exc:
        _delete([Made(tuple(finished), kept)])
        if isinstance(exc, ValueError):
            raise ResultDamagedError(tr("GIMP can't read the result: {reason}.").format(reason=exc)) from exc
        raise
    return Made(tuple(finished), kept)


def _to_be_masked(layer: Gimp.Layer) -> None:
    """The detail as a layer of its own, for the artist to paint away."""
    layer.set_name(tr("{name} · detail").format(name=layer.get_name()))
    if layer.get_mask() is None:
        checked(layer.add_mask(checked(layer.create_mask(Gimp.AddMaskType.WHITE))))


def _describe(layer: Gimp.Layer, result: Result, place: Place, kept: Kept | None) -> None:
    """Name, place and the record of the edit."""
    layer.set_name(result_name(result.edit))
    across, down = place.width or layer.get_width(), place.height or layer.get_height()
    layer.set_offsets(place.x + (across - layer.get_width()) // 2, place.y + (down - layer.get_height()) // 2)
    attach(layer, {**result.record(), **({KEPT: dataclasses.asdict(kept)} if kept else {})}, place)


def _to_srgb(picture: Gimp.Image) -> None:
    if picture.get_base_type() is not Gimp.ImageBaseType.RGB:
        picture.convert_rgb()
    if picture.get_color_profile() is not None:
        picture.convert_color_profile(
            Gimp.ColorProfile.new_rgb_srgb(), Gimp.ColorRenderingIntent.RELATIVE_COLORIMETRIC, True
        )
