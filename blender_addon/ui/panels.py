"""The sidebar tab "Flux Depth" in the 3D viewport and the image editor. Draws what is; decides and starts nothing."""

from collections.abc import Callable, Mapping
from typing import Any

import bpy

from .. import problem, properties, session
from ..operators import access
from ..pictures import results, sizes
from ..properties import SceneSettings
from ..shared.jobs.wording import short_prompt
from ..shared.model.models import FLUX_DEPTH_PRO
from ..shared.model.parameters import KEEP_TRANSPARENCY, LONGEST_SIDE, UPLOAD_FORMAT
from ..shared.model.presets import advice
from ..shared.pictures.sending import sent_size
from . import presets, rows, texts

RESULTS_SHOWN = 8


def _draw_main(self: bpy.types.Panel, context: bpy.types.Context) -> None:
    layout = self.layout
    settings = properties.of(context.scene)
    if session.info is None:
        session.refresh()
    if _draw_obstacles(layout, context):
        return
    _draw_source(layout, context, settings)
    _draw_prompt(layout, context, settings)
    column = _properties(layout)
    for name in ("steps", "guidance"):
        _field(column, context, name)
    row = _field(column, context, "seed_exact" if settings.seed_exact else "seed", text="Seed")
    row.operator("fluxdepth.dice", text="", icon="FILE_REFRESH")
    _field(column, context, "variations")
    count = settings.variations
    row = layout.row()
    row.scale_y = 1.6
    words = f"Depth Edit  ·  {count} paid edit{'s' if count > 1 else ''}"
    row.operator("fluxdepth.edit", text=words, icon="OUTLINER_OB_IMAGE")
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
            box.operator("fluxdepth.online_preferences", icon="PREFERENCES")
    info = session.info or session.Info()
    if info.pillow:
        texts.paragraph(layout.box(), info.pillow, width, icon="ERROR")
        return True
    if info.problem:
        texts.paragraph(layout.box(), info.problem, width, icon="ERROR")
    elif info.known and not info.key_source:
        box = layout.box()
        words = (
            "The picture and your prompt are sent to 1min.ai, and the edited picture comes back.",
            "Each edit costs credits of your account there.",
            "The key is in your 1min.ai account, under API:",
        )
        for number, line in enumerate(words):
            texts.paragraph(box, line, width, icon="INFO" if number == 0 else "BLANK1")
        preferences = context.preferences.addons[properties.PACKAGE].preferences
        box.prop(preferences, "api_key", text="", icon="KEYINGSET", placeholder="Paste your API key")
    return False


def _draw_source(layout: bpy.types.UILayout, context: bpy.types.Context, settings: SceneSettings) -> None:
    column = layout.column(align=True)
    column.prop(settings, "source", text="")
    if settings.source == "IMAGE":
        row = column.row(align=True)
        row.alert = problem.field(context) == "image"
        row.template_ID(settings, "image", open="image.open")
    note = layout.row()
    note.active = False
    note.label(text=_what_is_sent(context, settings))


def _what_is_sent(context: bpy.types.Context, settings: SceneSettings) -> str:
    size = sizes.size_of(context, settings)
    if not size:
        return _why_nothing(settings)
    width, height = size
    sent = sent_size(width, height, settings.longest_side)
    return f"{width} × {height} px" + (f", sent as {sent[0]} × {sent[1]}" if sent != size else "")


def _why_nothing(settings: SceneSettings) -> str:
    if settings.source == "VIEWPORT":
        return "There is no 3D viewport in this window"
    if settings.source == "IMAGE" and (not settings.image or settings.image.type != "RENDER_RESULT"):
        return "Not loaded yet" if settings.image else "Nothing chosen yet"
    return "No render of this session yet"


