"""Flux Depth: the picture's depth steers a new painting. Source: the vendor's page of each model.

``go_fast`` of the second one is left out: its page gives it the type of a number and the default ``false``.
"""

from __future__ import annotations

from dataclasses import replace

from ...language import N_
from ..model import Advice, Model, Task
from . import _fields as fields

_GUIDANCE = Advice(subtle=(2, 4), dramatic=(5, 8))

MODELS = (
    Model(
        "black-forest-labs/flux-depth-pro",
        "Flux Depth Pro",
        Task.STRUCTURE,
        N_("keeps the depth and the perspective and paints everything else new"),
        (
            fields.PROMPT,
            fields.SEED,
            fields.STEPS,
            fields.UPSAMPLING,
            fields.GUIDANCE,
            fields.SAFETY_TOLERANCE,
            fields.FORMAT,
        ),
        advice=replace(
            _GUIDANCE,
            few_steps=15,
            few_steps_words=N_("Other hosts of this model take 15 steps or more; fewer may be refused."),
            complex_steps=(35, 50),
        ),
        default=True,
    ),
    Model(
        "black-forest-labs/flux-depth-dev",
        "Flux Depth Dev",
        Task.STRUCTURE,
        N_("keeps the depth and the perspective and paints everything else new; the smaller model"),
        (
            fields.PROMPT,
            fields.SEED,
            fields.unstated(fields.INFERENCE_STEPS),
            fields.GUIDANCE,
            fields.NO_SAFETY_CHECKER,
            fields.MEGAPIXELS,
            replace(fields.QUALITY, minimum=1),
            replace(fields.FORMAT, default="webp", choices=(fields.WEBP, fields.JPG, fields.PNG)),
        ),
        advice=_GUIDANCE,
    ),
)
