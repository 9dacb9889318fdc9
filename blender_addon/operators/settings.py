"""What fills the panel in: the dice, an earlier prompt, a text of its own, what made a result. Knows no job."""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
from bpy_extras.io_utils import ImportHelper

from .. import problem, properties, session, ticker
from ..pictures import results
from ..pictures.sources import render_result
from ..shared.errors import FluxDepthError, PictureError
from ..shared.jobs.wording import one_line
from ..shared.language import N_, tr
from ..shared.model import presets, prompts
from ..shared.model.parameters import OF_BOTH_HOSTS, VARIATIONS, Role, Value
from ..shared.pictures import embedded
from .access import Answer
from .results import KINDS, OnResult, read_file

PROMPT_LENGTH = 240  # bytes of a prompt in the list, whose names Blender cuts


def _apply(settings: properties.SceneSettings, values: Mapping[Role, Value]) -> None:
    properties.apply(settings, properties.model_of(settings).named(values))


class FLUXDEPTH_OT_dice(bpy.types.Operator):
    bl_description = N_("Choose another seed at random")
    bl_idname = "fluxdepth.dice"
    bl_label = N_("Random Seed")
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        settings = properties.of(context.scene)
        _apply(settings, {Role.SEED: random.randrange(properties.LARGEST_INT + 1)})
        return {"FINISHED"}


_prompts: tuple[str, ...] = ()  # when the list was opened; it may grow meanwhile
_listed: list[tuple[str, str, str]] = []  # Blender keeps no copy of the texts of a list that is made when asked for


def _recent(_operator: object, _context: bpy.types.Context | None) -> list[tuple[str, str, str]]:
    return _listed


def _in_list(prompt: str) -> str:
    return one_line(prompt).encode()[:PROMPT_LENGTH].decode("utf-8", "ignore")


