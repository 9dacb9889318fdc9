"""The presets of the panel: the model's use cases, and the artist's own, which both hosts share. Knows no job."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper, ImportHelper

from .. import properties, session, ticker
from ..shared.errors import FluxDepthError, ParameterError
from ..shared.jobs.wording import preset_name, short_prompt
from ..shared.language import N_, tr
from ..shared.model.model import Model
from ..shared.model.parameters import OF_BOTH_HOSTS, Role, Value
from ..shared.model.presets import OwnPreset, Preset
from ..shared.storage.library import blender_presets, preset_files
from ..shared.storage.library.preset_files import Shelf
from .access import Answer, Mixin

OF_VERSION_0_1 = "fluxdepth"  # the folder among Blender's own presets, whose files were Python
KEPT = ("keep_prompt", "keep_settings", "keep_seed", "keep_model")  # the switches of the dialog

shelf = Shelf()
_taken_over = False


def look() -> None:
    """Called when the menu or the list is drawn: the files are few and small."""
    global shelf
    shelf = preset_files.read()


def take_over() -> None:
    """Called when a panel is drawn: reads, once in a session and off the main thread, what version 0.1 has left."""
    global _taken_over
    if _taken_over:
        return
    _taken_over = True
    folders = [Path(one) for one in bpy.utils.preset_paths(OF_VERSION_0_1)]
    found = [folder for folder in folders if folder.is_dir()]

    def then(answer: tuple[list[OwnPreset], list[str]] | FluxDepthError) -> None:
        added, problems = ([], [str(answer)]) if isinstance(answer, FluxDepthError) else answer
        words = (
            [tr("Presets of version 0.1 taken over: {names}.").format(names=", ".join(one.name for one in added))]
            if added
            else []
        )
        if words or problems:
            session.tell(" ".join([*words, *problems]), warning=bool(problems))

    if found:
        ticker.after(lambda: _all_taken_over(found), then)


def _all_taken_over(folders: list[Path]) -> tuple[list[OwnPreset], list[str]]:
    each = [blender_presets.take_over(folder) for folder in folders]
    return [one for added, _ in each for one in added], [one for _, problems in each for one in problems]


def _found(operator: bpy.types.Operator, name: str) -> OwnPreset | None:
    """The own preset ``name``, or None after it was reported that there is none."""
    look()
    preset = shelf.find(name)
    if isinstance(preset, OwnPreset):
        return preset
    operator.report({"ERROR"}, tr("There is no preset of your own called “{name}”").format(name=name))
    return None


def _refused(operator: bpy.types.Operator, error: FluxDepthError) -> Answer:
    operator.report({"ERROR"}, str(error))
    return {"CANCELLED"}


def _draw_name(operator: bpy.types.Operator) -> bpy.types.UILayout:
    """The field for the name, which is open when the dialog comes up. Returns the dialog's layout."""
    layout = operator.layout
    assert layout is not None
    row = layout.row()
    row.activate_init = True
    row.prop(operator, "name")
    return layout


class FLUXDEPTH_OT_apply_preset(bpy.types.Operator):
    bl_description = N_("Take over the prompt and settings of a use case, or of a preset of your own")
    bl_idname = "fluxdepth.apply_preset"
    bl_label = N_("Use Preset")
    bl_options = {"REGISTER", "UNDO"}

    preset: bpy.props.StringProperty(name=N_("Preset"), description=N_("Its name"), options={"SKIP_SAVE"})

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        preset = shelf.find(properties.preset)
        if preset is None or not preset.help:
            return tr(cls.bl_description)
        return tr(preset.help) if isinstance(preset, Preset) else short_prompt(preset.help, 400)

    def execute(self, context: bpy.types.Context) -> Answer:
        look()
        preset = shelf.find(self.preset)
        if preset is None:
            self.report({"ERROR"}, tr("There is no preset called “{name}”").format(name=self.preset))
            return {"CANCELLED"}
        settings = properties.of(context.scene)
        fitting = preset.fitted(properties.model_of(settings), OF_BOTH_HOSTS)
        properties.take_over(settings, fitting)
        if fitting.problems:
            self.report(
                {"WARNING"},
                tr("“{preset}” is taken over but for this: {problems}").format(
                    preset=preset.label, problems=" ".join(fitting.problems)
                ),
            )
        return {"FINISHED"}


