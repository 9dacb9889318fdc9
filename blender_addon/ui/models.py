"""The model in the panel: what it is good for, what to take when it is gone, and the button with what it costs."""

import bpy

from .. import properties
from ..operators import offered
from ..properties import SceneSettings
from ..shared.jobs.wording import order
from ..shared.language import tr
from . import texts

ICON_AND_EDGES = 40  # px at scale 1, of the large button


def draw_choice(layout: bpy.types.UILayout, context: bpy.types.Context, settings: SceneSettings) -> None:
    """The first choice under the prompt."""
    width, model = texts.width_of(context), properties.model_of(settings)
    gone = offered.is_gone(model)
    row = layout.row()
    row.alert = gone
    row.prop(settings, properties.MODEL.name, text="")
    if not gone or offered.known is None:
        texts.paragraph(layout, f"{model.label} {tr(model.good_for)}", width)
        return
    box = layout.box()
    if offered.known.models:
        words = tr("The service does not offer {model} any more. It offers:").format(model=model.label)
    else:
        words = tr("The service does not offer {model} any more.").format(model=model.label)
    texts.paragraph(box, words, width, icon="ERROR")
    for other in offered.known.models:
        box.operator("fluxdepth.take_model", text=other.label).model = other.name
        good_for = tr(other.good_for)
        texts.paragraph(box, good_for[0].upper() + good_for[1:], width)


def draw_button(layout: bpy.types.UILayout, context: bpy.types.Context, settings: SceneSettings) -> None:
    """The large button. Where the order has no room in it, because the service tells a price, it stands below it."""
    price = offered.known.price(properties.model_of(settings)) if offered.known else None
    ordered, width = order(len(properties.prompts_of(settings)) * settings.variations, price), texts.width_of(context)
    words = f"{tr('Depth Edit')}  ·  {ordered}"
    has_room = price is None and texts.fits(words, width, ICON_AND_EDGES)
    row = layout.row()
    row.scale_y = 1.6
    row.operator("fluxdepth.edit", text=words if has_room else tr("Depth Edit"), icon="OUTLINER_OB_IMAGE")
    if not has_room:
        texts.paragraph(layout, ordered, width)
