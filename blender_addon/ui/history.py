"""The History panel: a grid of thumbnails that pages, and the chosen edit. Draws what was read; reads nothing."""

import functools
from typing import TYPE_CHECKING

import bpy

from .. import history, session
from ..shared.jobs import wording
from ..shared.jobs.owed import discardable
from ..shared.language import number, tr
from ..shared.storage.entries import EditState
from ..shared.storage.library.history import Edit, Page, Show
from . import texts
from .rows import and_more

if TYPE_CHECKING:
    from bpy.stub_internal.rna_enums import IconItems

COLUMNS = (2, 3, 4, 6, 12)
TILE = 72  # px at scale 1 that a tile has at least
UNIT = 20  # px at scale 1: the height of a button, of which Blender reckons the size of an icon
TILE_EDGES = 20  # px at scale 1 of a button beside its words
PROMPT_LINES = 8
PROBLEMS_SHOWN = 3

_ICONS: dict[EditState, "IconItems"] = {
    EditState.PREPARED: "CANCEL",
    EditState.SUBMITTING: "TIME",
    EditState.TAKEN: "IMPORT",
    EditState.DONE: "IMAGE_DATA",
    EditState.FAILED: "ERROR",
    EditState.UNCERTAIN: "QUESTION",
    EditState.STOPPED: "CANCEL",
}


def draw(self: bpy.types.Panel, context: bpy.types.Context) -> None:
    layout, width = self.layout, texts.width_of(context)
    history.follow()
    asked, page = history.asked(), history.page
    row = layout.row(align=True)
    row.prop(asked, "search", text="", icon="VIEWZOOM", placeholder=tr("Prompt or file"))
    row.operator("fluxdepth.history_refresh", text="", icon="FILE_REFRESH")
    layout.prop(asked, "show", text="")
    if page is None:
        layout.label(text=tr("Reading…"))
        return
    if page.edits:
        _draw_grid(layout, width, page)
        _draw_pages(layout, page)
    elif history.reading:
        layout.label(text=tr("Reading…"))
    else:
        nothing = not asked.search and asked.show == Show.ALL.name
        words = tr("Every edit will be listed here with its result") if nothing else tr("No edit is found")
        texts.paragraph(layout, words, width)
    edit = history.shown(history.chosen)
    if edit:
        _draw_chosen(layout.box(), width, edit)
    for words in history.problems[:PROBLEMS_SHOWN]:
        texts.paragraph(layout, words, width, icon="ERROR")
    if len(history.problems) > PROBLEMS_SHOWN:
        texts.paragraph(layout, and_more(len(history.problems) - PROBLEMS_SHOWN), width)


def _draw_grid(layout: bpy.types.UILayout, width: int, page: Page) -> None:
    room = width / texts.scale() - texts.PANEL
    columns = max((count for count in COLUMNS if count * TILE <= room), default=COLUMNS[0])
    tile = room / columns
    grid = layout.grid_flow(row_major=True, columns=columns, even_columns=True, even_rows=True, align=True)
    for edit in page.edits:
        column = grid.column(align=True)
        icon = history.icon_of(edit)
        column.template_icon(icon_value=icon or _number_of(_ICONS[edit.entry.state]), scale=tile / UNIT)
        mark = _mark(edit) if icon else "NONE"
        room_of_words = tile - TILE_EDGES - (0 if mark == "NONE" else UNIT)
        prompt = wording.one_line(edit.job.asked(edit.entry).prompt)
        choose = column.operator(
            "fluxdepth.history_choose",
            text=texts.cut(prompt, room_of_words),
            icon=mark,
            depress=history.key_of(edit) == history.chosen,
        )
        choose.job, choose.index = history.key_of(edit)
    for _ in range(columns - len(page.edits)):  # Blender gives the room of columns that are not there to the others
        grid.label(text="")


def _mark(edit: Edit) -> "IconItems":
    """What is to be seen beside a thumbnail at a glance."""
    if edit.entry.pending:
        return "IMPORT"
    return "SOLO_ON" if edit.entry.starred else "NONE"


@functools.cache
def _number_of(icon: "IconItems") -> int:
    items = bpy.types.UILayout.bl_rna.functions["prop"].parameters["icon"].enum_items  # type: ignore[attr-defined]
    return int(items[icon].value)


def _draw_pages(layout: bpy.types.UILayout, page: Page) -> None:
    first = page.number * history.PAGE + 1
    words = tr("{first}–{last} of {total}").format(
        first=number(first), last=number(first + len(page.edits) - 1), total=number(page.total)
    )
    layout.label(text=tr("Reading…") if history.reading else words)
    if page.count > 1:
        row = layout.row(align=True)
        _draw_turn(row, page, -1, "TRIA_LEFT")
        row.prop(history.asked(), "page")
        _draw_turn(row, page, 1, "TRIA_RIGHT")


def _draw_turn(row: bpy.types.UILayout, page: Page, pages: int, icon: "IconItems") -> None:
    button = row.row(align=True)
    button.enabled = 0 <= page.number + pages < page.count
    button.operator("fluxdepth.history_page", text="", icon=icon).pages = pages


def _draw_chosen(box: bpy.types.UILayout, width: int, edit: Edit) -> None:
    job, entry = edit.job, edit.entry
    asked = job.asked(entry)
    texts.paragraph(box, wording.one_line(asked.prompt), width, most=PROMPT_LINES)
    about = box.column(align=True)
    texts.paragraph(about, f"{wording.numbers(asked)} · {asked.model.label}", width)
    texts.paragraph(about, f"{wording.state_words(entry)} · {wording.when(job)}", width)
    where = wording.where(job.destination)
    texts.paragraph(about, f"{where[0].upper()}{where[1:]}", width)
    if entry.error:
        texts.paragraph(box, entry.error, width, icon="ERROR")
    ticket = next((one for one in session.desk.tickets if one.job_id == job.id and one.active), None)
    if ticket:
        texts.paragraph(box, ticket.progress.text, width)
    column = box.column(align=True)
    if entry.state in (EditState.DONE, EditState.TAKEN):
        row = column.row(align=True)
        row.enabled = ticket is None
        words = tr("Fetch") if entry.state is EditState.TAKEN else tr("Import as Image")
        _operator(row, "fluxdepth.history_import", edit, "IMPORT", words)
    if entry.pending and discardable(job, entry):
        row = column.row(align=True)
        row.enabled = ticket is None
        _operator(row, "fluxdepth.history_discard", edit, "X", tr("Discard"))
    _operator(column, "fluxdepth.history_use", edit, "COPYDOWN", tr("Use These Settings"))
    row = box.row(align=True)
    _operator(row, "fluxdepth.history_star", edit, "SOLO_ON" if entry.starred else "SOLO_OFF")
    _operator(row, "fluxdepth.history_copy_prompt", edit, "TEXT")
    _operator(row, "fluxdepth.history_show_file", edit, "FILE_FOLDER")
    delete = row.row(align=True)
    delete.enabled = not entry.pending and ticket is None
    _operator(delete, "fluxdepth.history_delete", edit, "TRASH")
    if entry.uuid and not entry.result_file:  # what lies on the disk already is not the vendor's to find
        row = box.row()
        texts.paragraph(row, tr("Id {id}").format(id=entry.uuid), width, beside=UNIT)
        row.operator("fluxdepth.copy_id", text="", icon="COPYDOWN", emboss=False).ids = entry.uuid


def _operator(layout: bpy.types.UILayout, name: str, edit: Edit, icon: "IconItems", text: str = "") -> None:
    button = layout.operator(name, text=text, icon=icon)
    button.job, button.index = history.key_of(edit)