class FLUXDEPTH_OT_save_preset(bpy.types.Operator):
    bl_description = N_("Keep what is chosen now as a preset of your own, for Blender and GIMP")
    bl_idname = "fluxdepth.save_preset"
    bl_label = N_("Save as Preset")
    bl_options = {"REGISTER"}

    name: bpy.props.StringProperty(name=N_("Name"), options={"SKIP_SAVE"})
    keep_prompt: bpy.props.BoolProperty(name=N_("Prompt"), default=True)
    keep_settings: bpy.props.BoolProperty(
        name=N_("Settings"), description=N_("All but prompt, seed and model"), default=True
    )
    keep_seed: bpy.props.BoolProperty(name=N_("Seed"), default=True)
    keep_model: bpy.props.BoolProperty(name=N_("Model"), default=True)
    replace: bpy.props.BoolProperty(
        name=N_("Replace"), description=N_("Write over a preset of that name"), options={"HIDDEN", "SKIP_SAVE"}
    )

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        self._may_ask = True
        manager = context.window_manager
        if self.replace:
            title = tr("Replace the preset “{name}”?").format(name=self.name)
            return manager.invoke_confirm(self, event, title=title, confirm_text=tr("Replace"))
        if not self.name:
            self.name = preset_name(properties.prompt_of(properties.of(context.scene)))
        return manager.invoke_props_dialog(self, title=tr("Save as Preset"), confirm_text=tr("Save"))

    def draw(self, _context: bpy.types.Context) -> None:
        layout = _draw_name(self)
        layout.label(text=tr("What it keeps"))
        for name in KEPT:
            layout.prop(self, name)

    def execute(self, context: bpy.types.Context) -> Answer:
        settings = properties.of(context.scene)
        model = properties.model_of(settings)
        try:
            values = self._values(settings, model)
            if not values and not self.keep_model:
                self.report({"ERROR"}, tr("Choose what the preset keeps"))
                return {"CANCELLED"}
            kept_model = model if self.keep_model else None
            preset = preset_files.save(self.name, kept_model, values, replace=self.replace)
        except FluxDepthError as exc:
            taken = isinstance(exc, ParameterError) and isinstance(preset_files.read().find(self.name), OwnPreset)
            if not (taken and getattr(self, "_may_ask", False)) or self.replace:
                return _refused(self, exc)
            kept = {name: getattr(self, name) for name in KEPT}
            bpy.ops.fluxdepth.save_preset(  # type: ignore[attr-defined]  # ours
                "INVOKE_DEFAULT", name=self.name, replace=True, **kept
            )
            return {"CANCELLED"}
        look()
        self.report({"INFO"}, tr("Preset “{name}” saved").format(name=preset.name))
        return {"FINISHED"}

    def _values(self, settings: properties.SceneSettings, model: Model) -> dict[str, Value]:
        """Raises ParameterError for a seed that is none."""
        kept: dict[Role | None, bool] = {Role.PROMPT: self.keep_prompt, Role.SEED: self.keep_seed}
        of_model = properties.values_of(settings, model)
        values = {one.name: of_model[one.name] for one in model.parameters if kept.get(one.role, self.keep_settings)}
        if self.keep_settings:
            values |= {one.name: getattr(settings, one.name) for one in OF_BOTH_HOSTS}
        # Blender's numbers are of single precision: 3.3 is kept as 3.3.
        own = {one.name: one for one in model.parameters}
        return {
            name: round(value, own[name].decimals) if isinstance(value, float) else value
            for name, value in values.items()
        }


class _OnPreset(Mixin):
    """For operators of the list of own presets."""

    preset: bpy.props.StringProperty(name=N_("Preset"), description=N_("Its name"), options={"HIDDEN", "SKIP_SAVE"})


