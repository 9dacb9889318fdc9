"""The parameter table as arguments of a GIMP procedure, and back.

The only module that maps one onto the other. It is imported at every start of GIMP: nothing heavy here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gi.repository import Gimp, GObject

from shared.language import N_, tr
from shared.model import models
from shared.model.carry import to_model
from shared.model.edit import DepthEdit
from shared.model.model import Model
from shared.model.parameters import (
    KEEP_TRANSPARENCY,
    LONGEST_SIDE,
    OF_DETAIL,
    UPLOAD_FORMAT,
    VARIATIONS,
    Choice,
    Kind,
    Parameter,
    Role,
    Value,
)
from shared.model.presets import Fitting

SOURCE = Parameter(
    "source",
    Kind.CHOICE,
    "layer",
    N_("Source"),
    N_("Which pixels are sent to the service"),
    choices=(
        Choice("layer", N_("Current layer"), N_("The layer's own content with its mask and filters, at full opacity")),
        Choice("selection", N_("Selection"), N_("The selected part of the current layer, with some context around it")),
        Choice("visible", N_("Visible image"), N_("The whole image as it is seen")),
    ),
)
FIT_TO_SOURCE = Parameter(
    "fit_to_source",
    Kind.BOOLEAN,
    True,
    N_("Fit to source"),
    N_("Scale the result to the size of the source; the file as it came stays in the history"),
    advanced=True,
)
RESULT = Parameter(
    "result",
    Kind.CHOICE,
    "layer",
    N_("Result as"),
    N_("Where the result goes"),
    choices=(
        Choice("layer", N_("New layer"), N_("A layer above the source, at the same place")),
        Choice("image", N_("New image"), N_("An image of its own")),
    ),
    advanced=True,
)
DETAIL_AS = Parameter(
    "detail_as",
    Kind.CHOICE,
    "merged",
    N_("Detail as"),
    N_("Where the source's detail goes"),
    choices=(
        Choice("merged", N_("In the result"), N_("One layer, as large as the source")),
        Choice(
            "layer",
            N_("A layer of its own"),
            N_("The detailed picture above the plain result, with a mask to paint on"),
        ),
    ),
    advanced=True,
)
SELECTION_CONTEXT = Parameter(
    "selection_context",
    Kind.INTEGER,
    25,
    N_("Selection context"),
    N_(
        "How much of the layer around the selection the model is shown, in percent of the selection's longer side: it "
        "judges depth by what is around"
    ),
    minimum=0,
    maximum=200,
    unit="%",
)
SELECTION_FEATHER = Parameter(
    "selection_feather",
    Kind.INTEGER,
    0,
    N_("Selection feather"),
    N_(
        "How softly the result fades in at the selection's edge, as GIMP's own Feather does it; 0 leaves the selection "
        "as it is"
    ),
    minimum=0,
    maximum=500,
    unit="px",
)
MATCH_EDGE = Parameter(
    "match_edge",
    Kind.BOOLEAN,
    True,
    N_("Match the edge"),
    N_("Let colour and brightness of the result go over into what is around the selection, so that no seam is seen"),
)
OF_SELECTION = (SELECTION_CONTEXT, SELECTION_FEATHER, MATCH_EDGE)  # they say nothing for any other source
_OF_EVERY_SOURCE = (SOURCE, VARIATIONS, LONGEST_SIDE, UPLOAD_FORMAT, FIT_TO_SOURCE, KEEP_TRANSPARENCY, RESULT)
OF_DETAIL_HERE = (*OF_DETAIL, DETAIL_AS)
OF_THE_HOST = (*_OF_EVERY_SOURCE, *OF_SELECTION, *OF_DETAIL_HERE)
KEPT = tuple(one for one in OF_THE_HOST if one not in (SOURCE, RESULT))  # in a preset
MODEL = models.CHOICE
# Those of all models, by name. Those that the default model has come first, and what is new last: scripts of before may
# count them.
OF_MODELS = models.union()
_FIRST = len(models.DEFAULT.parameters)
ALL = (*OF_MODELS[:_FIRST], *_OF_EVERY_SOURCE, MODEL, *OF_MODELS[_FIRST:], *OF_SELECTION, *OF_DETAIL_HERE)
BY_ARGUMENT = {parameter.argument: parameter for parameter in ALL}

# The labels with the letter that reaches the setting with the keyboard. Where two controls of a window have the same
# one, neither is pressed. In English GIMP has C, E, H, L, R and S, our buttons A, B, M, N, O, T, V, W and Y; the others
# are reached by Tab.
KEYED: dict[str | Role | None, str] = {
    Role.SEED: N_("See_d"),
    Role.STEPS: N_("Ste_ps"),
    Role.GUIDANCE: N_("_Guidance"),
    "source": N_("So_urce"),
    "variations": N_("Var_iations"),
    "fit_to_source": N_("_Fit to source"),
    "keep_transparency": N_("_Keep transparency"),
}

INT32_MAX = 2**31 - 1


def declare(procedure: Gimp.Procedure) -> None:
    """Add every parameter to ``procedure`` as an argument of its name, range, default, label and help."""
    for parameter in ALL:
        _declare(procedure, parameter)


def label_of(parameter: Parameter) -> str:
    """Its label, with the letter that reaches it marked."""
    return tr(KEYED.get(parameter.role or parameter.name, parameter.label))


def _declare(procedure: Gimp.Procedure, parameter: Parameter) -> None:
    name, label, help_text = parameter.argument, label_of(parameter), tr(parameter.help)
    flags = GObject.ParamFlags.READWRITE
    low, high, default = 0 if parameter.zero_means else parameter.minimum, parameter.maximum, parameter.default
    if parameter.kind is Kind.TEXT:
        procedure.add_string_argument(name, label, help_text, str(default), flags)
    elif parameter.kind is Kind.BOOLEAN:
        procedure.add_boolean_argument(name, label, help_text, bool(default), flags)
    elif parameter.kind is Kind.CHOICE:
        choice = Gimp.Choice.new()
        for number, one in enumerate(parameter.choices):
            choice.add(one.value, number, tr(one.label), tr(one.help))
        procedure.add_choice_argument(name, label, help_text, choice, str(default), flags)
    elif parameter.kind is Kind.INTEGER and high <= INT32_MAX:
        procedure.add_int_argument(name, label, help_text, int(low), int(high), int(default), flags)
    else:
        # A GIMP int is signed 32-bit and a seed is not; a double holds it exactly.
        procedure.add_double_argument(name, label, help_text, low, high, float(default), flags)


@dataclass(frozen=True)
class Chosen:
    """What the artist or a script chose, validated. ``ignored`` are labels of what the chosen model does not have."""

    edit: DepthEdit
    host: Mapping[str, Value]  # the parameters of OF_THE_HOST, by name
    ignored: tuple[str, ...] = ()

    @property
    def variations(self) -> int:
        return int(self.host["variations"])

    @property
    def longest_side(self) -> int:
        return int(self.host["longest_side"])

    @property
    def source(self) -> str:
        return str(self.host[SOURCE.name])

    @property
    def context(self) -> int:
        """Around a selection, in percent of its longer side."""
        return int(self.host[SELECTION_CONTEXT.name])

    @property
    def feather(self) -> int:
        """Of a selection, in pixels."""
        return int(self.host[SELECTION_FEATHER.name])


def read(config: Gimp.ProcedureConfig, script: bool = False, prompt: str | None = None, **instead: Value) -> Chosen:
    """The values of ``config``, the ``prompt`` and those in ``instead`` replaced. Raises :class:`ParameterError`.

    A ``script`` does not see what each model has. So an argument that it leaves at its default means the default of
    the model, and so does a number or a choice that this model does not take, as everywhere in GIMP. What is ignored
    is named in the answer.
    """
    host = {one.name: one.checked(instead.get(one.name, config.get_property(one.argument))) for one in OF_THE_HOST}
    model = chosen_model(config)
    values = values_of(config, model)
    if prompt is not None:
        values |= model.named({Role.PROMPT: prompt})
    ignored: list[str] = []
    if script:
        own = {one.name: one for one in model.parameters}
        for one in OF_MODELS:
            untouched = (config.get_property(one.argument) or one.default) == one.default
            if one.role is Role.PROMPT:
                continue
            refused = one.name not in own or own[one.name].fits(values[one.name]) is None
            if refused and not untouched:
                ignored.append(one.argument)
            if refused or untouched:
                values.pop(one.name, None)
    return Chosen(DepthEdit.checked(values, model), host, tuple(ignored))


def chosen_model(config: Gimp.ProcedureConfig) -> Model:
    """The model that ``config`` says."""
    return models.named(config.get_property(MODEL.argument))


def values_of(config: Gimp.ProcedureConfig, model: Model) -> dict[str, Any]:
    """What ``config`` says of the parameters of ``model``, not validated."""
    values = {one.name: config.get_property(one.argument) for one in model.parameters}
    return {name: "" if value is None else value for name, value in values.items()}


def are_defaults(config: Gimp.ProcedureConfig) -> bool:
    """Whether every setting of a model is at its default: after Reset."""
    return all((config.get_property(one.argument) or one.default) == one.default for one in (MODEL, *OF_MODELS))


def reset(config: Gimp.ProcedureConfig) -> None:
    """Set every argument to its default."""
    for parameter in ALL:
        config.set_property(parameter.argument, parameter.default)


def write(config: Gimp.ProcedureConfig, values: Mapping[str, Any]) -> None:
    """Set the arguments of those ``values`` that are parameters and in range; leave the others as they are."""
    for parameter in ALL:
        if parameter.name in values:
            config.set_property(parameter.argument, parameter.checked(values[parameter.name]))


def write_edit(config: Gimp.ProcedureConfig, values: Mapping[str, Any], model_id: str) -> None:
    """Set model and arguments to those that an edit was made with; a model that is gone leaves the one that is set."""
    made_with = models.recorded(model_id)
    if made_with in models.MODELS:
        config.set_property(MODEL.argument, made_with.name)
    write(config, to_model(values, model_id, chosen_model(config)))


def use(config: Gimp.ProcedureConfig, fitting: Fitting) -> None:
    """Set what fits of a preset or of an earlier edit."""
    if fitting.model is not None:
        config.set_property(MODEL.argument, fitting.model.name)
    write(config, {**fitting.beside, **fitting.values})


def to_keep(config: Gimp.ProcedureConfig, prompt: bool, settings: bool) -> dict[str, Value]:
    """What a preset keeps of ``config``, by parameter name: not where from and where to, which belong to an image.

    Raises :class:`ParameterError` for a value that the chosen model does not take.
    """
    model = chosen_model(config)
    values = values_of(config, model)
    kept: dict[str, Value] = {}
    for one in model.parameters:
        if one.role is Role.PROMPT:
            kept |= {one.name: values[one.name]} if prompt else {}
        elif settings:
            kept[one.name] = one.checked(values[one.name])
    if settings:
        kept |= {one.name: one.checked(config.get_property(one.argument)) for one in KEPT}
    return kept
