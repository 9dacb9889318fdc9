"""Flux Canny: the picture's edges steer a new painting. Source: the vendor's page, which states no range of steps."""

from __future__ import annotations

from ...language import N_
from ..model import Model, Task
from . import _fields as fields

MODELS = (
    Model(
        "black-forest-labs/flux-canny-pro",
        "Flux Canny Pro",
        Task.STRUCTURE,
        N_("keeps the edges and lines and paints everything else new"),
        (
            fields.PROMPT,
            fields.SEED,
            fields.unstated(fields.STEPS),
            fields.UPSAMPLING,
            fields.GUIDANCE,
            fields.SAFETY_TOLERANCE,
            fields.FORMAT,
        ),
    ),
)