class FLUXDEPTH_OT_rename_preset(_OnPreset, bpy.types.Operator):
    bl_description = N_("Give this preset another name")
    bl_idname = "fluxdepth.rename_preset"
    bl_label = N_("Rename Preset")
    bl_options = {"INTERNAL"}

    name: bpy.props.StringProperty(name=N_("Name"), options={"SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        self.name = self.preset
        return context.window_manager.invoke_props_dialog(self, title=tr("Rename Preset"), confirm_text=tr("Rename"))

    def draw(self, _context: bpy.types.Context) -> None:
        _draw_name(self)

    def execute(self, _context: bpy.types.Context) -> Answer:
        preset = _found(self, self.preset)
        if preset is None:
            return {"CANCELLED"}
        try:
            preset_files.rename(preset, self.name)
        except FluxDepthError as exc:
            return _refused(self, exc)
        look()
        return {"FINISHED"}


class FLUXDEPTH_OT_delete_preset(_OnPreset, bpy.types.Operator):
    bl_description = N_("Remove this preset for good, for GIMP as well")
    bl_idname = "fluxdepth.delete_preset"
    bl_label = N_("Delete Preset")
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=tr("Delete the preset “{name}”?").format(name=self.preset),
            message=tr("It is removed for GIMP as well, and can't be brought back."),
            confirm_text=tr("Delete"),
        )

    def execute(self, _context: bpy.types.Context) -> Answer:
        preset = _found(self, self.preset)
        if preset is None:
            return {"CANCELLED"}
        try:
            preset_files.delete(preset)
        except FluxDepthError as exc:
            return _refused(self, exc)
        look()
        return {"FINISHED"}


class FLUXDEPTH_OT_export_preset(  # type: ignore[misc]  # the stubs of the helpers return nothing, here and below
    _OnPreset, ExportHelper, bpy.types.Operator
):
    bl_description = N_("Write this preset to a file, for another computer")
    bl_idname = "fluxdepth.export_preset"
    bl_label = N_("Export Preset")
    bl_options = {"INTERNAL"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:  # type: ignore[override]
        self.filepath = f"{bpy.path.clean_name(self.preset)}.json"
        return ExportHelper.invoke(self, context, event)  # type: ignore[return-value]

    def execute(self, _context: bpy.types.Context) -> Answer:
        preset = _found(self, self.preset)
        if preset is None:
            return {"CANCELLED"}
        path = Path(bpy.path.abspath(self.filepath))
        try:
            preset_files.export(preset, path)
        except FluxDepthError as exc:
            return _refused(self, exc)
        self.report({"INFO"}, tr("Saved “{name}”").format(name=path.name))
        return {"FINISHED"}


class FLUXDEPTH_OT_import_preset(ImportHelper, bpy.types.Operator):  # type: ignore[misc]
    bl_description = N_("Take in presets that were exported, here or in GIMP")
    bl_idname = "fluxdepth.import_preset"
    bl_label = N_("Import Presets")
    bl_options = {"INTERNAL"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, _context: bpy.types.Context) -> Answer:
        path = Path(bpy.path.abspath(self.filepath))
        names = [one.name for one in self.files if one.name] or [path.name]
        added, problems = [], []
        for name in names:
            try:
                added.append(preset_files.import_file(path.parent / name).name)
            except FluxDepthError as exc:
                problems.append(str(exc))
        look()
        if problems:
            self.report({"ERROR"}, " ".join(problems))
        if added:
            self.report({"INFO"}, tr("Presets imported: {names}").format(names=", ".join(added)))
        return {"FINISHED"} if added else {"CANCELLED"}


CLASSES = (
    *(FLUXDEPTH_OT_apply_preset, FLUXDEPTH_OT_save_preset, FLUXDEPTH_OT_rename_preset, FLUXDEPTH_OT_delete_preset),
    *(FLUXDEPTH_OT_export_preset, FLUXDEPTH_OT_import_preset),
)
