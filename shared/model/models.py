"""The service's models, a table each: which parameters a model takes, with their ranges, defaults, labels and help.

GIMP's arguments, Blender's properties, the command's options, the validation, the request body and the README's table
are all made from these tables. Another model is one more :class:`Model`, not a branch. No disk, no network, no host.

Ranges and defaults: the vendor's page for Flux Depth Pro ("Prompt Object Parameters" and the playground's ranges).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ParameterError
from .parameters import SEED_COUNT, Choice, Kind, Parameter


@dataclass(frozen=True)
class Model:
    """One model of the service: how it is asked for, and its parameters in the order of the vendor's page."""

    type: str
    id: str
    label: str
    parameters: tuple[Parameter, ...]

    def parameter(self, name: str) -> Parameter:
        """The parameter called ``name``. Raises :class:`ParameterError` for a name that the model does not have."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise ParameterError.unknown(name, [parameter.name for parameter in self.parameters])


FLUX_DEPTH_PRO = Model(
    type="IMAGE_EDITOR",
    id="black-forest-labs/flux-depth-pro",
    label="Flux Depth Pro",
    parameters=(
        Parameter(
            "prompt",
            Kind.TEXT,
            "",
            "Prompt",
            "What the edit should do. Words of space help: near, far, in front of, behind, foreground, background",
        ),
        Parameter(
            "seed",
            Kind.INTEGER,
            0,
            "Seed",
            "The same seed with the same settings gives the same edit. Another seed can change the depth a lot",
            minimum=0,
            maximum=SEED_COUNT - 1,
        ),
        Parameter(
            "steps",
            Kind.INTEGER,
            28,
            "Steps",
            "How many inference steps the model takes. More is slower; 35 to 50 suits complex depth",
            minimum=1,
            maximum=50,
        ),
        Parameter(
            "prompt_upsampling",
            Kind.BOOLEAN,
            False,
            "Enhance prompt",
            "Let the service work the prompt out in more detail before it edits",
            advanced=True,
        ),
        Parameter(
            "guidance",
            Kind.REAL,
            3.5,
            "Guidance",
            "How closely the edit follows the prompt. 2 to 4 is subtle, 5 to 8 is dramatic",
            minimum=1.0,
            maximum=20.0,
            decimals=1,
        ),
        Parameter(
            "safety_tolerance",
            Kind.INTEGER,
            2,
            "Safety tolerance",
            "The content filter of the service: 1 is the strictest, 6 the most tolerant",
            minimum=1,
            maximum=6,
            advanced=True,
        ),
        Parameter(
            "format",
            Kind.CHOICE,
            "jpg",
            "Result format",
            "The file format in which the service encodes the result. PNG loses nothing, JPEG is the smallest",
            choices=(Choice("jpg", "JPEG"), Choice("png", "PNG"), Choice("webp", "WebP")),
            advanced=True,
        ),
    ),
)
