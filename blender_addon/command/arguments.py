"""The command's options, made from the parameter tables, and what they come to together with the scene's settings."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import bpy

from .. import properties
from ..shared.errors import ParameterError
from ..shared.language import tr
from ..shared.model import models, prompts
from ..shared.model.carry import to_model
from ..shared.model.edit import DepthEdit
from ..shared.model.model import Model
from ..shared.model.parameters import OF_BOTH_HOSTS, Kind, Role, Value
from . import frames
from .talk import complain

OPTIONS = (models.CHOICE, *properties.OF_MODELS, *OF_BOTH_HOSTS)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="blender -b FILE.blend --online-mode --command fluxdepth",
        description=tr(
            "Depth-aware edits of renders in the cloud. Each frame and variation is a paid edit. "
            "What is not given is taken from the scene, as it was saved in the sidebar; with another --model than the "
            "scene's, where it fits that model, else it takes that model's default."
        ),
        epilog=tr(
            "A range resumes where it stopped, and several commands may work on the same one: what is there is left "
            "alone, what was paid for is fetched. Ctrl+C stops paying; a second one stops waiting as well. The exit "
            "code is 0 only when every frame has its result, 130 after Ctrl+C."
        ),
    )
    what = made.add_argument_group(tr("what"))
    what.add_argument("--frame", type=int, help=tr("one frame (default: the scene's current one)"))
    what.add_argument(
        "--frames", metavar="FIRST-LAST[:STEP]", help=tr("a range of frames, or `scene` for the scene's own")
    )
    what.add_argument(
        "--prompts",
        metavar="FILE",
        help=tr(
            "a text file with a prompt in each line, each with its own edits; empty lines and those that begin with # "
            "are left out"
        ),
    )
    what.add_argument("--image", metavar="NAME", help=tr("edit this image of the file instead of rendering"))
    what.add_argument(
        "--default-scene",
        action="store_true",
        help=tr("Blender's default scene is meant, and no file was to be opened"),
    )
    output = tr(
        "where the results go; # is the frame, // the folder of the .blend; with .png, .jpg or .webp at its end "
        "every result becomes such a file (default: {default})"
    )
    default = frames.DEFAULT_OUTPUT
    what.add_argument("--output", default=default, help=output.format(default=default).replace("%", "%%"))
    what.add_argument("--overwrite", action="store_true", help=tr("make, and pay for, results anew that are there"))
    what.add_argument(
        "--pay-uncertain",
        action="store_true",
        help=tr("pay for frames again whose edit may have been paid for and can't be found again"),
    )
    settings = made.add_argument_group(tr("settings"))
    for parameter in OPTIONS:
        words = f"{tr(parameter.help)} ({parameter.range_text}{_only(parameter.name)})".replace("%", "%%")
        name = f"--{parameter.argument}"
        if parameter.kind is Kind.BOOLEAN:
            settings.add_argument(name, action=argparse.BooleanOptionalAction, help=words)
        elif parameter.kind is Kind.CHOICE:
            settings.add_argument(name, choices=[choice.value for choice in parameter.choices], help=words)
        else:
            kind = {Kind.INTEGER: int, Kind.REAL: float, Kind.TEXT: str}[parameter.kind]
            settings.add_argument(name, type=kind, metavar=parameter.kind.name[0], help=words)
    return made


def _only(name: str) -> str:
    """For which models an option is, when it is not for all."""
    having = [one.name for one in models.MODELS if any(parameter.name == name for parameter in one.parameters)]
    return f"; {', '.join(having)}" if 0 < len(having) < len(models.MODELS) else ""


def settings_of(chosen: argparse.Namespace, scene: bpy.types.Scene) -> SimpleNamespace:
    """What the command line says, and for the rest what the scene says, as a scene's own settings look to those who
    take pictures. The scene itself is left as it is. Raises ParameterError.
    """
    saved = properties.of(scene)
    of_scene = properties.model_of(saved)
    model = models.named(chosen.model or of_scene.name)
    named = properties.values_of(saved)
    stored = {one.name: getattr(saved, one.name) for one in OF_BOTH_HOSTS} | {
        **{one.name: one.default for one in model.parameters},
        **(named if model is of_scene else to_model(changed_of(named, of_scene), of_scene.id, model)),
    }
    given = {one.name: getattr(chosen, one.name) for one in OPTIONS if getattr(chosen, one.name) is not None}
    own = {one.name for one in (models.CHOICE, *model.parameters, *OF_BOTH_HOSTS)}
    if ignored := [f"--{one.argument}" for one in OPTIONS if one.name in given and one.name not in own]:
        words = tr("{model} has no {options}: ignored").format(model=model.label, options=", ".join(ignored))
        complain(f"fluxdepth: {words}")
    given = {name: value for name, value in given.items() if name in own}
    kind_of_file, field = frames.kind_in(chosen.output), model.of(Role.FORMAT)
    if kind_of_file and field and field.name not in given and (fitting := field.fits(kind_of_file)) is not None:
        given[field.name] = fitting  # a service that can give the file as it is wanted saves a conversion
    image = None
    if chosen.image is not None:
        image = bpy.data.images.get(chosen.image)
        if image is None:
            words = tr("There is no image “{name}” in this file.").format(name=chosen.image)
            raise ParameterError(words, tr("--image takes an image's name."))
    values = {**stored, **given, "model": model.name}
    field = model.of(Role.PROMPT)
    if chosen.prompts is not None:
        if field and field.name in given:
            words = tr("{option} and {other} can't both be given.")
            raise ParameterError(
                words.format(option="--prompts", other=f"--{field.argument}"), tr("Leave one of them out.")
            )
        asked = _listed(Path(chosen.prompts))
    elif field and field.name in given:
        asked = [str(given[field.name])]
    else:
        asked = properties.prompts_of(saved)
    settings = SimpleNamespace(**values, source="IMAGE" if image else "RENDER", image=image, prompts=asked)
    for parameter in OF_BOTH_HOSTS:
        parameter.checked(getattr(settings, parameter.name))
    return settings


def changed_of(values: Mapping[str, Value], model: Model) -> dict[str, Value]:
    """Those of ``values`` that are not the default of ``model``, and so somebody's choice."""
    return {name: value for name, value in values.items() if value != model.parameter(name).default}


