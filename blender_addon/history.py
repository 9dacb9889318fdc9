"""What the History panel shows: a page of the edits of both hosts and of the command, and their thumbnails as icons.

It is read in the background, one read at a time, when the panel is drawn: a draw waits for no disk. Knows no panel.
"""

import contextlib
from dataclasses import dataclass
from typing import Protocol

import bpy
import bpy.utils.previews

from . import session, ticker
from .host import document
from .pictures import icons
from .shared.cancel import CancelToken
from .shared.errors import FluxDepthError, PictureError
from .shared.jobs.wording import kept_words
from .shared.language import N_
from .shared.pictures import imaging
from .shared.pictures.imaging import Pixels
from .shared.storage.journal import Journal
from .shared.storage.library import thumbnails
from .shared.storage.library.history import Edit, History, Page, Query, Show, disk_use

PAGE = 12  # edits: whole rows of 2, 3, 4, 6 and 12
EMPTY = Page((), 0, 1, 0)

Key = tuple[str, int]  # of an edit: its job and its index

page: Page | None = None  # None: nothing was read yet
problems: tuple[str, ...] = ()  # entries that can't be read
reading = False
chosen: Key | None = None
kept = ""  # how many edits there are, and their disk

_history: History | None = None  # belongs to the worker while ``reading``
_wanted = False  # another read has to follow the one under way
_stale = False  # … and the journal may have changed
_number = 0  # of the page that is wanted
_standing: object = None  # the desk's, when the page was read last, and …
_kept_of: object = None  # … when the disk was
_collection: bpy.utils.previews.ImagePreviewCollection | None = None
_icons: dict[Key, int] = {}


class Asked(Protocol):
    """What the artist looks for; ``show`` is the name of a :class:`Show`, ``page`` counts from 1."""

    search: str
    show: str
    page: int


@dataclass(frozen=True)
class _Read:
    """What a read gives. ``missing`` have a result and no thumbnail."""

    history: History
    page: Page
    pictures: dict[Key, Pixels]
    missing: tuple[Edit, ...]


# What the panel and the operators call.


def key_of(edit: Edit) -> Key:
    return edit.job.id, edit.entry.index


def icon_of(edit: Edit) -> int:
    """Blender's number of its thumbnail; 0 while there is none."""
    return _icons.get(key_of(edit), 0)


def shown(key: Key | None) -> Edit | None:
    """The edit, when the page has it."""
    return next((edit for edit in page.edits if key_of(edit) == key), None) if page else None


def follow() -> None:
    """Called when the panel is drawn: reads, when nothing was read yet or the desk has looked at the disk since."""
    global _standing
    if (page is None and not reading) or session.desk.standing is not _standing:
        _standing = session.desk.standing
        look(anew=True)


def follow_the_disk() -> None:
    """The same for how much the history holds, which takes longer."""
    global _kept_of
    if session.desk.standing is _kept_of:
        return
    _kept_of = session.desk.standing

    def then(answer: str | FluxDepthError) -> None:
        global kept
        kept = str(answer)
        ticker.settle_panels()

    ticker.after(lambda: kept_words(*disk_use(Journal())), then)


def look(anew: bool = False) -> None:
    """Reads the page that is wanted, in the background; ``anew`` says that the journal may have changed."""
    global _wanted, _stale
    _wanted, _stale = True, _stale or anew
    if not reading:
        _start()


def turn(pages: int) -> None:
    """To a later page, or an earlier one."""
    global _number
    _number = max(0, min(_number + pages, page.count - 1 if page else 0))
    look()


# Reading.


def _start() -> None:
    global reading, _wanted, _stale
    anew, history, number = _stale, _history, _number
    reading, _wanted, _stale = True, False, False
    here = document()
    query = Query(asked().search, Show[asked().show], here.path, here.session)

    def read() -> _Read:
        found = history or History(Journal())
        if history and anew:
            found.refresh()
        page = found.page(query, number, PAGE)
        able = not imaging.missing()
        pictures = {key_of(edit): picture for edit in page.edits if able and (picture := _picture(edit))}
        missing = [one for one in page.edits if able and thumbnails.is_missing(one.job, one.entry.index)]
        return _Read(found, page, pictures, tuple(missing))

    ticker.after(read, _take)


def _picture(edit: Edit) -> Pixels | None:
    file = thumbnails.file(edit.job, edit.entry.index)
    with contextlib.suppress(PictureError):
        return imaging.icon_of(file) if file else None
    return None


