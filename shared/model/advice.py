"""The one line of advice that fits what is chosen. Tips: the vendor's page ("Tips for Best Results")."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..language import tr
from .edit import PLACE
from .model import Model, Task
from .models import DEFAULT
from .parameters import Role

_SPATIAL = re.compile(
    r"\b(near|far|front|behind|depth|foreground|background|distan\w*|layers?|blur\w*|bokeh|focus|haze|fog|mist)\b", re.I
)
_SUBTLE = re.compile(r"\b(subtle|soft\w*|gentl\w*|slight\w*)\b", re.I)
_COMPLEX = re.compile(r"\b(layers|complex|many|cinematic|atmospher\w*)\b", re.I)
_ORDER = re.compile(
    r"^(please |now )*(add|blur|change|make|put|remove|replace|turn|give|emphasi[sz]e|sharpen|use)\b", re.I
)
_KEEPS = re.compile(r"\b(keep|leave|same|unchanged|preserve\w*|only|without changing)\b", re.I)


def advice(values: Mapping[str, object], model: Model = DEFAULT) -> str:
    """One line that helps with ``values`` (some or all of the model's parameters) as they stand now."""
    chosen = model.by_role(values)
    prompt = str(chosen.get(Role.PROMPT) or "").strip()
    if PLACE in prompt:
        words = tr("Write what the picture shows in the place of {place}; the model paints it anew.")
        return words.format(place=PLACE)
    if of_numbers := _of_numbers(chosen, model):
        return of_numbers
    return _of_a_change(prompt) if model.task is Task.CHANGE else _of_a_picture(prompt, chosen, model)


def _of_numbers(chosen: Mapping[Role, object], model: Model) -> str:
    steps = chosen.get(Role.STEPS)
    if model.advice.few_steps and isinstance(steps, int) and steps < model.advice.few_steps:
        return tr(model.advice.few_steps_words)
    return ""


def _of_a_change(prompt: str) -> str:
    if not prompt:
        return tr("Say what should change and what stays: “Blur the background; keep the subject as it is”.")
    if not _KEEPS.search(prompt):
        return tr("Say what stays as well: “keep the subject as it is”.")
    return tr("One change at a time works best; edit the result again for the next.")


def _of_a_picture(prompt: str, chosen: Mapping[Role, object], model: Model) -> str:
    if not prompt:
        return tr("Describe the whole picture, its subject first, and what is near and what far.")
    if _ORDER.search(prompt):
        return tr("The model paints everything new: describe the whole picture, its subject first, not the change.")
    if not _SPATIAL.search(prompt):
        return tr("Words of space help: near, far, in front of, behind, depth of field.")
    known, steps, guidance = model.advice, chosen.get(Role.STEPS), chosen.get(Role.GUIDANCE)
    if isinstance(guidance, (int, float)) and known.dramatic and guidance > known.dramatic[1]:
        words = tr("Guidance {range} is dramatic already; lower values look more natural.")
        return words.format(range=_range(known.dramatic))
    if _SUBTLE.search(prompt) and isinstance(guidance, (int, float)) and known.subtle and guidance > known.subtle[1]:
        return tr("Guidance {range} suits a subtle effect.").format(range=_range(known.subtle))
    if _COMPLEX.search(prompt) and isinstance(steps, int) and known.complex_steps and steps < known.complex_steps[0]:
        return tr("{range} steps suit complex depth.").format(range=_range(known.complex_steps))
    return tr("Another seed can change the depth a lot; try some.")


def _range(ends: tuple[float, float]) -> str:
    return tr("{low} to {high}").format(low=f"{ends[0]:g}", high=f"{ends[1]:g}")
