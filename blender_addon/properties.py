"""Blender's properties, made from the core's parameter table, and the way from them to a validated edit and back.

Knows no range, default, label or help of its own for what the table has. No network, no pixels.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import bpy

from .shared.model.edit import DepthEdit
from .shared.model.models import FLUX_DEPTH_PRO
from .shared.model.parameters import (
    KEEP_TRANSPARENCY,
    LONGEST_SIDE,
    UPLOAD_FORMAT,
    VARIATIONS,
    Choice,
    Kind,
    Parameter,
    Value,
)

PACKAGE = __package__  # the extension's, and the key of its preferences
LARGEST_INT = 2**31 - 1  # Blender's IntProperty is 32-bit signed; `seed_exact` holds what is above

SOURCE = Parameter(
    "source",
    Kind.CHOICE,
    "RENDER",
    "Source",
    "The picture that is edited",
    choices=(
        Choice("RENDER", "Render Result", "The last render as it is displayed, with its view transform"),
        Choice("RENDER_NOW", "Render Now", "Render the current frame first, then edit it"),
        Choice("IMAGE", "Image", "An image of this file"),
        Choice("VIEWPORT", "3D Viewport", "The 3D viewport as it is seen, without overlays"),
    ),
)
HOST_PARAMETERS = (SOURCE, VARIATIONS, LONGEST_SIDE, UPLOAD_FORMAT, KEEP_TRANSPARENCY)

# What an edit is made with beside the model's parameters and its picture.
KEPT_PARAMETERS = tuple(parameter for parameter in HOST_PARAMETERS if parameter is not SOURCE)

# The names of everything that a preset keeps. The picture is the artist's choice of the moment.
PRESET_NAMES = [
    *(parameter.name for parameter in FLUX_DEPTH_PRO.parameters),
    "seed_exact",
    *(parameter.name for parameter in KEPT_PARAMETERS),
]


class Settings(Protocol):
    """What is asked for by name of the settings for the next edit: a scene's, or those that the command makes."""

    source: str
    image: bpy.types.Image | None
    prompt: str
    seed: int
    steps: int
    guidance: float
    variations: int
    longest_side: int
    upload_format: str
    keep_transparency: bool


class SceneSettings(Settings, Protocol):
    """A scene's own: what the panel has beside the parameters."""

    prompt_text: bpy.types.Text | None
    seed_exact: str


def declared(parameter: Parameter) -> object:
    """``parameter`` as one of Blender's properties."""
    common: dict[str, Any] = {"name": parameter.label, "description": parameter.help, "default": parameter.default}
    if parameter.kind is Kind.TEXT:
        return bpy.props.StringProperty(**common)
    if parameter.kind is Kind.BOOLEAN:
        return bpy.props.BoolProperty(**common)
    if parameter.kind is Kind.CHOICE:
        items = [(choice.value, choice.label, choice.help) for choice in parameter.choices]
        return bpy.props.EnumProperty(items=items, **common)
    low = 0 if parameter.zero_means else parameter.minimum
    if parameter.kind is Kind.REAL:
        return bpy.props.FloatProperty(min=low, max=parameter.maximum, precision=parameter.decimals, step=10, **common)
    if parameter.unit == "px":
        common["subtype"] = "PIXEL"
    return bpy.props.IntProperty(min=int(low), max=min(int(parameter.maximum), LARGEST_INT), **common)


def _is_text(_settings: bpy.types.PropertyGroup, text: bpy.types.Text) -> bool:
    return not text.is_library_indirect


FluxDepthSettings = type(
    "FluxDepthSettings",
    (bpy.types.PropertyGroup,),
    {
        "__doc__": "What the artist chose for the next edit; saved with the scene.",
        "__annotations__": {
            **{parameter.name: declared(parameter) for parameter in (*FLUX_DEPTH_PRO.parameters, *HOST_PARAMETERS)},
            "prompt_text": bpy.props.PointerProperty(
                type=bpy.types.Text,
                name="Prompt text",
                description="A text data-block for a long prompt. When it is set, it is used instead of the line above",
                poll=_is_text,
            ),
            "seed_exact": bpy.props.StringProperty(
                name="Exact seed",
                description="A seed above 2147483647, as text. When it is set, it is used instead of Seed",
            ),
            "image": bpy.props.PointerProperty(
                type=bpy.types.Image, name="Image", description="The image that is edited"
            ),
        },
    },
)


def of(scene: bpy.types.Scene) -> SceneSettings:
    """What the artist chose in ``scene``."""
    settings: SceneSettings = scene.fluxdepth  # type: ignore[attr-defined]  # from the extension's registration on
    return settings


def prompt_of(settings: SceneSettings) -> str:
    return settings.prompt_text.as_string() if settings.prompt_text else settings.prompt


def seed_of(settings: SceneSettings) -> Value:
    """The seed in force. Raises ParameterError for an exact seed that is no number."""
    text = settings.seed_exact.strip()
    if not text:
        return settings.seed
    seed = FLUX_DEPTH_PRO.parameter("seed")
    return seed.checked(int(text) if text.isdecimal() else text)


def values_of(settings: SceneSettings) -> dict[str, Value]:
    """The model's parameters as they stand, not validated but for the seed."""
    values = {parameter.name: getattr(settings, parameter.name) for parameter in FLUX_DEPTH_PRO.parameters}
    return {**values, "prompt": prompt_of(settings), "seed": seed_of(settings)}


def edit_of(settings: SceneSettings) -> DepthEdit:
    """The validated edit. Raises ParameterError."""
    for parameter in HOST_PARAMETERS:
        parameter.checked(getattr(settings, parameter.name))
    return DepthEdit.checked(values_of(settings))


@dataclass(frozen=True)
class Chosen:
    """What the panel said when the button was pressed; the artist may change it while Blender renders."""

    edit: DepthEdit
    variations: int
    host_settings: Mapping[str, Value]


def chosen_of(settings: SceneSettings) -> Chosen:
    """Raises ParameterError."""
    host_settings = {one.name: getattr(settings, one.name) for one in KEPT_PARAMETERS}
    return Chosen(edit_of(settings), settings.variations, host_settings)


def apply(settings: SceneSettings, values: Mapping[str, Value]) -> None:
    """Takes over ``values``: any of the parameters, as a record or a preset holds them."""
    for name, value in values.items():
        if name == "seed":
            settings.seed_exact = str(value) if int(value) > LARGEST_INT else ""
            settings.seed = min(int(value), LARGEST_INT)
        elif name == "prompt":
            settings.prompt_text = None
            settings.prompt = str(value)
        else:
            setattr(settings, name, value)


CLASSES = (FluxDepthSettings,)
