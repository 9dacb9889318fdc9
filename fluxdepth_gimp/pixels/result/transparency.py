"""A result's transparency and its mask: what was sent over white is taken out of the white again.

Works on layers of scratch images; knows nothing of the service.
"""

from __future__ import annotations

from gi.repository import Gegl, Gimp

from pixels.coverage import SELECTION, Coverage
from pixels.scratch import checked, scratch_image


def scaled(layer: Gimp.Layer, size: tuple[int, int]) -> Gimp.Layer:
    if size != (layer.get_width(), layer.get_height()):
        Gimp.context_push()  # the interpolation is the artist's
        try:
            # GIMP's default kernel (NoHalo) takes over ten times as long on a large layer.
            Gimp.context_set_interpolation(Gimp.InterpolationType.CUBIC)
            checked(layer.scale(*size, False))
        finally:
            Gimp.context_pop()
    return layer


def with_alpha(picture: Gimp.Image, layer: Gimp.Layer, alpha: Coverage, size: tuple[int, int]) -> Gimp.Layer:
    """``layer`` at ``size`` with the source's transparency.

    It was sent over white, so the white that shines through is taken out again, at the result's own size: soft edges
    would keep a white fringe. Scaling then weighs colours by alpha, so that no white bleeds in from outside.
    """
    native = layer.get_width(), layer.get_height()
    _take_out_white(layer, _resampled(alpha, native))
    if size == native:
        return layer
    scaled(layer, size)
    # The alpha went through two resamplings; the source's own is put in its place.
    opaque = Gimp.Layer.new(picture, "result", *size, Gimp.ImageType.RGB_IMAGE, 100, Gimp.LayerMode.NORMAL)
    checked(picture.insert_layer(opaque, None, 0))
    everything = Gegl.Rectangle.new(0, 0, *size)
    target = opaque.get_buffer()
    layer.get_buffer().copy(everything, Gegl.AbyssPolicy.NONE, target, everything)
    target.flush()
    checked(opaque.add_alpha())
    add_mask(opaque, alpha)
    checked(opaque.remove_mask(Gimp.MaskApplyMode.APPLY))
    return opaque


def _take_out_white(layer: Gimp.Layer, alpha: Coverage) -> None:
    """Set ``layer``'s alpha, and its colour C so that C over white is the colour that it had: C = 1 − (1 − R) / α."""
    checked(layer.add_alpha())
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
        checked(gray.insert_layer(layer, None, 0))
        coverage.write(layer.get_buffer())
        return Coverage.read(scaled(layer, size), SELECTION)


def add_mask(layer: Gimp.Layer, coverage: Coverage) -> None:
    mask = checked(layer.create_mask(Gimp.AddMaskType.WHITE))
    checked(layer.add_mask(mask))
    _resampled(coverage, (layer.get_width(), layer.get_height())).write(mask.get_buffer())
    mask.update(0, 0, mask.get_width(), mask.get_height())
