"""What becomes of the settings when the artist takes another model: they go along by role where they fit."""

from __future__ import annotations

from collections.abc import Mapping

from .model import Model
from .models import recorded
from .parameters import Role, Value


class Wishes:
    """What the artist has chosen, by role, while models change. ``values`` are always by parameter name.

    What was never changed takes each model's own default. What does not fit a model stays a wish, and comes back with
    one that it fits.
    """

    def __init__(self, model: Model, stored: Mapping[str, Value] | None = None) -> None:
        self.model = model
        self._wishes = {Role(name): value for name, value in (stored or {}).items()}
        self._shown: dict[Role, object] = model.by_role(self._fitting(model))

    def change(self, to: Model, values: Mapping[str, object]) -> dict[str, Value]:
        """The values of model ``to``, after ``values`` of the model till now, which may have been changed since."""
        for role, value in self.model.by_role(values).items():
            parameter = self.model.of(role)
            now = parameter.fits(value) if parameter else None
            if now is not None and now != self._shown.get(role):
                self._wishes[role] = now
        self.model = to
        fitting = self._fitting(to)
        self._shown = to.by_role(fitting)
        return fitting

    def _fitting(self, model: Model) -> dict[str, Value]:
        return {**{one.name: one.default for one in model.parameters}, **model.named(self._wishes)}

    def stored(self) -> dict[str, Value]:
        """As plain data, for :meth:`__init__`."""
        return {role.value: value for role, value in self._wishes.items()}


def to_model(values: Mapping[str, object], model_id: str, to: Model) -> dict[str, Value]:
    """``values`` of the model ``model_id`` as those of ``to``, where they fit; for settings that are used again."""
    return to.named(recorded(model_id).by_role(values))
