"""Flux Kontext: the picture is kept and one thing changes. Source: the vendor's page of each model."""

from __future__ import annotations

from dataclasses import replace

from ..model import Model, Task
from ..parameters import Parameter
from . import _fields as fields

_GOOD_FOR = "keeps the picture and changes the one thing that the prompt names"
_PROMPT = replace(fields.PROMPT, help="What should change, and what should stay as it is")
_PRO = (
    _PROMPT,
    fields.ASPECT_RATIO,
    fields.SEED,
    fields.UPSAMPLING,
    fields.SAFETY_TOLERANCE,
    replace(fields.FORMAT, default="png", choices=(fields.PNG, fields.JPEG, fields.WEBP)),
)
_DEV = (
    _PROMPT,
    fields.ASPECT_RATIO,
    fields.INFERENCE_STEPS,
    fields.GUIDANCE,
    fields.SEED,
    fields.NO_SAFETY_CHECKER,
    fields.GO_FAST,
    fields.QUALITY,
    replace(fields.FORMAT, default="webp", choices=(fields.PNG, fields.JPEG, fields.WEBP)),
)


def _kontext(name: str, good_for: str, parameters: tuple[Parameter, ...]) -> Model:
    return Model(
        f"black-forest-labs/flux-kontext-{name}", f"Flux Kontext {name.title()}", Task.CHANGE, good_for, parameters
    )


MODELS = (
    _kontext("pro", _GOOD_FOR, _PRO),
    _kontext("max", f"{_GOOD_FOR}; the best of its kind, and the dearest", _PRO),
    _kontext("dev", f"{_GOOD_FOR}; the smaller model", _DEV),
)
