"""Flux Kontext: the picture is kept and one thing changes. Source: the vendor's page of each model."""

from __future__ import annotations

from dataclasses import replace

from ...language import N_
from ..model import Model, Task
from ..parameters import Parameter
from . import _fields as fields

_PROMPT = replace(fields.PROMPT, help=N_("What should change, and what should stay as it is"))
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
    _kontext("pro", N_("keeps the picture and changes the one thing that the prompt names"), _PRO),
    _kontext(
        "max",
        N_("keeps the picture and changes the one thing that the prompt names; the best of its kind, and the dearest"),
        _PRO,
    ),
    _kontext("dev", N_("keeps the picture and changes the one thing that the prompt names; the smaller model"), _DEV),
)
