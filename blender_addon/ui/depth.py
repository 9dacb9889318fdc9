"""What a panel has of true depth: the range, and what is projected. Draws what is; decides nothing."""

from collections.abc import Mapping
from typing import Any

import bpy

from .. import problem, properties
from ..operators.depth.checking import BY_DEPTH
from ..pictures import results
from ..pictures.depth import eye as eyes, overlay
from ..projection import projecting
from ..properties import DEPTH_RANGE
from ..shared.language import number, tr
from . import texts

Found = list[tuple[bpy.types.Image, dict[str, Any]]]


def draw(self: bpy.types.Panel, context: bpy.types.Context) -> None:
    """The panel below the edit's own settings."""
    layout = self.layout
    settings = properties.of(context.scene)
    switch, *ends = DEPTH_RANGE
    row = layout.row(align=True)
    row.alert = problem.field(context) == switch.name
    row.prop(settings, switch.name)
    row.operator(
        "fluxdepth.show_range", text="", icon="HIDE_OFF", depress=getattr(context.window_manager, overlay.SHOWN)
    )
    column = layout.column(align=True)
    column.enabled = settings.depth_range
    column.use_property_decorate = False
    column.use_property_split = all(texts.fits_split(tr(one.label), texts.width_of(context)) for one in ends)
    for one in ends:
        row = column.row(align=True)
        row.alert = problem.field(context) == one.name
        row.prop(settings, one.name)
        if one is not ends[-1]:
            row.operator("fluxdepth.pick_distance", text="", icon="EYEDROPPER").end = one.name
    if projecting.any_projection():
        column = layout.column(align=True)
        column.operator("fluxdepth.bake_projections", icon="UV_DATA")
        column.operator("fluxdepth.remove_projections", icon="X")


def draw_of_result(column: bpy.types.UILayout, image: bpy.types.Image, record: Mapping[str, Any]) -> None:
    """What can be done with a result that was seen from a known place."""
    origin = record.get("origin")
    if not isinstance(origin, dict) or not isinstance(eyes.of_record(origin), eyes.Eye):
        return
    row = column.row(align=True)
    row.operator("fluxdepth.project", text="", icon="MOD_UVPROJECT").name = image.name
    share = results.check_of(record)
    words = "" if share is None else tr("Depth {percent} %").format(percent=number(100 * share))
    row.operator("fluxdepth.depth_check", text=words, icon="CON_DISTLIMIT").name = image.name


def sorted_results(layout: bpy.types.UILayout, context: bpy.types.Context, found: Found) -> Found:
    """In the order that is chosen; which is asked where there are variations to be sorted."""
    checked = [results.key_of(record)[0] for _, record in found if results.check_of(record) is not None]
    if len(set(checked)) == len(checked):
        return found
    layout.prop(context.window_manager, BY_DEPTH)
    return results.best_first(found) if getattr(context.window_manager, BY_DEPTH) else found
