"""The service's models: every table in ``tables/``, found there. Another model is one more file, not a branch.

GIMP's arguments, Blender's properties, the command's options, the validation, the request body and the tables of the
documentation are all made from them. No disk but the folder of the tables, no network, no host.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterable

from ..errors import ParameterError
from ..language import N_
from . import tables
from .model import Model, Task
from .parameters import Choice, Kind, Parameter


def _found() -> tuple[Model, ...]:
    names = (one.name for one in pkgutil.iter_modules(tables.__path__) if not one.name.startswith("_"))
    modules = [importlib.import_module(f"{tables.__name__}.{name}") for name in names]
    found: list[Model] = [model for module in modules for model in module.MODELS]
    order = list(Task)
    return tuple(sorted(found, key=lambda one: (not one.default, order.index(one.task), one.name)))


MODELS = _found()
DEFAULT = MODELS[0]
CHOICE = Parameter(
    "model",
    Kind.CHOICE,
    DEFAULT.name,
    N_("Model"),
    N_("Which model of the service edits the picture"),
    choices=tuple(Choice(one.name, one.label, one.good_for) for one in MODELS),
)


def named(name: object) -> Model:
    """The model with that short id. Raises :class:`ParameterError`."""
    chosen = CHOICE.checked(name)
    return next(one for one in MODELS if one.name == chosen)


def recorded(model_id: str) -> Model:
    """The model with that id in a job or a record; one that this version does not know has its id and no parameters."""
    for one in MODELS:
        if model_id in (one.id, one.name):
            return one
    return dataclasses.replace(DEFAULT, id=model_id, label=model_id.rpartition("/")[2], parameters=(), default=False)


def union(models: Iterable[Model] = MODELS) -> tuple[Parameter, ...]:
    """One parameter for each name that a model has, wide enough for all of them; else as in the first that has it."""
    found: dict[str, Parameter] = {}
    for one in (parameter for model in models for parameter in model.parameters):
        known = found.get(one.name)
        found[one.name] = one if known is None else _wider(known, one)
    return tuple(found.values())


def _wider(one: Parameter, other: Parameter) -> Parameter:
    values = {choice.value for choice in one.choices}
    return dataclasses.replace(
        one,
        minimum=min(one.minimum, other.minimum),
        maximum=max(one.maximum, other.maximum),
        decimals=max(one.decimals, other.decimals),
        zero_means=one.zero_means or other.zero_means,
        choices=(*one.choices, *(choice for choice in other.choices if choice.value not in values)),
        stated=one.stated and other.stated,
    )


def owners(name: str) -> list[Model]:
    """The models that have a parameter of that name. Raises :class:`ParameterError` when none has."""
    having = [model for model in MODELS if any(one.name == name for one in model.parameters)]
    if not having:
        raise ParameterError.unknown(name, [one.name for one in union()])
    return having
