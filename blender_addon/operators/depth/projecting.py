"""A result onto the scene, and back. Reads what the artist chose, calls the projection."""

import bpy

from ... import session
from ...pictures import results
from ...pictures.depth import eye as eyes, taking
from ...projection import baking, projecting
from ...shared.errors import FluxDepthError, PictureError
from ...shared.language import N_, tr, trn
from ...shared.pictures import depth
from ...shared.storage.entries import DEPTH
from ..access import Answer
from ..results import OnResult

NAMES_TOLD = 3


class FLUXDEPTH_OT_project(OnResult, bpy.types.Operator):
    bl_description = N_(
        "Make this result the surface of the selected objects, or without any of all that its camera sees. "
        "What the camera did not see keeps its own material"
    )
    bl_idname = "fluxdepth.project"
    bl_label = N_("Project onto Scene")
    bl_options = {"REGISTER", "UNDO"}

    onto: bpy.props.EnumProperty(
        name=N_("Onto"),
        description=N_("Which objects get the result as their surface"),
        items=[
            ("AUTO", N_("Selected, or All Seen"), N_("The selected objects; without any, all that the camera sees")),
            ("SELECTED", N_("Selected"), N_("The selected objects")),
            ("SEEN", N_("All Seen"), N_("All objects that the camera sees in a render")),
        ],
    )
    surface: bpy.props.EnumProperty(
        name=N_("Surface"),
        description=N_("What the picture becomes"),
        items=[
            ("EMISSION", N_("Own Light"), N_("The picture as it is, with the light and the shadows that are in it")),
            ("BASE_COLOR", N_("Base Color"), N_("A colour that the scene's own light falls on")),
        ],
    )
    falloff: bpy.props.FloatProperty(
        name=N_("Falloff"),
        description=N_("How far the picture fades where a surface turns away from its camera: there it is stretched"),
        default=0.05,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )

    def execute(self, context: bpy.types.Context) -> Answer:
        image = self.image(context)
        if image is None:
            return {"CANCELLED"}
        try:
            done = self._projected(context, image)
        except FluxDepthError as exc:
            self.report({"ERROR"}, str(exc))
            return {"CANCELLED"}
        for words in done.warnings:
            self.report({"WARNING"}, words)
        _tell_left(self, done.left)
        words = trn("Projected onto {count} object", "Projected onto {count} objects", len(done.covered))
        words = words.format(count=len(done.covered))
        if not _shows_materials(context):
            words = tr("{done}; switch the viewport to Material Preview or Rendered to see it").format(done=words)
        self.report({"INFO"}, words)
        return {"FINISHED"} if done.covered else {"CANCELLED"}

    def _projected(self, context: bpy.types.Context, image: bpy.types.Image) -> projecting.Done:
        record = results.record_of(image) or {}
        origin = record.get("origin")
        eye = eyes.of_record(origin if isinstance(origin, dict) else {})
        if isinstance(eye, str):
            words = tr("It is not known from where “{name}” was seen: {reason}.")
            raise PictureError(words.format(name=image.name, reason=eye))
        things = projecting.selected(context) if self.onto != "SEEN" else []
        if self.onto == "SEEN" or (self.onto == "AUTO" and not things):
            things = projecting.seen(context, eye)
        if not things:
            raise PictureError(tr("There is nothing to project onto."), tr("Select what is to have this surface."))
        emission = self.surface == "EMISSION"
        kept = _depth_of(context, record, eye)
        return projecting.project(context, image, eye, kept, things, emission=emission, falloff=self.falloff)


def _shows_materials(context: bpy.types.Context) -> bool:
    """Whether a 3D viewport does; without any there is nothing to be switched."""
    spaces = [area.spaces.active for area in context.screen.areas if area.type == "VIEW_3D"] if context.screen else []
    kinds = {one.shading.type for one in spaces if isinstance(one, bpy.types.SpaceView3D)}
    return not kinds or bool(kinds & {"MATERIAL", "RENDERED"})


def _tell_left(operator: bpy.types.Operator, left: list[str]) -> None:
    if left:
        words = trn("{count} object is left out: {names}", "{count} objects are left out: {names}", len(left))
        names = ", ".join(left[:NAMES_TOLD]) + ("…" if len(left) > NAMES_TOLD else "")
        operator.report({"WARNING"}, words.format(count=len(left), names=names))


def _depth_of(context: bpy.types.Context, record: dict[str, object], eye: eyes.Eye) -> bytes:
    """The depth that was taken with the picture; where it is not there any more, that of the scene as it is now."""
    job = session.desk.journal.job(str(record.get("job") or ""))
    kept = job.companion(DEPTH) if job else None
    if kept is None:
        kept = depth.encode(taking.Depth(eye, context.scene, context.view_layer).now())
    return kept


class FLUXDEPTH_OT_remove_projections(bpy.types.Operator):
    bl_description = N_("Take all projections of this file away and give every object its own materials back")
    bl_idname = "fluxdepth.remove_projections"
    bl_label = N_("Remove Projections")
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if not projecting.any_projection():
            cls.poll_message_set(tr("Nothing is projected in this file"))
            return False
        return True

    def execute(self, _context: bpy.types.Context) -> Answer:
        count = projecting.remove_all()
        words = trn(
            "{count} object has its own materials again", "{count} objects have their own materials again", count
        )
        self.report({"INFO"}, words.format(count=count))
        return {"FINISHED"}


class FLUXDEPTH_OT_bake_projections(bpy.types.Operator):
    bl_description = N_(
        "Write the projections into a new UV map and images of each mesh, the selected ones or all, for export as "
        "glTF. Remove Projections takes them away again"
    )
    bl_idname = "fluxdepth.bake_projections"
    bl_label = N_("Bake Projections")
    bl_options = {"REGISTER", "UNDO"}

    size: bpy.props.IntProperty(
        name=N_("Size"),
        description=N_("Width and height of each image"),
        default=1024,
        min=64,
        max=8192,
        subtype="PIXEL",
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if not baking.covered():
            cls.poll_message_set(tr("Nothing is projected onto a mesh of this file"))
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context: bpy.types.Context) -> Answer:
        things = baking.covered()
        things = [one for one in things if one in context.selected_objects] or things
        manager = context.window_manager
        manager.progress_begin(0, len(things))
        try:
            left = baking.bake(context, things, self.size, manager.progress_update)
        except FluxDepthError as exc:
            self.report({"ERROR"}, str(exc))
            return {"CANCELLED"}
        finally:
            manager.progress_end()
        _tell_left(self, left)
        count = len(things) - len(left)
        self.report({"INFO"}, trn("{count} object baked", "{count} objects baked", count).format(count=count))
        return {"FINISHED"} if count else {"CANCELLED"}


CLASSES = (FLUXDEPTH_OT_project, FLUXDEPTH_OT_bake_projections, FLUXDEPTH_OT_remove_projections)