class FLUXDEPTH_OT_recent_prompt(bpy.types.Operator):
    bl_description = N_("Find a prompt of an earlier edit, here or in GIMP, by typing some letters of it")
    bl_idname = "fluxdepth.recent_prompt"
    bl_label = N_("Recent Prompts")
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}
    bl_property = "found"

    found: bpy.props.EnumProperty(name=N_("Prompt"), items=_recent, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        global _prompts
        _prompts = session.desk.standing.all_prompts if session.desk.standing else ()
        _listed[:] = [(str(number), _in_list(prompt), "") for number, prompt in enumerate(_prompts)]
        if not _listed:
            self.report({"INFO"}, tr("There are no edits yet"))
            return {"CANCELLED"}
        context.window_manager.invoke_search_popup(self)
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> Answer:
        if not self.found:
            return {"CANCELLED"}
        _apply(properties.of(context.scene), {Role.PROMPT: _prompts[int(self.found)]})
        return {"FINISHED"}


class FLUXDEPTH_OT_all_choices(bpy.types.Operator):
    bl_description = N_("Make as many variations as the choices in the prompt give. Each one is a paid edit")
    bl_idname = "fluxdepth.all_choices"
    bl_label = N_("All Choices")
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        settings = properties.of(context.scene)
        count = prompts.combinations(properties.prompt_of(settings))
        settings.variations = min(count, int(VARIATIONS.maximum))
        return {"FINISHED"}


class FLUXDEPTH_OT_new_prompt_text(bpy.types.Operator):
    bl_description = N_("Make a text data-block of the prompt, to write a long one in a Text Editor")
    bl_idname = "fluxdepth.new_prompt_text"
    bl_label = N_("New Prompt Text")
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        settings = properties.of(context.scene)
        text = bpy.data.texts.new(tr("Prompt"))
        text.write(properties.prompt_of(settings))
        settings.prompt_text = text
        self.report(
            {"INFO"}, tr("The text “{name}” is the prompt now: write it in a Text Editor").format(name=text.name)
        )
        return {"FINISHED"}


# What made a result.


class FLUXDEPTH_OT_reuse_settings(OnResult, bpy.types.Operator):
    bl_description = N_(
        "Take over the prompt, the variations and all else that this result was made with. The source stays as it is"
    )
    bl_idname = "fluxdepth.reuse_settings"
    bl_label = N_("Use These Settings")
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        record = results.record_of(image) if image else None
        if image is None or record is None:
            return {"CANCELLED"}
        problems = reused(context.scene, record)
        say_taken(self, tr("Settings of “{name}” taken over").format(name=image.name), problems)
        return {"FINISHED"}


class FLUXDEPTH_OT_edit_again(OnResult, bpy.types.Operator):
    bl_description = N_(
        "Choose the settings and the source of this result, and the next seed. The large button then makes it"
    )
    bl_idname = "fluxdepth.edit_again"
    bl_label = N_("Edit Again")
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        record = results.record_of(image) if image else None
        if image is None or record is None:
            return {"CANCELLED"}
        settings = properties.of(context.scene)
        problems = reused(context.scene, presets.again(record)) + _take_source(settings, record.get("origin"))
        seed = properties.values_of(settings).get(_seed_name(settings), 0)
        say_taken(self, tr("Ready to edit again with seed {seed}: press the large button").format(seed=seed), problems)
        return {"FINISHED"}


def _seed_name(settings: properties.SceneSettings) -> str:
    seed = properties.model_of(settings).of(Role.SEED)
    return seed.name if seed else ""


def _take_source(settings: properties.SceneSettings, origin: Any) -> list[str]:
    """Chooses the picture that the result was made of; sentences when it is not there any more."""
    kind = origin.get("source") if isinstance(origin, dict) else None
    if kind == "IMAGE":
        image = bpy.data.images.get(str(origin.get("image")))
        if image is None:
            return [
                tr("Its source, the image “{name}”, is not in this file: choose one.").format(name=origin.get("image"))
            ]
        settings.source, settings.image = "IMAGE", image
    elif kind == "RENDER":
        settings.source = "RENDER" if render_result() else "RENDER_NOW"
    elif kind in ("VIEWPORT", "DEPTH"):
        settings.source = kind
    else:
        return [tr("Its source is not known here: choose one.")]
    return []


def reused(scene: bpy.types.Scene, record: Mapping[str, Any]) -> list[str]:
    """Takes over what fits of ``record``; sentences about the rest."""
    settings = properties.of(scene)
    beside = (*OF_BOTH_HOSTS, *properties.DEPTH_RANGE)
    fitting = presets.reused(record, properties.model_of(settings), beside)
    properties.take_over(settings, fitting)
    return fitting.problems


def say_taken(operator: bpy.types.Operator, words: str, problems: list[str]) -> None:
    """Reports what was taken over, and what could not be."""
    if problems:
        operator.report({"WARNING"}, f"{words}. {' '.join(problems)}")
    else:
        operator.report({"INFO"}, words)


class FLUXDEPTH_OT_reuse_file(ImportHelper, bpy.types.Operator):  # type: ignore[misc]  # its stubs return nothing
    bl_description = N_(
        "Take over the settings that a result's file carries, whichever host has saved it. The source stays as it is"
    )
    bl_idname = "fluxdepth.reuse_file"
    bl_label = N_("Use Settings of a File")
    bl_options = {"REGISTER"}  # the file is read off the main thread; what comes of it is an undo step of its own

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default=";".join(f"*{ending}" for ending in KINDS), options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Any:
        if self.filepath:  # it was dropped
            return self.execute(context)
        return super().invoke(context, event)

    def execute(self, context: bpy.types.Context) -> Answer:
        path = Path(bpy.path.abspath(self.filepath))
        scene_uid = context.scene.session_uid
        said: list[tuple[str, bool]] = []

        def read() -> dict[str, Any]:
            record = embedded.settings_in(read_file(path))
            if record is None:
                raise PictureError(tr("“{name}” carries no settings of Flux Depth.").format(name=path.name), "")
            return record

        def then(answer: dict[str, Any] | FluxDepthError) -> None:
            scene = next((one for one in bpy.data.scenes if one.session_uid == scene_uid), None)
            if isinstance(answer, FluxDepthError):
                problem.note(answer)
                said.append((str(answer), True))
            elif scene is not None:
                said.append(_taken_from(scene, path.name, answer))

        ticker.after(read, then)
        if not bpy.app.background:
            return {"FINISHED"}
        session.finish([])
        for words, wrong in said:
            self.report({"ERROR"} if wrong else {"INFO"}, words)
        return {"CANCELLED"} if said[0][1] else {"FINISHED"}


class FLUXDEPTH_FH_reuse_file(bpy.types.FileHandler):
    """A result's file that is dropped onto the panel; anywhere else Blender does what it always does."""

    bl_idname = "FLUXDEPTH_FH_reuse_file"
    bl_label = FLUXDEPTH_OT_reuse_file.bl_label
    bl_import_operator = FLUXDEPTH_OT_reuse_file.bl_idname
    bl_file_extensions = ";".join(KINDS)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        region = context.region
        return region is not None and region.type == "UI" and region.active_panel_category == properties.TAB


def _taken_from(scene: bpy.types.Scene, name: str, record: Mapping[str, Any]) -> tuple[str, bool]:
    """What is to be said of it, and whether nothing came of it."""
    problems = reused(scene, record)
    words = " ".join([tr("Settings of “{name}” taken over.").format(name=name), *problems])
    if not bpy.app.background:
        bpy.ops.ed.undo_push(message=tr("Use Settings of a File"))
    session.tell(words, warning=bool(problems))
    ticker.settle_panels()
    return words, False


CLASSES = (
    *(FLUXDEPTH_OT_dice, FLUXDEPTH_OT_recent_prompt, FLUXDEPTH_OT_all_choices, FLUXDEPTH_OT_new_prompt_text),
    *(FLUXDEPTH_OT_reuse_settings, FLUXDEPTH_OT_edit_again, FLUXDEPTH_OT_reuse_file),
    FLUXDEPTH_FH_reuse_file,
)
