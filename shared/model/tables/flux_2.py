"""FLUX.2: the picture is kept and what the prompt names changes. Source: the vendor's page of each model.

A seed that is left out is random. The page of Flex advises 6 to 50 steps and states no range; those of Max and Flex
state none for the quality.
"""

from __future__ import annotations

from dataclasses import replace

from ...language import N_
from ..model import Model, Task
from ..parameters import Choice, Parameter
from . import _fields as fields

_STEPS = replace(fields.STEPS, minimum=15, help=N_("How many inference steps the model takes. More is slower"))


def _flux_2(name: str, good_for: str, steps: Parameter, quality: Parameter, *formats: Choice) -> Model:
    parameters = (
        replace(fields.PROMPT, help=N_("What should change, and what should stay as it is")),
        fields.ASPECT_RATIO,
        steps,
        replace(
            fields.GUIDANCE, default=3.0, minimum=2.0, maximum=5.0, help=N_("How closely the edit follows the prompt")
        ),
        replace(
            fields.SEED, help=N_("0 is another one each time"), zero_means=N_("random"), stated=False, optional=True
        ),
        fields.UPSAMPLING,
        fields.SAFETY_TOLERANCE,
        quality,
        replace(fields.OUTPUT_FORMAT, choices=formats),
    )
    return Model(f"black-forest-labs/flux-2-{name}", f"FLUX.2 {name.title()}", Task.CHANGE, good_for, parameters)


_ANY_QUALITY = fields.unstated(fields.QUALITY)

MODELS = (
    _flux_2(
        "pro",
        N_("keeps the picture and changes what the prompt names, several things at once as well; fast and good"),
        replace(_STEPS, default=25),
        fields.QUALITY,
        fields.PNG,
        fields.JPG,
    ),
    _flux_2(
        "max",
        N_("keeps the picture and changes what the prompt names, several things at once as well; the best and slowest"),
        replace(_STEPS, default=50),
        _ANY_QUALITY,
        fields.PNG,
    ),
    _flux_2(
        "flex",
        N_(
            "keeps the picture and changes what the prompt names, several things at once as well; "
            "for trying steps and guidance"
        ),
        fields.unstated(replace(_STEPS, default=25)),
        _ANY_QUALITY,
        fields.PNG,
    ),
)
