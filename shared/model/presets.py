"""The use cases of the model's page as ready settings, for each kind of model in the words that it takes.

A model that paints everything new has to be told the whole picture: its prompt has a place for the subject. One that
keeps the picture is told what changes. Use cases: the vendor's page ("Use Cases").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .edit import PLACE
from .model import Model, Task
from .parameters import Role, Value


@dataclass(frozen=True)
class Preset:
    """Ready settings: some values by role, and a prompt for each :class:`Task`; the rest stays as it is."""

    name: str
    label: str
    help: str
    prompts: Mapping[Task, str]
    settings: Mapping[Role, Value]

    def by_role(self, model: Model) -> dict[Role, Value]:
        """All of it, with the prompt that ``model`` takes."""
        return {**self.settings, Role.PROMPT: self.prompts[model.task]}

    def values(self, model: Model) -> dict[str, Value]:
        """What of it fits ``model``, by the names of its parameters."""
        return model.named(self.by_role(model))


def _preset(name: str, help_text: str, whole: str, change: str, steps: int, guidance: float) -> Preset:
    return Preset(
        name,
        name.replace("-", " ").capitalize(),
        help_text,
        {Task.STRUCTURE: f"{PLACE}, {whole}", Task.CHANGE: change},
        {Role.STEPS: steps, Role.GUIDANCE: guidance},
    )


PRESETS = (
    _preset(
        "depth-of-field",
        "Realistic bokeh and background blur",
        "sharp in the foreground; the background far behind falls softly out of focus, realistic depth of field",
        "Blur the background as a fast lens would, more with distance; keep the subject as it is",
        28,
        3.5,
    ),
    _preset(
        "scene-depth",
        "Depth cues for a flat picture",
        "a scene with clear layers of foreground, middle ground and background, near objects crisp, far objects "
        "softer and paler",
        "Add depth to the scene: make near things crisper and far things softer and paler; keep all in its place",
        40,
        5.0,
    ),
    _preset(
        "portrait",
        "Depth-based portrait effects",
        "a professional portrait, the face near the camera sharp and gently lit, the background behind it smoothly "
        "blurred",
        "Light the face gently and blur the background behind it smoothly; keep the person as they are",
        35,
        3.0,
    ),
    _preset(
        "architecture",
        "Spatial relationships in buildings",
        "an architectural visualization with a clear space between near and far parts of the building, every line and "
        "the perspective exact, soft shadows in front of and behind the walls",
        "Put soft shadows in front of and behind the walls, so that near and far parts stand apart; keep every line "
        "and the perspective",
        45,
        4.0,
    ),
    _preset(
        "product",
        "Layered depth for product shots",
        "a product photograph, the product in front sharp and well lit, layers of depth behind it, a calm blurred "
        "background",
        "Replace the background by a calm, blurred one in layers of depth; keep the product in front as it is",
        40,
        4.5,
    ),
    _preset(
        "cinematic",
        "Depth-based light and atmosphere",
        "a cinematic picture, light haze that thickens with distance, warm light on the foreground, far parts fade "
        "into mist",
        "Add a light haze that thickens with distance and warm light on the foreground; keep everything in its place",
        40,
        6.0,
    ),
)
