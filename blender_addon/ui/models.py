"""The model in the panel: what it is good for, what to take when it is gone, and the button with what it costs."""

import bpy

from .. import properties
from ..operators import offered
from ..properties import SceneSettings
from ..shared.jobs.wording import order
from . import texts


def draw_choice(layout: bpy.types.UILayout, context: bpy.types.Context, settings: SceneSettings) -> None:
    """The first choice under the prompt."""
    width, model = texts.width_of(context), properties.model_of(settings)
    gone = offered.is_gone(model)
    row = layout.row()
    row.alert = gone
    row.prop(settings, properties.MODEL.name, text="")
    if not gone or offered.known is None:
        texts.paragraph(layout, f"{model.label} {model.good_for}", width)
        return
    box = layout.box()
    words = f"The service does not offer {model.label} any more. It offers:"
    texts.paragraph(box, words if offered.known.models else words.partition(" It")[0], width, icon="ERROR")
    for other in offered.known.models:
        box.operator("fluxdepth.take_model", text=other.label).model = other.name
        texts.paragraph(box, other.good_for[0].upper() + other.good_for[1:], width)


def draw_button(layout: bpy.types.UILayout, context: bpy.types.Context, settings: SceneSettings) -> None:
    """The large button, which has no room for a price: where the service tells one, the order stands below it."""
    price = offered.known.price(properties.model_of(settings)) if offered.known else None
    ordered = order(len(properties.prompts_of(settings)) * settings.variations, price)
    row = layout.row()
    row.scale_y = 1.6
    words = "Depth Edit" if price is not None else f"Depth Edit  ·  {ordered}"
    row.operator("fluxdepth.edit", text=words, icon="OUTLINER_OB_IMAGE")
    if price is not None:
        texts.paragraph(layout, ordered, texts.width_of(context))
