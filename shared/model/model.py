"""What a model of the service is: how it is asked for, what it does with a picture, and its parameters."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..errors import ParameterError
from .parameters import Parameter, Role, Value


class Task(enum.Enum):
    """What a model does with the picture, and so what its prompt has to say."""

    STRUCTURE = "structure"  # its depth or its edges steer a new painting; the prompt describes the whole picture
    CHANGE = "change"  # the picture is kept; the prompt says what changes


@dataclass(frozen=True)
class Advice:
    """What the advice line knows of a model's numbers; None or "" where nothing is known.

    ``few_steps``: fewer may be refused, with ``few_steps_words``. ``complex_steps``: the range for complex depth.
    ``subtle`` and ``dramatic`` are ranges of guidance.
    """

    few_steps: int | None = None
    few_steps_words: str = ""
    complex_steps: tuple[int, int] | None = None
    subtle: tuple[float, float] | None = None
    dramatic: tuple[float, float] | None = None


def in_order(parameters: Iterable[Parameter]) -> list[Parameter]:
    """Steps and guidance before the seed; else as they come."""
    return sorted(parameters, key=lambda one: _ORDER.index(one.role) if one.role in _ORDER else -1)


_ORDER = (Role.STEPS, Role.GUIDANCE, Role.SEED)


@dataclass(frozen=True)
class Model:
    """One model of the service; its parameters in the order of the vendor's page.

    ``good_for`` is one line that goes on behind its name, in English: ``tr`` where it is shown.
    """

    id: str
    label: str
    task: Task
    good_for: str
    parameters: tuple[Parameter, ...]
    type: str = "IMAGE_EDITOR"
    advice: Advice = Advice()
    default: bool = False  # the one that is taken when nobody has chosen

    @property
    def name(self) -> str:
        """The short id, as hosts, scripts and presets call it."""
        return self.id.rpartition("/")[2]

    @property
    def main(self) -> list[Parameter]:
        """What is always in sight beside the prompt, in the order that an artist expects."""
        shown = [one for one in self.parameters if not one.advanced and one.role is not Role.PROMPT]
        return in_order(shown)

    def parameter(self, name: str) -> Parameter:
        """The parameter called ``name``. Raises :class:`ParameterError` for a name that the model does not have."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise ParameterError.unknown(name, [parameter.name for parameter in self.parameters])

    def of(self, role: Role) -> Parameter | None:
        """The parameter for ``role``; None when the model has none."""
        return next((parameter for parameter in self.parameters if parameter.role is role), None)

    def by_role(self, values: Mapping[str, object]) -> dict[Role, object]:
        """Those of ``values``, by parameter name, that are the model's, by their roles."""
        return {one.role: values[one.name] for one in self.parameters if one.role and one.name in values}

    def named(self, values: Mapping[Role, object]) -> dict[str, Value]:
        """Those of ``values``, by role, that the model has and that fit it, by its own names."""
        found = {}
        for parameter in self.parameters:
            wanted = values.get(parameter.role) if parameter.role else None
            if wanted is not None and (fitting := parameter.fits(wanted)) is not None:
                found[parameter.name] = fitting
        return found
