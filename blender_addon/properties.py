"""Blender's properties, made from the core's parameter table, and the way from them to a validated edit and back.

Knows no range, default, label or help of its own for what the table has. No network, no pixels.
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import bpy

from .shared.errors import ParameterError
from .shared.language import N_, number, tr
from .shared.model import models, prompts
from .shared.model.carry import Wishes
from .shared.model.edit import DepthEdit
from .shared.model.model import Model
from .shared.model.parameters import (
    OF_BOTH_HOSTS,
    Choice,
    Kind,
    Parameter,
    Role,
    Value,
)
from .shared.model.presets import Fitting

PACKAGE = __package__  # the extension's, and the key of its preferences
LARGEST_INT = 2**31 - 1  # Blender's IntProperty is 32-bit signed; `seed_exact` holds what is above

SOURCE = Parameter(
    "source",
    Kind.CHOICE,
    "RENDER",
    N_("Source"),
    N_("The picture that is edited"),
    choices=(
        Choice("RENDER", N_("Render Result"), N_("The last render as it is displayed, with its view transform")),
        Choice("RENDER_NOW", N_("Render Now"), N_("Render the current frame first, then edit it")),
        Choice("IMAGE", N_("Image"), N_("An image of this file")),
        Choice("VIEWPORT", N_("3D Viewport"), N_("The 3D viewport as it is seen, without overlays")),
        Choice(
            "DEPTH",
            N_("Depth"),
            N_(
                "The scene's true depth from its camera, near light and far dark: for models that such a picture steers"
            ),
        ),
    ),
)
HOST_PARAMETERS = (SOURCE, *OF_BOTH_HOSTS)
TAB = "Flux Depth"  # of the sidebars; a name, and in every language the same
LENGTH = "scene units"
DEPTH_RANGE = (
    Parameter(
        "depth_range",
        Kind.BOOLEAN,
        False,
        N_("Depth range"),
        N_("Keep the edit between two distances from the camera; outside them the picture stays as it was"),
    ),
    Parameter(
        "depth_from",
        Kind.REAL,
        0.0,
        N_("From"),
        N_("Where the range begins, measured along the camera's view"),
        maximum=1e6,
        decimals=3,
        unit=LENGTH,
    ),
    Parameter(
        "depth_to",
        Kind.REAL,
        10.0,
        N_("To"),
        N_("Where the range ends, measured along the camera's view"),
        maximum=1e6,
        decimals=3,
        unit=LENGTH,
    ),
    Parameter(
        "depth_soft",
        Kind.REAL,
        0.5,
        N_("Soft edge"),
        N_("Over which distance the edit fades out beyond each end"),
        maximum=1e6,
        decimals=3,
        unit=LENGTH,
    ),
)

MODEL = models.CHOICE
OF_MODELS = models.union()
SEED_EXACT = "seed_exact"
PROMPT_TEXT = "prompt_text"
PROMPT_LIST = "prompt_list"


class Settings(Protocol):
    """What is asked for by name of the settings for the next edit: a scene's, or those that the command makes."""

    source: str
    image: bpy.types.Image | None
    model: str
    variations: int
    longest_side: int
    upload_format: str
    keep_transparency: bool
    keep_detail: bool
    depth_range: bool


class SceneSettings(Settings, Protocol):
    """A scene's own: what the panel has beside the parameters."""

    prompt_text: bpy.types.Text | None
    prompt_list: bool
    seed_exact: str
    shown_model: str
    wishes: str
    depth_from: float
    depth_to: float
    depth_soft: float


