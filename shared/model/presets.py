"""The use cases of the model's page as ready settings, and the one line of advice that fits what is chosen.

Use cases and tips: the vendor's page ("Use Cases", "Tips for Best Results").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..model.parameters import Value


@dataclass(frozen=True)
class Preset:
    """Ready settings: ``values`` holds some of the model's parameters; the rest stays as it is."""

    name: str
    label: str
    help: str
    values: Mapping[str, Value]


PRESETS = (
    Preset(
        "depth-of-field",
        "Depth of field",
        "Realistic bokeh and background blur",
        {
            "prompt": "Realistic depth of field: the subject in the foreground stays sharp, the background far behind "
            "it falls softly out of focus",
            "steps": 28,
            "guidance": 3.5,
        },
    ),
    Preset(
        "scene-depth",
        "Scene depth",
        "Depth cues for a flat picture",
        {
            "prompt": "Add depth to the scene: clear layers of foreground, middle ground and background, near objects "
            "crisp, far objects softer and paler",
            "steps": 40,
            "guidance": 5.0,
        },
    ),
    Preset(
        "portrait",
        "Portrait",
        "Depth-based portrait effects",
        {
            "prompt": "Professional portrait: the face near the camera sharp and gently lit, the background behind it "
            "smoothly blurred",
            "steps": 35,
            "guidance": 3.0,
        },
    ),
    Preset(
        "architecture",
        "Architecture",
        "Spatial relationships in buildings",
        {
            "prompt": "Architectural visualization: emphasize the space between near and far parts of the building, "
            "keep every line and the perspective, soft shadows in front of and behind the walls",
            "steps": 45,
            "guidance": 4.0,
        },
    ),
    Preset(
        "product",
        "Product",
        "Layered depth for product shots",
        {
            "prompt": "Product photograph: the product in front sharp and well lit, layers of depth behind it, a calm "
            "blurred background",
            "steps": 40,
            "guidance": 4.5,
        },
    ),
    Preset(
        "cinematic",
        "Cinematic",
        "Depth-based light and atmosphere",
        {
            "prompt": "Cinematic atmosphere: light haze that thickens with distance, warm light on the foreground, "
            "far parts fade into mist",
            "steps": 40,
            "guidance": 6.0,
        },
    ),
)

_SPATIAL = re.compile(
    r"\b(near|far|front|behind|depth|foreground|background|distan\w*|layers?|blur\w*|bokeh|focus|haze|fog|mist)\b", re.I
)
_SUBTLE = re.compile(r"\b(subtle|soft\w*|gentl\w*|slight\w*)\b", re.I)
_COMPLEX = re.compile(r"\b(layers|complex|many|cinematic|atmospher\w*)\b", re.I)


def advice(values: Mapping[str, object]) -> str:
    """One line that helps with ``values`` (some or all of the model's parameters) as they stand now."""
    prompt = str(values.get("prompt", ""))
    if not prompt.strip():
        return "Say what should be near and what far: “foreground sharp, background blurred”."
    if not _SPATIAL.search(prompt):
        return "Words of space help: near, far, in front of, behind, depth of field."
    steps, guidance = values.get("steps", 28), values.get("guidance", 3.5)
    if isinstance(guidance, (int, float)) and guidance > 8:
        return "Guidance 5 to 8 is dramatic already; lower values look more natural."
    if _SUBTLE.search(prompt) and isinstance(guidance, (int, float)) and guidance > 4:
        return "Guidance 2 to 4 suits a subtle effect."
    if _COMPLEX.search(prompt) and isinstance(steps, int) and steps < 35:
        return "35 to 50 steps suit complex depth."
    return "Another seed can change the depth a lot; try some."
