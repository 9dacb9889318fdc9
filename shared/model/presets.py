"""The use cases of the model's page as ready settings, and the artist's own presets: their one format, and their use.

A model that paints everything new has to be told the whole picture: its prompt has a place for the subject. One that
keeps the picture is told what changes. Use cases: the vendor's page ("Use Cases").

An own preset is ``{"version": 1, "name": …, "model": …, "values": {parameter: value}}``, plain data; the model may be
"", and any value may be missing. So it is used as a record of an earlier edit is: what fits is taken, the rest is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import ParameterError
from ..language import N_, tr
from . import models
from .edit import PLACE
from .model import Model, Task
from .parameters import OF_ONE_HOST, SEED_COUNT, VARIATIONS, Parameter, Role, Value

VERSION = 1
LONGEST_NAME = 100  # characters; more fit no menu
_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"  # not seen, but parts of letters and of emoji


@dataclass
class Fitting:
    """What can be used of a preset, of a record or of a file's settings.

    ``model`` is the one to choose, None when the chosen one stays. ``values`` are that one's by parameter name,
    ``beside`` those of the host's own parameters. ``problems`` are sentences about what was left out.
    """

    model: Model | None = None
    values: dict[str, Value] = field(default_factory=dict)
    beside: dict[str, Value] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Preset:
    """Ready settings: some values by role, and a prompt for each :class:`Task`; the rest stays as it is.

    Label and help are English: ``tr`` where they are shown. The prompts stay so, since the models know it best.
    """

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

    def fitted(self, chosen: Model, beside: Sequence[Parameter] = ()) -> Fitting:
        """As :meth:`OwnPreset.fitted`: all of it fits."""
        return Fitting(values=self.values(chosen))


@dataclass(frozen=True)
class OwnPreset:
    """A preset of the artist's own, as it was read. ``model`` is a short id or ""; ``file`` is where it is kept."""

    name: str
    model: str
    values: Mapping[str, object]
    file: str = ""

    @property
    def label(self) -> str:
        return self.name

    @property
    def help(self) -> str:
        """Its prompt, "" when it has none."""
        prompts = (self.values.get(one.name) for one in models.union() if one.role is Role.PROMPT)
        return next((text for text in prompts if isinstance(text, str)), "")

    def fitted(self, chosen: Model, beside: Sequence[Parameter] = ()) -> Fitting:
        """What of it can be used where ``chosen`` is the model now and ``beside`` are the host's own parameters."""
        return _fitted(self.model, self.values, chosen, {one.name: one for one in beside})

    def to_json(self) -> dict[str, Any]:
        return {"version": VERSION, "name": self.name, "model": self.model, "values": dict(self.values)}

    @classmethod
    def from_json(cls, data: Any, file: str = "") -> OwnPreset:
        """Raises ValueError with what is wrong, as the end of a sentence about the file."""
        if not isinstance(data, dict) or not isinstance(data.get("version"), int):
            raise ValueError(tr("is no preset and is left alone"))
        if data["version"] > VERSION:
            raise ValueError(tr("was written by a newer version and is left alone"))
        name, model, values = data.get("name"), data.get("model", ""), data.get("values")
        if not (isinstance(name, str) and isinstance(model, str) and isinstance(values, dict)):
            raise ValueError(tr("is no preset and is left alone"))
        try:
            return cls(checked_name(name), model, values, file)
        except ParameterError as exc:
            raise ValueError(tr("has a name that can't be shown and is left alone")) from exc


def checked_name(text: str) -> str:
    """``text`` on one line, as the name of a preset. Raises :class:`ParameterError`."""
    name = " ".join("".join(one if one.isprintable() or one in _JOINERS else " " for one in text).split())
    if not 0 < len(name) <= LONGEST_NAME:
        words = tr("The name of a preset has 1 to {most} characters.").format(most=LONGEST_NAME)
        raise ParameterError(words, field="name")
    return name


def reused(record: Mapping[str, Any], chosen: Model, beside: Sequence[Parameter] = ()) -> Fitting:
    """What can be used again of the record of an edit, from a layer, an image, a file or the history.

    The other host's own settings mean nothing here, and are not told.
    """
    known = {one.name: one for one in beside}
    of_host = record.get("host_settings")
    of_host = of_host if isinstance(of_host, dict) else {}  # version 0.1.0 kept none
    settings = record.get("settings")
    values = dict(settings) if isinstance(settings, dict) else {}
    values |= {name: value for name, value in of_host.items() if name in known}
    return _fitted(str(record.get("model") or models.DEFAULT.id), values, chosen, known)


