"""Every kind of image that is looked at and sent, as plain data: the steps of ``inside/seen.py`` that make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SOURCES = ("layer", "selection", "visible")

Step = tuple[Any, ...]


@dataclass(frozen=True)
class Kind:
    """A test chart that has gone through the steps. ``quick`` kinds are looked at in every run."""

    name: str
    steps: tuple[Step, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)  # arguments of the procedure
    since: str = "3.0"  # GIMP's series
    quick: bool = False
    number: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Every kind has its own, so that the picture of one is never taken for another's."""
        across, down = self.number % 14, self.number // 14
        scale = 2 if "longest_side" in self.values else 1
        return scale * (240 + 7 * across), scale * (160 + 9 * down)


# GIMP's words: integer or float of 8–64 bits, and how the numbers stand to light.
TYPES = ("U8", "U16", "U32", "HALF", "FLOAT", "DOUBLE")
CURVES = ("NON_LINEAR", "LINEAR", "PERCEPTUAL")


def in_words(precision: str) -> str:
    kind, _, curve = precision.partition("_")
    return f"{kind} {curve.lower().replace('_', '-')}"


def precisions(
    words: str, *steps: Step, types: tuple[str, ...] = TYPES, curves: tuple[str, ...] = CURVES[:2]
) -> list[Kind]:
    names = [f"{kind}_{curve}" for kind in types for curve in curves]
    return [Kind(f"{words} {in_words(name)}", (*steps, ("precision", name))) for name in names]


FLOAT = ("precision", "FLOAT_LINEAR")
SIXTEEN = ("precision", "U16_NON_LINEAR")
MULTIPLY = ("above", "MULTIPLY", 60)
INVERT = ("filter", "gegl:invert-gamma")
BLUR = ("filter", "gegl:gaussian-blur", {"std-dev-x": 4.0, "std-dev-y": 4.0})

