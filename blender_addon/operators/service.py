"""The key and the service, asked from preferences and panel. Says what came of it; the core asks and stores."""

import bpy

from .. import problem, properties, session, ticker
from ..shared.errors import FluxDepthError
from ..shared.language import N_, tr
from ..shared.service.client import Client, ServiceStatus
from ..shared.storage import credentials
from .access import Answer, Online

KEY_PAGE = "https://app.1min.ai/api"  # where keys are made; so say several public clients of the API

said = ""  # what came of the last change or test
testing = False
refused = ""  # what was pasted and is no key: it stays in its field
fresh = False  # whether a key was pasted that no edit was begun with


def say(text: str) -> None:
    global said
    said = text
    ticker.settle_panels()


def take_key(text: str) -> None:
    """Keeps the key that was pasted, or says what is wrong with it."""
    global refused, fresh
    refused = ""
    try:
        if text.strip():
            credentials.save_key(text)
            fresh = True
            say(tr("The key is saved. Test asks the service about it, which costs nothing."))
        else:
            say("")
    except FluxDepthError as exc:
        refused = text
        say(str(exc))
    problem.note(None)
    session.refresh()


class FLUXDEPTH_OT_test_service(Online, bpy.types.Operator):
    bl_description = N_("Ask the service whether it takes the key and offers the model. Costs nothing")
    bl_idname = "fluxdepth.test_service"
    bl_label = N_("Test")
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> Answer:
        global testing
        testing = True

        def then(answer: ServiceStatus | FluxDepthError) -> None:
            global testing
            testing = False
            say(str(answer) if isinstance(answer, FluxDepthError) else f"{answer.line}.")

        model = properties.model_of(properties.of(context.scene))
        ticker.after(lambda: Client.from_settings().status(model), then)
        if bpy.app.background:
            session.finish([])
            self.report({"INFO"}, said)
        return {"FINISHED"}


class FLUXDEPTH_OT_forget_key(bpy.types.Operator):
    bl_description = N_("Remove the key file. A key in the environment stays in use")
    bl_idname = "fluxdepth.forget_key"
    bl_label = N_("Forget the API Key")
    bl_options = {"INTERNAL"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> Answer:
        return context.window_manager.invoke_confirm(self, event)

    def execute(self, _context: bpy.types.Context) -> Answer:
        try:
            credentials.forget_key()
            say(tr("The key file is removed."))
        except FluxDepthError as exc:
            say(str(exc))
        session.refresh()
        return {"FINISHED"}


CLASSES = (FLUXDEPTH_OT_test_service, FLUXDEPTH_OT_forget_key)