def _draw_prompt(layout: bpy.types.UILayout, context: bpy.types.Context, settings: SceneSettings) -> None:
    row = layout.row(align=True)
    row.alert = problem.field(context) == "prompt"
    if settings.prompt_text:
        row.template_ID(settings, "prompt_text")
    else:
        row.prop(settings, "prompt", text="", placeholder="What should the edit do?")
        row.menu("FLUXDEPTH_MT_recent_prompts", text="", icon="RECOVER_LAST")
    column = layout.column()
    column.active = False
    values = {"prompt": properties.prompt_of(settings), "steps": settings.steps, "guidance": settings.guidance}
    texts.paragraph(column, advice(values), texts.width_of(context))


def _draw_more(self: bpy.types.Panel, context: bpy.types.Context) -> None:
    settings = properties.of(context.scene)
    column = _properties(self.layout)
    for parameter in FLUX_DEPTH_PRO.parameters:
        if parameter.advanced:
            _field(column, context, parameter.name)
    column.separator()
    for parameter in (LONGEST_SIDE, UPLOAD_FORMAT, KEEP_TRANSPARENCY):
        _field(column, context, parameter.name)
    column.separator()
    column.prop(settings, "prompt_text")


def _draw_results(self: bpy.types.Panel, _context: bpy.types.Context) -> None:
    layout = self.layout
    found = results.all_results()
    if not found:
        row = layout.row()
        row.active = False
        row.label(text="Results of this file appear here")
        return
    shown = results.shown()
    for image, record in found[:RESULTS_SHOWN]:
        _draw_result(layout, image, record["settings"], image in shown)
    if len(found) > RESULTS_SHOWN:
        row = layout.row()
        row.active = False
        row.label(text=f"and {len(found) - RESULTS_SHOWN} older ones, among the images of this file")


def _draw_result(
    layout: bpy.types.UILayout, image: bpy.types.Image, made_with: Mapping[str, Any], is_shown: bool
) -> None:
    row = layout.box().row()
    if image.preview:
        row.template_icon(icon_value=image.preview.icon_id, scale=3.6)
    column = row.column()
    column.label(text=short_prompt(str(made_with.get("prompt", image.name)), rows.TITLE_LETTERS - 8))
    note = column.row()
    note.active = False
    note.label(text=f"Seed {made_with.get('seed')}  ·  {made_with.get('steps')} steps")
    buttons = column.row(align=True)
    buttons.operator("fluxdepth.show", text="", icon="HIDE_OFF", depress=is_shown).name = image.name
    buttons.operator("fluxdepth.compare", text="", icon="ARROW_LEFTRIGHT").name = image.name
    buttons.operator("fluxdepth.reuse_settings", text="", icon="COPYDOWN").name = image.name
    buttons.operator("fluxdepth.save_as", text="", icon="FILE_TICK").name = image.name


def _properties(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    return column


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


class FLUXDEPTH_MT_recent_prompts(bpy.types.Menu):
    """Prompts of earlier edits, here or in GIMP"""

    bl_label = "Recent Prompts"

    def draw(self, _context: bpy.types.Context) -> None:
        prompts = session.desk.standing.prompts if session.desk.standing else ()
        if not prompts:
            self.layout.label(text="No edits yet")
        for prompt in prompts:
            words = short_prompt(prompt, 80)
            self.layout.operator("fluxdepth.recent_prompt", text=words).prompt = prompt


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
        "bl_category": "Flux Depth",
        "draw": draw,
        **more,
    }
    if parent:
        attributes["bl_parent_id"] = f"{prefix}_{parent}"
    return type(f"{prefix}_{name}", (bpy.types.Panel,), attributes)


def _draw_presets(self: bpy.types.Panel, _context: bpy.types.Context) -> None:
    presets.FLUXDEPTH_PT_presets.draw_panel_header(self.layout)


_PANELS = [
    panel
    for space in ("VIEW_3D", "IMAGE_EDITOR")
    for panel in (
        _panel(space, "main", "Flux Depth", _draw_main, draw_header_preset=_draw_presets),
        _panel(space, "more", "More", _draw_more, parent="main", bl_options={"DEFAULT_CLOSED"}),
        _panel(space, "results", "Results", _draw_results, parent="main"),
    )
]

CLASSES = (FLUXDEPTH_MT_recent_prompts, *_PANELS)