def again(record: Mapping[str, Any]) -> dict[str, Any]:
    """``record`` for one edit, with the next seed that it has not had: seed + variations, modulo 2³²."""
    of_host = record.get("host_settings")
    record = {**record, "host_settings": {**(of_host if isinstance(of_host, dict) else {}), VARIATIONS.name: 1}}
    seed = models.recorded(str(record.get("model") or models.DEFAULT.id)).of(Role.SEED)
    settings = record.get("settings")
    if seed is None or not isinstance(settings, dict) or seed.fits(settings.get(seed.name)) is None:
        return record
    index = int(record.get("index") or 0)
    variations = max(int(record.get("variations") or 1), index + 1)  # version 0.1.0 did not say how many
    following = (int(settings[seed.name]) - index + variations) % SEED_COUNT
    return {**record, "settings": {**settings, seed.name: following}}


def _fitted(model_id: str, values: Mapping[str, object], chosen: Model, beside: Mapping[str, Parameter]) -> Fitting:
    fitting = Fitting()
    if model_id:
        wanted = models.recorded(model_id)
        if wanted in models.MODELS:
            fitting.model = wanted
        else:
            fitting.problems.append(tr("The model “{name}” is not known here.").format(name=wanted.label))
    target = fitting.model or chosen
    own = {one.name: one for one in target.parameters}
    others = {one.name: one for one in models.union()}
    for name, value in values.items():
        try:
            if name in own:
                fitting.values[name] = own[name].checked(value)
            elif name in beside:
                fitting.beside[name] = beside[name].checked(value)
            elif name in others:
                _take_over(others[name], value, target, fitting)
            elif name not in OF_ONE_HOST:
                fitting.problems.append(tr("There is no setting called “{name}” here.").format(name=name))
        except ParameterError as exc:
            fitting.problems.append(exc.message)
    return fitting


def _take_over(parameter: Parameter, value: object, target: Model, fitting: Fitting) -> None:
    """Takes another model's ``value`` to the parameter of ``target`` for the same role."""
    same = target.of(parameter.role) if parameter.role else None
    if same is None:
        words = tr("{model} has no “{setting}”.")
        fitting.problems.append(words.format(model=target.label, setting=tr(parameter.label)))
    elif (fitting_value := same.fits(value)) is not None:
        fitting.values[same.name] = fitting_value
    else:
        same.checked(value)  # says what it may be


def _preset(label: str, help_text: str, whole: str, change: str, steps: int, guidance: float) -> Preset:
    return Preset(
        label.lower().replace(" ", "-"),
        label,
        help_text,
        {Task.STRUCTURE: f"{PLACE}, {whole}", Task.CHANGE: change},
        {Role.STEPS: steps, Role.GUIDANCE: guidance},
    )


PRESETS = (
    _preset(
        N_("Depth of field"),
        N_("Realistic bokeh and background blur"),
        "sharp in the foreground; the background far behind falls softly out of focus, realistic depth of field",
        "Blur the background as a fast lens would, more with distance; keep the subject as it is",
        28,
        3.5,
    ),
    _preset(
        N_("Scene depth"),
        N_("Depth cues for a flat picture"),
        "a scene with clear layers of foreground, middle ground and background, near objects crisp, far objects "
        "softer and paler",
        "Add depth to the scene: make near things crisper and far things softer and paler; keep all in its place",
        40,
        5.0,
    ),
    _preset(
        N_("Portrait"),
        N_("Depth-based portrait effects"),
        "a professional portrait, the face near the camera sharp and gently lit, the background behind it smoothly "
        "blurred",
        "Light the face gently and blur the background behind it smoothly; keep the person as they are",
        35,
        3.0,
    ),
    _preset(
        N_("Architecture"),
        N_("Spatial relationships in buildings"),
        "an architectural visualization with a clear space between near and far parts of the building, every line and "
        "the perspective exact, soft shadows in front of and behind the walls",
        "Put soft shadows in front of and behind the walls, so that near and far parts stand apart; keep every line "
        "and the perspective",
        45,
        4.0,
    ),
    _preset(
        N_("Product"),
        N_("Layered depth for product shots"),
        "a product photograph, the product in front sharp and well lit, layers of depth behind it, a calm blurred "
        "background",
        "Replace the background by a calm, blurred one in layers of depth; keep the product in front as it is",
        40,
        4.5,
    ),
    _preset(
        N_("Cinematic"),
        N_("Depth-based light and atmosphere"),
        "a cinematic picture, light haze that thickens with distance, warm light on the foreground, far parts fade "
        "into mist",
        "Add a light haze that thickens with distance and warm light on the foreground; keep everything in its place",
        40,
        6.0,
    ),
)
