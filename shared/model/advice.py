"""The one line of advice that fits what is chosen. Tips: the vendor's page ("Tips for Best Results")."""

from __future__ import annotations

import re
from collections.abc import Mapping

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
        return f"Write what the picture shows in the place of {PLACE}; the model paints it anew."
    words = _of_numbers(chosen, model)
    if words:
        return words
    return _of_a_change(prompt) if model.task is Task.CHANGE else _of_a_picture(prompt, chosen, model)


def _of_numbers(chosen: Mapping[Role, object], model: Model) -> str:
    steps = chosen.get(Role.STEPS)
    if model.advice.few_steps and isinstance(steps, int) and steps < model.advice.few_steps:
        return model.advice.few_steps_words
    return ""


def _of_a_change(prompt: str) -> str:
    if not prompt:
        return "Say what should change and what stays: “Blur the background; keep the subject as it is”."
    if not _KEEPS.search(prompt):
        return "Say what stays as well: “keep the subject as it is”."
    return "One change at a time works best; edit the result again for the next."


def _of_a_picture(prompt: str, chosen: Mapping[Role, object], model: Model) -> str:
    if not prompt:
        return "Describe the whole picture, its subject first, and what is near and what far."
    if _ORDER.search(prompt):
        return "The model paints everything new: describe the whole picture, its subject first, not the change."
    if not _SPATIAL.search(prompt):
        return "Words of space help: near, far, in front of, behind, depth of field."
    known, steps, guidance = model.advice, chosen.get(Role.STEPS), chosen.get(Role.GUIDANCE)
    if isinstance(guidance, (int, float)) and known.dramatic and guidance > known.dramatic[1]:
        return f"Guidance {_range(known.dramatic)} is dramatic already; lower values look more natural."
    if _SUBTLE.search(prompt) and isinstance(guidance, (int, float)) and known.subtle and guidance > known.subtle[1]:
        return f"Guidance {_range(known.subtle)} suits a subtle effect."
    if _COMPLEX.search(prompt) and isinstance(steps, int) and known.complex_steps and steps < known.complex_steps[0]:
        return f"{_range(known.complex_steps)} steps suit complex depth."
    return "Another seed can change the depth a lot; try some."


def _range(ends: tuple[float, float]) -> str:
    return f"{ends[0]:g} to {ends[1]:g}"
