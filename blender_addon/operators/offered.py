"""Which models the service offers and what they cost, asked in the background when a panel is first seen."""

import time

import bpy

from .. import properties, session, ticker
from ..shared.errors import FluxDepthError, ModelUnavailableError
from ..shared.language import N_
from ..shared.model.model import Model
from ..shared.service import offers
from .access import Answer, online_access_problem

AGAIN = 600.0  # s after which the service is asked again when it did not answer, or a day may have passed

known: offers.Offers | None = None
_asked = -AGAIN
_refused = 0  # edits of this session for which the service had no such model


def look() -> None:
    """Called when a panel is drawn: asks, if that is due, and waits for nothing."""
    global _asked, _refused
    refused = sum(isinstance(ticket.error, ModelUnavailableError) for ticket in session.desk.tickets)
    due = time.monotonic() - _asked >= AGAIN or refused > _refused
    _refused = refused
    if not due or online_access_problem() or not (session.info and session.info.key_source):
        return
    _asked = time.monotonic()

    def then(answer: offers.Offers | FluxDepthError) -> None:
        global known
        if not isinstance(answer, FluxDepthError):  # which is in the log; the edit itself will say what is wrong
            known = answer
            ticker.settle_panels()

    ticker.after(offers.asked, then)


def is_gone(model: Model) -> bool:
    """Whether the service is known not to offer it."""
    return known is not None and not known.has(model)


class FLUXDEPTH_OT_take_model(bpy.types.Operator):
    bl_description = N_("Edit with this model; the settings go along where they fit")
    bl_idname = "fluxdepth.take_model"
    bl_label = N_("Take This Model")
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    model: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> Answer:
        properties.of(context.scene).model = self.model
        return {"FINISHED"}


CLASSES = (FLUXDEPTH_OT_take_model,)
