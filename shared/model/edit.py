"""The validated edit: a model and a value for each of its parameters. No disk, no network, no host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .models import FLUX_DEPTH_PRO, Model
from .parameters import SEED_COUNT, VARIATIONS, Value


@dataclass(frozen=True)
class DepthEdit:
    """One validated edit: the model and a value for each of its parameters.

    Made with :meth:`checked`; ``values`` then holds exactly the model's parameters, each of the right type, rounded and
    in range.
    """

    values: Mapping[str, Value]
    model: Model = FLUX_DEPTH_PRO

    @classmethod
    def checked(cls, values: Mapping[str, object], model: Model = FLUX_DEPTH_PRO) -> DepthEdit:
        """An edit from what the artist chose; what is not given takes its default.

        Raises :class:`ParameterError` for an unknown name, a wrong type or a value out of range, the first one found.
        """
        for name in values:
            model.parameter(name)
        return cls({p.name: p.checked(values.get(p.name, p.default)) for p in model.parameters}, model)

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    @property
    def prompt(self) -> str:
        return str(self.values["prompt"])

    @property
    def seed(self) -> int:
        return int(self.values["seed"])

    @property
    def format(self) -> str:
        """The encoding of the result: ``jpg``, ``png`` or ``webp``."""
        return str(self.values["format"])

    def with_seed(self, seed: int) -> DepthEdit:
        """The same edit with another seed; seeds wrap at 2³²."""
        return DepthEdit({**self.values, "seed": seed % SEED_COUNT}, self.model)

    def variations(self, count: int) -> list[DepthEdit]:
        """``count`` edits (1–8) with the seeds seed, seed+1, … modulo 2³². Raises :class:`ParameterError`."""
        return [self.with_seed(self.seed + step) for step in range(int(VARIATIONS.checked(count)))]

    def body(self, image_url: str) -> dict[str, Any]:
        """The JSON body of the submit for the picture at ``image_url``, as the vendor's page shows it."""
        return {
            "type": self.model.type,
            "model": self.model.id,
            "promptObject": {"imageUrl": image_url, **self.values},
        }
