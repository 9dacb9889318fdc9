"""The sidebar tab "Flux Depth" in the 3D viewport and the image editor. Draws what is; decides and starts nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import bpy

from .. import problem, properties, session, translation
from ..operators import access, offered, presets, results as on_results, service
from ..pictures import beside, comparing, results, sizes
from ..properties import SceneSettings
from ..shared.jobs.wording import expected, numbers, one_line, returned
from ..shared.language import N_, tr, trn
from ..shared.model import models
from ..shared.model.edit import DepthEdit
from ..shared.model.parameters import OF_BOTH_HOSTS, VARIATIONS, Kind, Parameter, Role
from ..shared.pictures.sending import KEPT, Kept, sent_size
from . import depth, history, models as models_part, prompts, rows, texts
from .preferences import key_buttons

CHOICES = 4  # beside each other
TITLE_LINES = 2
SHORT_LABEL = 5  # letters that have room there
THUMBNAIL = 3.0  # in heights of a button
THUMBNAIL_WIDTH = 70  # px at scale 1


def _draw_main(self: bpy.types.Panel, context: bpy.types.Context) -> None:
    translation.follow()
    layout = self.layout
    settings = properties.of(context.scene)
    if session.info is None:
        session.refresh()
    offered.look()
    presets.take_over()
    if _draw_obstacles(layout, context):
        return
    _draw_source(layout, context, settings)
    prompts.draw(layout, context, settings)
    column = _properties(layout)
    shown = (*properties.model_of(settings).main, VARIATIONS)
    column.use_property_split = all(texts.fits_split(tr(one.label), texts.width_of(context)) for one in shown)
    for parameter in properties.model_of(settings).main:
        if parameter.role is Role.SEED:
            name = properties.SEED_EXACT if settings.seed_exact else parameter.name
            row = _field(column, context, name, text=tr(parameter.label))
            row.operator("fluxdepth.dice", text="", icon="FILE_REFRESH")
        else:
            _field(column, context, parameter.name)
    _field(column, context, "variations")
    models_part.draw_button(layout, context, settings)
    rows.draw_jobs(layout, context)
    rows.draw_owed(layout, context)


def _draw_obstacles(layout: bpy.types.UILayout, context: bpy.types.Context) -> bool:
    """What keeps every edit from working, each with the way out; True when nothing else is worth showing."""
    width = texts.width_of(context)
    reason = access.online_access_problem()
    if reason:
        box = layout.box()
        texts.paragraph(box, f"{reason}.", width, icon="INTERNET_OFFLINE")
        if not bpy.app.online_access_override:
            box.operator("fluxdepth.online_preferences", text=tr("System Preferences"), icon="PREFERENCES")
    info = session.info or session.Info()
    if info.pillow:
        texts.paragraph(layout.box(), info.pillow, width, icon="ERROR")
        return True
    if info.problem:
        texts.paragraph(layout.box(), info.problem, width, icon="ERROR")
    if info.known and (service.fresh or not info.key_source):
        _draw_key(layout.box(), context, bool(info.key_source or info.problem))
    return False


def _draw_key(box: bpy.types.UILayout, context: bpy.types.Context, known: bool) -> None:
    """Asks for the key; after that, for whether it is a good one, until the first edit."""
    width = texts.width_of(context)
    if not known:
        words = (
            tr("The picture and your prompt are sent to 1min.ai, and the edited picture comes back."),
            tr("Each edit costs credits of your account there."),
            tr("The key is in your 1min.ai account, under API:"),
        )
        for number, line in enumerate(words):
            texts.paragraph(box, line, width, icon="INFO" if number == 0 else "BLANK1")
    preferences = context.preferences.addons[properties.PACKAGE].preferences
    row = box.row()
    row.alert = bool(service.refused)
    asks = tr("Paste another API key") if known else tr("Paste your API key")
    row.prop(preferences, "api_key", text="", icon="KEYINGSET", placeholder=asks)
    if service.said:
        texts.paragraph(box, service.said, width, icon="ERROR" if service.refused else "INFO")
    key_buttons(box)


def _draw_source(layout: bpy.types.UILayout, context: bpy.types.Context, settings: SceneSettings) -> None:
    column = layout.column(align=True)
    column.prop(settings, "source", text="")
    if settings.source == "IMAGE":
        row = column.row(align=True)
        row.alert = problem.field(context) == "image"
        row.template_ID(settings, "image", open="image.open")
    texts.paragraph(layout, _what_is_sent(context, settings), texts.width_of(context))


def _what_is_sent(context: bpy.types.Context, settings: SceneSettings) -> str:
    size = sizes.size_of(context, settings)
    if not size:
        return _why_nothing(settings)
    width, height = size
    sent = sent_size(width, height, settings.longest_side)
    words = tr("{width} × {height} px") if sent == size else tr("{width} × {height} px, sent as {sent} × {sent_height}")
    shown = words.format(width=width, height=height, sent=sent[0], sent_height=sent[1])
    more = expected(width, height, settings.keep_detail, settings.keep_detail)
    return f"{shown}. {more}" if more else shown


def _why_nothing(settings: SceneSettings) -> str:
    if settings.source == "VIEWPORT":
        return tr("There is no 3D viewport in this window")
    if settings.source == "IMAGE" and (not settings.image or settings.image.type != "RENDER_RESULT"):
        return tr("Not loaded yet") if settings.image else tr("Nothing chosen yet")
    return tr("No render of this session yet")


def _draw_more(self: bpy.types.Panel, context: bpy.types.Context) -> None:
    width = texts.width_of(context)
    parameters = [one for one in properties.model_of(properties.of(context.scene)).parameters if one.advanced]
    parameters += [one for one in OF_BOTH_HOSTS if one.advanced]
    named = [one for one in parameters if one.kind is not Kind.BOOLEAN]  # before it; a checkbox has its name behind it
    split = all(texts.fits_split(tr(one.label), width) for one in named)
    column = _properties(self.layout)
    for parameter in parameters:
        column.use_property_split = split and parameter in named
        if parameter.kind is Kind.CHOICE and parameter.role:
            _choice(column, context, parameter)
        elif split or parameter not in named:
            _field(column, context, parameter.name)
        else:
            column.label(text=tr(parameter.label))
            _field(column, context, parameter.name, text="")
    column.label(text=tr("Prompt text"))
    prompts.draw_text(column, properties.of(context.scene))


def _draw_results(self: bpy.types.Panel, context: bpy.types.Context) -> None:
    layout, width = self.layout, texts.width_of(context)
    found = results.all_results()
    if not found:
        texts.paragraph(layout, tr("Results of this file appear here"), width)
        return
    found = depth.sorted_results(layout, context, found)
    shown, compared = results.shown(), comparing.compared()
    for number, (image, record) in enumerate(found):
        # An older one that the editor shows can be worked with as well.
        if number < on_results.listed or image in shown:
            divided = bool(compared and compared[0] == image)
            _draw_result(layout.box(), width, image, record, image in shown, divided)
            if divided:
                layout.prop(context.window_manager, comparing.DIVIDER, slider=True)
    if len(found) > on_results.listed:
        count = len(found) - on_results.listed
        words = trn("{count} Older Result", "{count} Older Results", count)
        layout.operator("fluxdepth.list_more", text=words.format(count=count), icon="TRIA_DOWN")


def _draw_result(
    box: bpy.types.UILayout,
    width: int,
    image: bpy.types.Image,
    record: Mapping[str, Any],
    is_shown: bool,
    is_divided: bool,
) -> None:
    edit = DepthEdit.recorded(record["settings"], str(record.get("model", "")))
    prompt = one_line(edit.prompt or image.name)
    texts.paragraph(box, prompt, width, most=TITLE_LINES)
    row = box.row()
    if image.preview:
        row.template_icon(icon_value=image.preview.icon_id, scale=THUMBNAIL)
    column = row.column()
    note = numbers(edit)
    if edit.model is not models.DEFAULT:
        note += f" · {edit.model.label}"
    texts.paragraph(column, note, width, beside=THUMBNAIL_WIDTH)
    if kept := Kept.recorded(record.get(KEPT)):
        texts.paragraph(column, returned(kept), width, beside=THUMBNAIL_WIDTH)
    buttons = column.row(align=True)
    buttons.operator("fluxdepth.show", text="", icon="HIDE_OFF", depress=is_shown).name = image.name
    buttons.operator("fluxdepth.compare", text="", icon="ARROW_LEFTRIGHT").name = image.name
    divided = buttons.operator("fluxdepth.compare_divided", text="", icon="IMAGE_ALPHA", depress=is_divided)
    divided.name = image.name
    two = buttons.operator("fluxdepth.compare_beside", text="", icon="MOD_MIRROR", depress=beside.is_on(image))
    two.name = image.name
    buttons = column.row(align=True)
    buttons.operator("fluxdepth.edit_again", text="", icon="FILE_REFRESH").name = image.name
    buttons.operator("fluxdepth.reuse_settings", text="", icon="COPYDOWN").name = image.name
    buttons.operator("fluxdepth.save_as", text="", icon="FILE_TICK").name = image.name
    depth.draw_of_result(column, image, record)


def _properties(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


def _choice(column: bpy.types.UILayout, context: bpy.types.Context, parameter: Parameter) -> None:
    """What the chosen model has to choose from; the property has the choices of all models."""
    column.label(text=tr(parameter.label))
    # A long one has a row of its own.
    wide = [choice for choice in parameter.choices if len(tr(choice.label)) > SHORT_LABEL]
    narrow = [choice for choice in parameter.choices if choice not in wide]
    rows_of = [[one] for one in wide] + [narrow[at : at + CHOICES] for at in range(0, len(narrow), CHOICES)]
    for choices in rows_of:
        row = column.row(align=True)
        row.use_property_split = False
        row.alert = problem.field(context) == parameter.name
        for choice in choices:
            row.prop_enum(properties.of(context.scene), parameter.name, choice.value)


def _field(
    column: bpy.types.UILayout, context: bpy.types.Context, name: str, text: str | None = None
) -> bpy.types.UILayout:
    row = column.row(align=True)
    row.alert = problem.field(context) == name
    if text is None:
        row.prop(properties.of(context.scene), name)
    else:
        row.prop(properties.of(context.scene), name, text=text)
    return row


def _panel(
    space: str,
    name: str,
    label: str,
    draw: Callable[[bpy.types.Panel, bpy.types.Context], None],
    parent: str = "",
    **more: object,
) -> type:
    """A panel class for one kind of editor: Blender wants one class for each."""
    prefix = f"FLUXDEPTH_PT_{space.lower()}"
    attributes = {
        "bl_label": label,
        "bl_space_type": space,
        "bl_region_type": "UI",
        "bl_category": properties.TAB,
        "draw": draw,
        **more,
    }
    if parent:
        attributes["bl_parent_id"] = f"{prefix}_{parent}"
    return type(f"{prefix}_{name}", (bpy.types.Panel,), attributes)


def _draw_presets(self: bpy.types.Panel, _context: bpy.types.Context) -> None:
    self.layout.emboss = "NONE"
    self.layout.menu("FLUXDEPTH_MT_presets", text="", icon="PRESET")


_PANELS = [
    panel
    for space in ("VIEW_3D", "IMAGE_EDITOR")
    for panel in (
        _panel(space, "main", "Flux Depth", _draw_main, draw_header_preset=_draw_presets),
        _panel(space, "more", N_("More"), _draw_more, parent="main", bl_options={"DEFAULT_CLOSED"}),
        _panel(space, "depth", N_("Depth"), depth.draw, parent="main", bl_options={"DEFAULT_CLOSED"}),
        _panel(space, "results", N_("Results"), _draw_results, parent="main"),
        _panel(space, "history", N_("History"), history.draw, parent="main", bl_options={"DEFAULT_CLOSED"}),
    )
]

CLASSES = (*_PANELS,)
