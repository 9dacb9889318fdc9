"""The prompt in the panel: its field or text, and what is asked for when it holds choices or is a list."""

import bpy

from .. import problem, properties
from ..properties import SceneSettings
from ..shared.jobs.wording import one_line
from ..shared.language import tr, trn
from ..shared.model import prompts
from ..shared.model.advice import advice
from ..shared.model.parameters import VARIATIONS, Role
from . import models as models_part, rows, texts

PREVIEW_LINES = 4  # of a prompt that its field can't show whole
PREVIEW_LETTERS = 400  # more than these lines hold
CHOICE_LINES = 2  # of what one variation, or one of a list, asks for
LISTED = 4  # prompts of a list that are shown
BUTTON_AND_EDGES = 40  # px at scale 1, beside the prompt in its field


def draw(layout: bpy.types.UILayout, context: bpy.types.Context, settings: SceneSettings) -> None:
    width, prompt = texts.width_of(context), properties.prompt_of(settings)
    row = layout.row(align=True)
    model = properties.model_of(settings)
    field = model.of(Role.PROMPT)
    row.alert = field is not None and problem.field(context) == field.name
    if settings.prompt_text or field is None:
        draw_text(row.column(align=True), settings)
    else:
        row.prop(settings, field.name, text="", placeholder=tr("What should the edit do?"))
        row.operator("fluxdepth.recent_prompt", text="", icon="RECOVER_LAST")
    asked = properties.prompts_of(settings)
    if settings.prompt_text and settings.prompt_list:
        _draw_list(layout, width, asked)
    elif prompts.combinations(prompt) > 1:
        _draw_choices(layout, width, prompt, settings.variations)
    else:
        shown = one_line(prompt[:PREVIEW_LETTERS])
        if shown and (settings.prompt_text or not texts.fits(shown, width, BUTTON_AND_EDGES)):
            texts.paragraph(layout.box(), shown, width, most=PREVIEW_LINES)
    values = {one.name: getattr(settings, one.name) for one in model.parameters}
    texts.paragraph(layout, advice({**values, **model.named({Role.PROMPT: asked[0]})}, model), width)
    models_part.draw_choice(layout, context, settings)


def draw_text(column: bpy.types.UILayout, settings: SceneSettings) -> None:
    """A text data-block, or a text file that becomes one, instead of the field."""
    text = properties.PROMPT_TEXT
    column.template_ID(settings, text, new="fluxdepth.new_prompt_text", open="text.open")
    if settings.prompt_text:
        row = column.row()
        row.use_property_split = False
        row.prop(settings, properties.PROMPT_LIST)


def _draw_list(layout: bpy.types.UILayout, width: int, asked: list[str]) -> None:
    box = layout.box()
    if not asked[0]:
        texts.paragraph(box, tr("The text has no prompt in it yet."), width, icon="INFO")
        return
    words = trn("{count} prompt", "{count} prompts, each with its own edits", len(asked))
    texts.paragraph(box, words.format(count=len(asked)), width)
    for prompt in asked[:LISTED]:
        texts.paragraph(box, one_line(prompt[:PREVIEW_LETTERS]), width, icon="DOT", most=CHOICE_LINES)
    if len(asked) > LISTED:
        texts.paragraph(box, rows.and_more(len(asked) - LISTED), width)


def _draw_choices(layout: bpy.types.UILayout, width: int, prompt: str, variations: int) -> None:
    box = layout.box()
    count, most = prompts.combinations(prompt), int(VARIATIONS.maximum)
    texts.paragraph(box, tr("{count} different prompts. What is asked for:").format(count=count), width)
    for asked in prompts.expanded(prompt, variations):
        texts.paragraph(box, one_line(asked[:PREVIEW_LETTERS]), width, icon="DOT", most=CHOICE_LINES)
    if variations < min(count, most):
        words = tr("Make All {count} as Variations") if count <= most else tr("{count} Variations, the Most at Once")
        box.operator("fluxdepth.all_choices", text=words.format(count=min(count, most)))