def edits_of(settings: SimpleNamespace) -> list[list[DepthEdit]]:
    """The edits of one frame: for each prompt, one for each variation. Raises ParameterError."""
    model = models.named(settings.model)
    values = {one.name: getattr(settings, one.name) for one in model.parameters}
    field = model.of(Role.PROMPT)
    each = [{field.name: prompt} for prompt in settings.prompts] if field else [{}]
    return [DepthEdit.checked({**values, **one}, model).variations(settings.variations) for one in each]


def _listed(path: Path) -> list[str]:
    """The prompts in the file. Raises ParameterError."""
    try:
        found = prompts.listed(path.read_text("utf-8"))
    except OSError as exc:
        words = tr("“{path}” can't be read: {reason}.").format(path=path, reason=exc.strerror or exc)
        raise ParameterError(words, tr("--prompts takes a text file.")) from exc
    except ValueError as exc:
        words = tr("“{path}” is no text in UTF-8.").format(path=path)
        raise ParameterError(words, tr("--prompts takes a text file.")) from exc
    if not found:
        raise ParameterError(tr("“{path}” has no prompt in it.").format(path=path), tr("Write one in each line."))
    return found


def numbers_of(chosen: argparse.Namespace, scene: bpy.types.Scene) -> range:
    """The numbers of the frames. Raises ParameterError."""
    if chosen.frames is None:
        frame = scene.frame_current if chosen.frame is None else chosen.frame
        return range(frame, frame + 1)
    if chosen.frames == "scene":
        return range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
    return frames.numbers(chosen.frames)
