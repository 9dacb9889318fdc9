"""The fields that several models have, as their pages describe them; a table changes what its page says otherwise."""

from __future__ import annotations

from dataclasses import replace

from ...language import N_
from ..parameters import LARGEST, SEED_COUNT, Choice, Kind, Parameter, Role

JPG = Choice("jpg", "JPEG", same_as=("jpeg",))
JPEG = Choice("jpeg", "JPEG", same_as=("jpg",))
PNG = Choice("png", "PNG")
WEBP = Choice("webp", "WebP")

PROMPT = Parameter(
    "prompt",
    Kind.TEXT,
    "",
    N_("Prompt"),
    N_("What the edit should do. Words of space help: near, far, in front of, behind, foreground, background"),
    role=Role.PROMPT,
)
SEED = Parameter(
    "seed",
    Kind.INTEGER,
    0,
    N_("Seed"),
    N_("The same seed with the same settings gives the same edit. Another seed can change the depth a lot"),
    minimum=0,
    maximum=SEED_COUNT - 1,
    role=Role.SEED,
)
STEPS = Parameter(
    "steps",
    Kind.INTEGER,
    28,
    N_("Steps"),
    N_("How many inference steps the model takes. More is slower; 35 to 50 suits complex depth"),
    minimum=1,
    maximum=50,
    role=Role.STEPS,
)
INFERENCE_STEPS = replace(STEPS, name="num_inference_steps", help=N_("How many inference steps the model takes"))
UPSAMPLING = Parameter(
    "prompt_upsampling",
    Kind.BOOLEAN,
    False,
    N_("Enhance prompt"),
    N_("Let the service work the prompt out in more detail before it edits"),
    advanced=True,
    role=Role.ENHANCE,
)
GUIDANCE = Parameter(
    "guidance",
    Kind.REAL,
    3.5,
    N_("Guidance"),
    N_("How closely the edit follows the prompt. 2 to 4 is subtle, 5 to 8 is dramatic"),
    minimum=1.0,
    maximum=20.0,
    decimals=1,
    role=Role.GUIDANCE,
)
SAFETY_TOLERANCE = Parameter(
    "safety_tolerance",
    Kind.INTEGER,
    2,
    N_("Safety tolerance"),
    N_("The content filter of the service: 1 is the strictest, 6 the most tolerant"),
    minimum=1,
    maximum=6,
    advanced=True,
    role=Role.SAFETY,
)
NO_SAFETY_CHECKER = Parameter(
    "disable_safety_checker",
    Kind.BOOLEAN,
    False,
    N_("No safety check"),
    N_("Have the service leave its content filter out"),
    advanced=True,
    role=Role.NO_CHECK,
)
ASPECT_RATIO = Parameter(
    "aspect_ratio",
    Kind.CHOICE,
    "match_input_image",
    N_("Result aspect"),
    N_("The shape of the result; that of the picture is the one that fits back into its place"),
    choices=(
        Choice("match_input_image", N_("As the picture")),
        *(Choice(one, one) for one in ("1:1", "16:9", "9:16", "3:2", "2:3", "4:5", "5:4")),
    ),
    advanced=True,
    role=Role.ASPECT,
)
GO_FAST = Parameter(
    "go_fast",
    Kind.BOOLEAN,
    False,
    N_("Fast"),
    N_("Let the service take a faster and less exact way"),
    advanced=True,
    role=Role.FAST,
)
MEGAPIXELS = Parameter(
    "megapixels",
    Kind.CHOICE,
    "1",
    N_("Result size"),
    N_("How large the result is, in megapixels"),
    choices=(Choice("1", N_("1 megapixel")), Choice("0.25", N_("¼ megapixel"))),
    advanced=True,
    role=Role.SIZE,
)
QUALITY = Parameter(
    "output_quality",
    Kind.INTEGER,
    80,
    N_("Result quality"),
    N_("How well a JPEG or WebP result is encoded; 100 is the best and the largest"),
    minimum=0,
    maximum=100,
    advanced=True,
    role=Role.QUALITY,
)
FORMAT = Parameter(
    "format",
    Kind.CHOICE,
    "jpg",
    N_("Result format"),
    N_("The file format in which the service encodes the result. PNG loses nothing, JPEG is the smallest"),
    choices=(JPG, PNG, WEBP),
    advanced=True,
    role=Role.FORMAT,
)
OUTPUT_FORMAT = replace(FORMAT, name="output_format", default="png", choices=(PNG, JPG))


def unstated(parameter: Parameter) -> Parameter:
    """``parameter``, whose default the page gives and whose range it does not."""
    return replace(parameter, minimum=0, maximum=LARGEST, stated=False)
