"""Whether Blender allows the network, and the ways to where that and the key are set. Sends nothing itself."""

import bpy

from .. import properties

ONLINE_ACCESS = "Online access is switched off. Allow it in Preferences > System > Network"
ONLINE_ACCESS_FORCED = "Blender was started with --offline-mode; start it without"
ONLINE_ACCESS_BACKGROUND = "Online access is switched off. Start Blender with --online-mode"


def online_access_problem() -> str:
    """Why nothing may be sent, and where to allow it; empty when it may."""
    if bpy.app.online_access:
        return ""
    if bpy.app.background:
        return ONLINE_ACCESS_BACKGROUND
    return ONLINE_ACCESS_FORCED if bpy.app.online_access_override else ONLINE_ACCESS


class Online:
    """For operators that reach the service."""

    @classmethod
    def poll(cls, _context):
        reason = online_access_problem()
        if reason:
            cls.poll_message_set(reason)
        return not reason


class FLUXDEPTH_OT_preferences(bpy.types.Operator):
    """Open the preferences of Flux Depth: the API key, a test, the service address"""

    bl_idname = "fluxdepth.preferences"
    bl_label = "Open Preferences"
    bl_options = {"INTERNAL"}

    def execute(self, _context):
        bpy.ops.preferences.addon_show(module=properties.PACKAGE)
        return {"FINISHED"}


class FLUXDEPTH_OT_allow_online(bpy.types.Operator):
    """Open Blender's own switch for online access"""

    bl_idname = "fluxdepth.online_preferences"
    bl_label = "Open System Preferences"
    bl_options = {"INTERNAL"}

    def execute(self, context):
        bpy.ops.screen.userpref_show()
        context.preferences.active_section = "SYSTEM"
        return {"FINISHED"}


CLASSES = (FLUXDEPTH_OT_preferences, FLUXDEPTH_OT_allow_online)
