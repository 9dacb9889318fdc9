"""The validated edit: a model and a value for each of its parameters. No disk, no network, no host."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ParameterError
from ..language import tr
from . import prompts
from .model import Model
from .models import DEFAULT, recorded
from .parameters import SEED_COUNT, VARIATIONS, Role, Value

PLACE = "{subject}"  # in a ready prompt: what the artist still has to say


@dataclass(frozen=True)
class DepthEdit:
    """One validated edit: the model and a value for each of its parameters.

    Made with :meth:`checked`; ``values`` then holds exactly the model's parameters, each of the right type, rounded and
    in range. Made with :meth:`recorded` it holds what was written.
    """

    values: Mapping[str, Value]
    model: Model = DEFAULT

    @classmethod
    def checked(cls, values: Mapping[str, object], model: Model = DEFAULT) -> DepthEdit:
        """An edit from what the artist chose; what is not given takes its default.

        Raises :class:`ParameterError` for an unknown name, a wrong type or a value out of range, the first one found,
        for a prompt whose place for the subject was not filled in, and for one with an empty combination of choices.
        """
        for name in values:
            model.parameter(name)
        edit = cls({p.name: p.checked(values.get(p.name, p.default)) for p in model.parameters}, model)
        prompt = model.of(Role.PROMPT)
        if prompt and prompts.may_be_empty(edit.prompt):
            raise ParameterError.empty(prompt.name)
        if PLACE in edit.prompt:
            raise ParameterError(
                tr("The prompt still has {place} in it.").format(place=PLACE),
                tr("Write there what the picture shows."),
                field=prompt.name if prompt else None,
            )
        return edit

    @classmethod
    def recorded(cls, values: Mapping[str, Any], model_id: str) -> DepthEdit:
        """The edit of a job or a record, as it was written, by whatever version."""
        return cls(dict(values), recorded(model_id))

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    def get(self, role: Role) -> Value | None:
        """The value for ``role``; None when the model has none."""
        parameter = self.model.of(role)
        return self.values.get(parameter.name, parameter.default) if parameter else None

    @property
    def prompt(self) -> str:
        """ "" in a record of a model that this version does not know."""
        return str(self.get(Role.PROMPT) or "")

    @property
    def seed(self) -> int:
        return self._whole(Role.SEED) or 0

    @property
    def steps(self) -> int | None:
        """None when the model has no such choice."""
        return self._whole(Role.STEPS)

    def _whole(self, role: Role) -> int | None:
        value = self.get(role)
        return int(value) if isinstance(value, (int, float)) and math.isfinite(value) else None

    @property
    def format(self) -> str:
        """The encoding of the result: ``jpg``, ``png`` or ``webp``, however the model calls it."""
        kind = str(self.get(Role.FORMAT) or "jpg")
        return "jpg" if kind == "jpeg" else kind

    def with_seed(self, seed: int) -> DepthEdit:
        """The same edit with another seed; seeds wrap at 2³²."""
        return self._with(Role.SEED, seed % SEED_COUNT)

    def _with(self, role: Role, value: Value) -> DepthEdit:
        parameter = self.model.of(role)
        if parameter is None:
            return self
        return DepthEdit({**self.values, parameter.name: parameter.checked(value)}, self.model)

    def variations(self, count: int) -> list[DepthEdit]:
        """``count`` edits (1–8) with the seeds seed, seed+1, … modulo 2³², and with their own of the prompt's choices.

        See :mod:`prompts`. Raises :class:`ParameterError` for the count.
        """
        expanded = prompts.expanded(self.prompt, int(VARIATIONS.checked(count)))
        return [self.with_seed(self.seed + step)._with(Role.PROMPT, prompt) for step, prompt in enumerate(expanded)]

    def body(self, image_url: str) -> dict[str, Any]:
        """The JSON body of the submit for the picture at ``image_url``, as the vendor's page shows it."""
        left_out = {one.name for one in self.model.parameters if one.optional and not self.values.get(one.name)}
        sent = {name: value for name, value in self.values.items() if name not in left_out}
        return {"type": self.model.type, "model": self.model.id, "promptObject": {"imageUrl": image_url, **sent}}