def _take(answer: _Read | FluxDepthError) -> None:
    global page, problems, reading, _history, _number
    reading = False
    if isinstance(answer, FluxDepthError):
        page, problems = page or EMPTY, (str(answer),)
    else:
        _history, page, problems = answer.history, answer.page, answer.history.problems
        _show_icons(answer.pictures)
        if not _wanted:
            _number = page.number  # there may be fewer than there were
            _make(page, answer.missing)
    if _wanted:
        _start()
    ticker.settle_panels()


def _make(of: Page, missing: tuple[Edit, ...]) -> None:
    """Makes the thumbnails that are missing, one after the other, as long as their page is shown."""
    if page is not of or not missing:
        return
    edit = missing[0]

    def make() -> Pixels | None:
        thumbnails.make_missing([(edit.job, edit.entry.index)], imaging.thumbnail, CancelToken())
        return _picture(edit)

    def then(answer: Pixels | None | FluxDepthError) -> None:
        if page is of and isinstance(answer, Pixels):
            _add_icon(key_of(edit), answer)
            ticker.settle_panels()
        _make(of, missing[1:])

    ticker.after(make, then)


# Icons. Their pixels are handed over: Blender itself would read the files in a draw, and keep copies of its own.


def _show_icons(pictures: dict[Key, Pixels]) -> None:
    """Those of a page, instead of all others."""
    global _collection
    release_icons()
    _collection = bpy.utils.previews.new()
    for key, picture in pictures.items():
        _add_icon(key, picture)


def _add_icon(key: Key, picture: Pixels) -> None:
    assert _collection is not None
    preview = _collection.new(f"{key[0]} {key[1]}")
    icons.fill(preview, picture)
    _icons[key] = preview.icon_id


def release_icons() -> None:
    global _collection
    _icons.clear()
    if _collection is not None:
        bpy.utils.previews.remove(_collection)
        _collection = None


# What is asked for. It belongs to the window manager: not to a file, nor to undo.


def _changed(_settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    global _number
    _number = 0
    look()


def _get_page(_settings: bpy.types.PropertyGroup) -> int:
    return _number + 1


def _set_page(_settings: bpy.types.PropertyGroup, number: int) -> None:
    turn(number - 1 - _number)


_SHOWN = (
    (Show.ALL, N_("All"), N_("Every edit, of GIMP, Blender and the command")),
    (Show.DOCUMENT, N_("This file"), N_("Edits that belong to the open file")),
    (Show.FAVOURITES, N_("Favourites"), N_("Edits with a star")),
    (Show.UNFINISHED, N_("Unfinished"), N_("Edits that are still to be fetched, or may have been billed")),
)

FluxDepthHistory = type(
    "FluxDepthHistory",
    (bpy.types.PropertyGroup,),
    {
        "__doc__": "What the artist looks for in the history.",
        "__annotations__": {
            "search": bpy.props.StringProperty(
                name=N_("Search"),
                description=N_("Words of the prompt or of the file's name, in any order"),
                options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
                update=_changed,
            ),
            "show": bpy.props.EnumProperty(
                name=N_("Show"),
                description=N_("Which edits are shown"),
                items=[(one.name, label, about) for one, label, about in _SHOWN],
                options={"SKIP_SAVE"},
                update=_changed,
            ),
            "page": bpy.props.IntProperty(
                name=N_("Page"), description=N_("Which page is shown"), min=1, get=_get_page, set=_set_page
            ),
        },
    },
)

CLASSES = (FluxDepthHistory,)


def asked() -> Asked:
    """What the artist looks for."""
    found: Asked = bpy.context.window_manager.fluxdepth_history  # type: ignore[attr-defined]  # from `register` on
    return found


def register() -> None:
    bpy.types.WindowManager.fluxdepth_history = bpy.props.PointerProperty(  # type: ignore[attr-defined]
        type=FluxDepthHistory
    )


def unregister() -> None:
    """Lets go of all; what a read under way gives is not shown any more."""
    global page, problems, reading, chosen, kept, _history, _wanted, _standing, _kept_of, _number
    release_icons()
    page, problems, reading, chosen, kept = None, (), False, None, ""
    _history, _wanted, _standing, _kept_of, _number = None, False, None, None, 0
    del bpy.types.WindowManager.fluxdepth_history  # type: ignore[attr-defined]