def declared(parameter: Parameter, **more: Any) -> object:
    """``parameter`` as one of Blender's properties."""
    common: dict[str, Any] = {"name": parameter.label, "description": parameter.help, "default": parameter.default}
    common |= more
    if parameter.kind is Kind.TEXT:
        return bpy.props.StringProperty(**common)
    if parameter.kind is Kind.BOOLEAN:
        return bpy.props.BoolProperty(**common)
    if parameter.kind is Kind.CHOICE:
        items = [(choice.value, choice.label, choice.help) for choice in parameter.choices]
        return bpy.props.EnumProperty(items=items, **common)
    low = 0 if parameter.zero_means else parameter.minimum
    if parameter.kind is Kind.REAL:
        if parameter.unit == LENGTH:
            common |= {"subtype": "DISTANCE", "unit": "LENGTH"}
        return bpy.props.FloatProperty(min=low, max=parameter.maximum, precision=parameter.decimals, step=10, **common)
    if not parameter.stated and parameter.role is not Role.SEED:
        common["soft_max"] = int(parameter.usual[1])
    if parameter.unit == "px":
        common["subtype"] = "PIXEL"
    return bpy.props.IntProperty(min=int(low), max=min(int(parameter.maximum), LARGEST_INT), **common)


def _is_text(_settings: bpy.types.PropertyGroup, text: bpy.types.Text) -> bool:
    return not text.is_library_indirect


def _other_model(settings: "SceneSettings", _context: bpy.types.Context) -> None:
    """The artist, or a script, has taken another model: what was chosen goes along by role, where it fits."""
    try:
        before = models.named(settings.shown_model)
        wishes = Wishes(before, json.loads(settings.wishes or "{}"))
    except (ParameterError, ValueError, AttributeError):  # of a newer version
        before = models.DEFAULT
        wishes = Wishes(before)
    model = model_of(settings)
    if model is before:
        return
    values = wishes.change(model, _raw_values(settings, before))
    settings.shown_model = model.name
    settings.wishes = json.dumps(wishes.stored())
    prompt = model.of(Role.PROMPT)
    apply(settings, {name: value for name, value in values.items() if not (prompt and name == prompt.name)}, model)


FluxDepthSettings = type(
    "FluxDepthSettings",
    (bpy.types.PropertyGroup,),
    {
        "__doc__": "What the artist chose for the next edit; saved with the scene.",
        "__annotations__": {
            MODEL.name: declared(MODEL, update=_other_model),
            "shown_model": bpy.props.StringProperty(default=str(MODEL.default), options={"HIDDEN"}),
            "wishes": bpy.props.StringProperty(options={"HIDDEN"}),
            **{parameter.name: declared(parameter) for parameter in (*OF_MODELS, *HOST_PARAMETERS, *DEPTH_RANGE)},
            PROMPT_TEXT: bpy.props.PointerProperty(
                type=bpy.types.Text,
                name=N_("Prompt text"),
                description=N_(
                    "A text data-block for a long prompt. When it is set, it is used instead of the line above"
                ),
                poll=_is_text,
            ),
            PROMPT_LIST: bpy.props.BoolProperty(
                name=N_("One edit per line"),
                description=N_(
                    "Each line of the text is a prompt of its own, with its own paid edits. "
                    "Empty lines and those that begin with # are left out"
                ),
            ),
            SEED_EXACT: bpy.props.StringProperty(
                name=N_("Exact seed"),
                description=N_("A seed above 2147483647, as text. When it is set, it is used instead of Seed"),
            ),
            "image": bpy.props.PointerProperty(
                type=bpy.types.Image, name=N_("Image"), description=N_("The image that is edited")
            ),
        },
    },
)


def of(scene: bpy.types.Scene) -> SceneSettings:
    """What the artist chose in ``scene``."""
    settings: SceneSettings = scene.fluxdepth  # type: ignore[attr-defined]  # from the extension's registration on
    return settings


def model_of(settings: Settings) -> Model:
    return models.named(settings.model)


def get(settings: Settings, role: Role) -> Any:
    """The value for ``role`` of the chosen model as its property holds it; None when the model has none."""
    parameter = model_of(settings).of(role)
    return getattr(settings, parameter.name) if parameter else None


def prompt_of(settings: SceneSettings) -> str:
    return settings.prompt_text.as_string() if settings.prompt_text else str(get(settings, Role.PROMPT) or "")


