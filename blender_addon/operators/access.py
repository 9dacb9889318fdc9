"""Whether Blender allows the network; the ways to where that and the key are set, and to what is kept."""

from typing import TYPE_CHECKING, Literal

import bpy

from .. import properties
from ..shared.language import N_, tr
from ..shared.storage import files, log

# What an operator answers.
Answer = set[Literal["RUNNING_MODAL", "CANCELLED", "FINISHED", "PASS_THROUGH", "INTERFACE"]]

# The base of what several operators share: it is mixed into operators, and none itself.
if TYPE_CHECKING:
    Mixin = bpy.types.Operator
else:
    Mixin = object

ONLINE_ACCESS = N_("Online access is switched off. Allow it in Preferences > System > Network")
ONLINE_ACCESS_FORCED = N_("Blender was started with --offline-mode; start it without")
ONLINE_ACCESS_BACKGROUND = N_("Online access is switched off. Start Blender with --online-mode")


def online_access_problem() -> str:
    """Why nothing may be sent, and where to allow it; empty when it may."""
    if bpy.app.online_access:
        return ""
    if bpy.app.background:
        return tr(ONLINE_ACCESS_BACKGROUND)
    return tr(ONLINE_ACCESS_FORCED if bpy.app.online_access_override else ONLINE_ACCESS)


class Online(Mixin):
    """For operators that reach the service. ``by_hand``: by the artist, who reads in the panel what is wrong."""

    by_hand = False

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> Answer:
        self.by_hand = True
        return self.execute(context)

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        reason = online_access_problem()
        if reason:
            cls.poll_message_set(reason)
        return not reason


class FLUXDEPTH_OT_preferences(bpy.types.Operator):
    bl_description = N_("Open the preferences of Flux Depth: the API key, a test, the service address")
    bl_idname = "fluxdepth.preferences"
    bl_label = N_("Open Preferences")
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> Answer:
        bpy.ops.preferences.addon_show(module=properties.PACKAGE)
        return {"FINISHED"}


class FLUXDEPTH_OT_allow_online(bpy.types.Operator):
    bl_description = N_("Open Blender's own switch for online access")
    bl_idname = "fluxdepth.online_preferences"
    bl_label = N_("Open System Preferences")
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        bpy.ops.screen.userpref_show()
        context.preferences.active_section = "SYSTEM"
        return {"FINISHED"}


class FLUXDEPTH_OT_open_data(bpy.types.Operator):
    bl_description = N_("Open what Flux Depth keeps on this computer, for GIMP and Blender alike")
    bl_idname = "fluxdepth.open_data"
    bl_label = N_("Open Data Folder")
    bl_options = {"INTERNAL"}

    what: bpy.props.EnumProperty(
        name=N_("What"),
        items=[
            ("FOLDER", N_("Data Folder"), N_("Key, history and unfinished edits")),
            ("LOG", N_("Log"), N_("What was asked of the service and what it answered, without the key")),
        ],
    )

    def execute(self, _context: bpy.types.Context) -> Answer:
        path = files.home() if self.what == "FOLDER" else log.log_file(files.home())
        try:
            if not path.exists():
                self.report(
                    {"INFO"}, tr("“{path}” is not there yet. It begins with the first edit or test").format(path=path)
                )
                return {"CANCELLED"}
            bpy.ops.wm.path_open(filepath=str(path))
        except (OSError, RuntimeError) as exc:
            self.report({"ERROR"}, tr("“{path}” can't be opened: {reason}").format(path=path, reason=exc))
            return {"CANCELLED"}
        return {"FINISHED"}


CLASSES = (FLUXDEPTH_OT_preferences, FLUXDEPTH_OT_allow_online, FLUXDEPTH_OT_open_data)