_ALL = [
    *precisions("RGB"),
    # A profile's curve is not sRGB's: perceptual is not non-linear there.
    *precisions("Adobe RGB", ("convert", "adobe"), types=("U8", "U16", "FLOAT"), curves=CURVES),
    Kind("sRGB profile", (("assign", "srgb"),)),
    Kind("linear sRGB profile", (("assign", "srgb_linear"),)),
    Kind("linear sRGB profile, 16-bit", (SIXTEEN, ("convert", "srgb_linear"))),
    # Assigned, it makes colours that no screen has: they are cut the same way.
    Kind("Adobe RGB, colours outside sRGB", (("assign", "adobe"),)),
    Kind("Adobe RGB, colours outside sRGB, float", (("assign", "adobe"), FLOAT)),
    Kind("ProPhoto", (SIXTEEN, ("convert", "prophoto"))),
    Kind("ProPhoto, colours outside sRGB", (("assign", "prophoto"),)),
    Kind("ProPhoto, colours outside sRGB, float", (("assign", "prophoto"), FLOAT)),
    Kind("table profile", (("assign", "table"),), quick=True),
    Kind("table profile, 16-bit", (SIXTEEN, ("assign", "table"))),
    Kind("table profile, float", (("precision", "FLOAT_NON_LINEAR"), ("assign", "table"))),
    Kind("table profile, float linear", (("assign", "table"), FLOAT)),
    Kind("table profile, alpha", (("assign", "table"), ("alpha",))),
    Kind("table profile, group", (("assign", "table"), ("group",))),
    Kind("table profile, indexed", (("assign", "table"), ("indexed", 64))),
    *precisions("gray", ("gray",), types=("U8", "U16", "FLOAT")),
    Kind("gray, gamma profile", (("gray",), ("assign", "gray_srgb"))),
    Kind("gray, linear profile", (("gray",), ("assign", "gray_linear"))),
    Kind("gray, L* profile", (("gray",), ("assign", "gray_lab"))),
    Kind("gray, L* profile, float", (("gray",), ("assign", "gray_lab"), FLOAT)),
    Kind("gray, dot gain profile", (("gray",), ("assign", "dot_gain"))),
    Kind("gray, dot gain profile, 16-bit", (("gray",), SIXTEEN, ("assign", "dot_gain"))),
    Kind("gray, dot gain profile, alpha", (("gray",), ("assign", "dot_gain"), ("alpha",))),
    Kind("gray, alpha", (("gray",), ("alpha",))),
    Kind("indexed", (("indexed", 64),)),
    Kind("indexed, 2 colours", (("indexed", 2),)),
    Kind("indexed, alpha", (("alpha",), ("indexed", 64))),
    Kind("indexed, Adobe RGB", (("assign", "adobe"), ("indexed", 64))),
    Kind("alpha", (("alpha",),), quick=True),
    Kind("alpha, 8-bit linear", (("alpha",), ("precision", "U8_LINEAR"))),
    Kind("alpha, 16-bit", (("alpha",), SIXTEEN)),
    Kind("alpha, float", (("alpha",), FLOAT), quick=True),
    Kind("alpha, linear sRGB profile", (("assign", "srgb_linear"), ("alpha",))),
    Kind("alpha, Adobe RGB", (("assign", "adobe"), ("alpha",))),
    Kind("mask", (("mask",),)),
    Kind("mask and alpha, float", (("alpha",), ("mask",), FLOAT)),
    Kind("mask switched off", (("mask",), ("mask_off",))),
    Kind("mask shown", (("mask",), ("mask_shown",))),
    Kind("filter", (INVERT,)),
    Kind("filter, blur", (BLUR,)),
    Kind("filter, blur of soft edges", (("alpha",), BLUR)),
    Kind("filter, half and multiplied", (("filter", "gegl:gaussian-blur", {"std-dev-x": 9.0}, "MULTIPLY", 0.5),)),
    Kind("filter switched off", (INVERT, ("filter_off",))),
    Kind("filter, shadow", (("offset_layer",), ("filter", "gegl:dropshadow", {}))),
    Kind("filter, float", (FLOAT, ("filter", "gegl:exposure", {"exposure": 1.5}))),
    Kind("filter, gray", (("gray",), INVERT)),
    Kind("filter, indexed", (("indexed", 16), BLUR)),
    Kind("filter, Adobe RGB", (("assign", "adobe"), BLUR)),
    Kind("filter, table profile", (("assign", "table"), INVERT)),
    Kind("filter and mask", (INVERT, ("mask",))),
    Kind("group", (("group",),)),
    Kind("group, float", (("group",), FLOAT)),
    Kind("group passed through", (("group",), ("mode", "PASS_THROUGH", 100))),
    Kind("group with mask and filter", (("group",), ("mask",), INVERT)),
    Kind("group in a group", (("group",), ("group",))),
    Kind("inside a faded group", (("inside",),)),
    Kind("opacity", (("mode", "NORMAL", 40),)),
    Kind("behind another layer", (("above", "NORMAL", 100),)),
    *(
        Kind(f"{mode.lower().replace('_', ' ')} mode", (("beneath",), ("mode", mode, 70)))
        for mode in (
            *("MULTIPLY", "SCREEN", "OVERLAY", "DIFFERENCE", "DISSOLVE", "LCH_COLOR", "HSV_HUE", "LUMA_DARKEN_ONLY"),
            *("MULTIPLY_LEGACY", "OVERLAY_LEGACY", "ERASE", "COLOR_ERASE", "SPLIT", "GRAIN_MERGE"),
        )
    ),
    Kind("multiply mode, float", (("beneath",), ("mode", "MULTIPLY", 70), FLOAT)),
    Kind("multiply mode, Adobe RGB", (("beneath",), ("mode", "MULTIPLY", 70), ("convert", "adobe"))),
    Kind("multiply mode, gray", (("beneath",), ("mode", "MULTIPLY", 70), ("gray",))),
    Kind("multiply mode in perceptual light", (("beneath",), ("mode", "MULTIPLY", 70), ("blend", "RGB_PERCEPTUAL"))),
    Kind("normal mode in linear light", (("beneath",), ("mode", "NORMAL", 50), ("blend", "RGB_LINEAR"))),
    Kind("three layers", (MULTIPLY, ("above", "SCREEN", 45))),
    Kind("layer with an offset", (("offset_layer",),)),
    Kind("layer larger than the canvas", (("larger",),)),
    Kind("hidden layer", (("beneath",), ("hidden",))),
    Kind("text", (("text",),)),
    Kind("channel shown", (("channel",),)),
    Kind("larger than what is sent", values={"longest_side": 256}, quick=True),
    Kind("larger than what is sent, alpha", (("alpha",),), {"longest_side": 300}),
    # Black where nothing is seen: it must not bleed into what is.
    Kind("larger than what is sent, cut out of black", (("cut_out_of_black",),), {"longest_side": 256}),
    Kind("larger than what is sent, cut out of black, gray", (("gray",), ("cut_out_of_black",)), {"longest_side": 300}),
    Kind("larger than what is sent, cut out of black, float", (("cut_out_of_black",), FLOAT), {"longest_side": 300}),
    Kind("larger than what is sent, float", (FLOAT,), {"longest_side": 333}),
    Kind("larger than what is sent, Adobe RGB", (("assign", "adobe"),), {"longest_side": 400}),
    Kind("larger than what is sent, table profile", (("assign", "table"),), {"longest_side": 256}),
    Kind("larger than what is sent, gray", (("gray",),), {"longest_side": 400}),
    Kind("linked file", (("link",),), since="3.2"),
    Kind("vector layer", (("vector",),), since="3.2"),
]
# Those of which GIMP itself is asked to show half the size.
HALVED: dict[str, tuple[Step, ...]] = {
    "opaque": (),
    "alpha": (("alpha",),),
    "Adobe RGB": (("convert", "adobe"),),
}
KINDS = [Kind(one.name, one.steps, one.values, one.since, one.quick, number) for number, one in enumerate(_ALL)]

# What can't be sent: the step after which it is so, the sources, and the words.
REFUSED = {
    "floating selection": ("floating", SOURCES, "There is a floating selection."),
    "no selection": ("nothing", ("selection",), "Nothing is selected."),
    "selection beside the layer": ("beside", ("selection",), "The selection lies outside the layer “"),
}