def prompts_of(settings: SceneSettings) -> list[str]:
    """What is asked for, one prompt for each order of variations; a list without a prompt has an empty one."""
    prompt = prompt_of(settings)
    return (prompts.listed(prompt) or [""]) if settings.prompt_text and settings.prompt_list else [prompt]


def _exact_seed(settings: SceneSettings, seed: Parameter) -> Value:
    """The seed in force. Raises ParameterError for an exact seed that is no number."""
    text = settings.seed_exact.strip()
    if not text:
        return int(getattr(settings, seed.name))
    return seed.checked(int(text) if text.isdecimal() else text)


def _raw_values(settings: SceneSettings, model: Model) -> dict[str, Value]:
    values = {one.name: getattr(settings, one.name) for one in model.parameters}
    with contextlib.suppress(ParameterError):
        if seed := model.of(Role.SEED):
            values[seed.name] = _exact_seed(settings, seed)
    return values


def values_of(settings: SceneSettings, model: Model | None = None) -> dict[str, Value]:
    """The parameters of ``model``, the chosen one by default, as they stand; not validated but for the seed."""
    model = model or model_of(settings)
    values = {one.name: getattr(settings, one.name) for one in model.parameters}
    for parameter in model.parameters:
        if parameter.role is Role.PROMPT:
            values[parameter.name] = prompt_of(settings)
        elif parameter.role is Role.SEED:
            values[parameter.name] = _exact_seed(settings, parameter)
    return values


@dataclass(frozen=True)
class Chosen:
    """What the panel said when the button was pressed; the artist may change it while Blender renders."""

    edit: DepthEdit
    variations: int
    host_settings: Mapping[str, Value]
    confirmed: bool = False  # whether the artist was asked, or is a script


def chosen_of(settings: SceneSettings, confirmed: bool = False) -> list[Chosen]:
    """One for each prompt, validated. Raises ParameterError."""
    for parameter in (*HOST_PARAMETERS, *DEPTH_RANGE):
        parameter.checked(getattr(settings, parameter.name))
    model, values = model_of(settings), values_of(settings)
    host_settings = {one.name: getattr(settings, one.name) for one in OF_BOTH_HOSTS} | range_of(settings)
    edits = [DepthEdit.checked({**values, **_prompted(model, prompt)}, model) for prompt in prompts_of(settings)]
    return [Chosen(edit, settings.variations, host_settings, confirmed) for edit in edits]


def range_of(settings: SceneSettings) -> dict[str, Value]:
    """The depth range, where there is one. Raises ParameterError when it ends before it begins."""
    if not settings.depth_range:
        return {}
    if settings.depth_to <= settings.depth_from:
        end = next(one for one in DEPTH_RANGE if one.name == "depth_to")
        above = tr("more than {low}").format(low=number(settings.depth_from, end.decimals))
        raise ParameterError.out_of_range(end.name, end.label, number(settings.depth_to, end.decimals), above)
    return {one.name: one.checked(getattr(settings, one.name)) for one in DEPTH_RANGE}


def _prompted(model: Model, prompt: str) -> dict[str, Value]:
    field = model.of(Role.PROMPT)
    return {field.name: prompt} if field else {}


def take_over(settings: SceneSettings, fitting: Fitting) -> None:
    """Chooses what a preset or a record holds, as far as it fits."""
    if fitting.model:
        settings.model = fitting.model.name
    apply(settings, {**fitting.values, **fitting.beside})


def apply(settings: SceneSettings, values: Mapping[str, Value], model: Model | None = None) -> None:
    """Takes over ``values`` of ``model`` (the chosen one by default) and of the host, as a record or a preset holds."""
    roles = {one.name: one.role for one in (model or model_of(settings)).parameters}
    for name, value in values.items():
        if roles.get(name) is Role.SEED:
            settings.seed_exact = str(value) if int(value) > LARGEST_INT else ""
            setattr(settings, name, min(int(value), LARGEST_INT))
        elif roles.get(name) is Role.PROMPT:
            settings.prompt_text = None
            setattr(settings, name, str(value))
        else:
            setattr(settings, name, value)


CLASSES = (FluxDepthSettings,)
