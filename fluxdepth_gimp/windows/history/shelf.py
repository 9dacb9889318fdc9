"""What the grid shows, read off the main thread: the pages of the history that are in sight, and their pictures."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from gi.repository import GdkPixbuf, GLib

from shared.cancel import CancelToken
from shared.errors import PictureError
from shared.jobs.background import Errands
from shared.storage.journal import Journal
from shared.storage.library import thumbnails
from shared.storage.library.history import PAGE, Edit, History, Page, Query
from windows.history import thumbnail

TICK = 20  # ms
LAST_NOTES = 5.0  # s; each takes milliseconds
PAGES = 8  # that are kept, the ones around what is in sight
PICTURES = 300  # that are kept, some 60 KB each
AT_ONCE = 6  # pictures: few, so that what is scrolled to meanwhile comes next

Key = tuple[str, int]  # job id, index


def key_of(edit: Edit) -> Key:
    return edit.job.id, edit.entry.index


class _Look(NamedTuple):
    """What a worker has read: pages of the query that was the ``number``-th."""

    number: int
    history: History
    pages: list[Page]


class Shelf:
    """See the module. ``changed`` is called in the main thread when there is something new to show.

    ``total`` edits are found by the query, None while nothing was read. ``problems`` are entries that can't be read.
    ``side``, the longest side of a picture in pixels of the screen, is set before the first tick.
    """

    def __init__(self, home: Path, changed: Callable[[], object]) -> None:
        self.total: int | None = None
        self.problems: tuple[str, ...] = ()
        self.side = 1
        self._journal = Journal(home)  # its own: a journal notes its problems in itself
        self._writing = Journal(home)
        self._changed = changed
        self._closed = False
        self._history: History | None = None
        self._query = Query()
        self._asked, self._answered = 1, 0
        self._outdated = False  # the index
        self._pages: dict[int, Sequence[Edit]] = {}
        self._pictures: OrderedDict[Key, GdkPixbuf.Pixbuf | None] = OrderedDict()
        self._in_sight = range(PAGE)
        self._reading = self._looking = False
        self._errands = Errands()
        self._timer = GLib.timeout_add(TICK, self._tick)
        self._read()

    def close(self) -> None:
        """What is being written is written to its end; nothing is told any more."""
        if self._timer:
            GLib.source_remove(self._timer)
        self._timer, self._closed = 0, True
        self._errands.join(LAST_NOTES)

    # What the window asks.

    def find(self, query: Query) -> None:
        """Look for something else; what is shown stays until it is found."""
        self._query = query
        self._ask()

    def refresh(self) -> None:
        """Something in the history has changed."""
        self._outdated = True
        self._ask()

    def write(self, work: Callable[[Journal], object], then: Callable[[object], None]) -> None:
        """Let a worker write; ``then`` gets its answer, or its error."""
        self._errands.start(lambda: work(self._writing), then)
        self._go_on()

    def see(self, in_sight: range) -> None:
        """These positions are in sight now."""
        self._in_sight = in_sight
        self._go_on()

    def edit(self, position: int) -> Edit | None:
        """The edit there, None while it is not read."""
        page = self._pages.get(position // PAGE, ())
        return page[position % PAGE] if position >= 0 and position % PAGE < len(page) else None

    def position(self, key: Key) -> int | None:
        """Where an edit is, among what was read."""
        for number, page in self._pages.items():
            for index, edit in enumerate(page):
                if key_of(edit) == key:
                    return number * PAGE + index
        return None

    def picture(self, edit: Edit) -> GdkPixbuf.Pixbuf | None:
        """The small picture of an edit, None while it is not read or when there is none."""
        return self._pictures.get(key_of(edit))

    def has_none(self, edit: Edit) -> bool:
        """Whether it is known that there is none."""
        return edit.entry.result_file is None or (key_of(edit) in self._pictures and self.picture(edit) is None)

    @property
    def is_current(self) -> bool:
        """Whether what is shown answers what was asked last."""
        return self._answered == self._asked

    # Reading pages.

    def _ask(self) -> None:
        self._asked += 1
        self._go_on()

    def _go_on(self) -> None:
        if self._closed:
            return
        if not self._timer:
            self._timer = GLib.timeout_add(TICK, self._tick)
        self._read()
        self._look()

    def _tick(self) -> bool:
        self._errands.advance()
        if self._errands.busy:
            return GLib.SOURCE_CONTINUE
        self._timer = 0
        return GLib.SOURCE_REMOVE

    def _read(self) -> None:
        """Let a worker read what is missing; one at a time, so that what was overtaken is never read."""
        numbers = list(range(self._in_sight.start // PAGE, max(self._in_sight.stop - 1, 0) // PAGE + 1))
        if self.is_current:
            numbers = [one for one in numbers if one not in self._pages and one * PAGE < (self.total or 0)]
        if self._reading or not numbers:
            return
        self._reading = True
        number, query, history, outdated = self._asked, self._query, self._history, self._outdated
        self._outdated = False

        def work() -> _Look:
            known = history or History(self._journal)
            if history and outdated:
                known.refresh()
            return _Look(number, known, [known.page(query, one) for one in numbers])

        self._errands.start(work, lambda look: self._was_read(numbers, look))

    def _was_read(self, numbers: Sequence[int], look: object) -> None:
        self._reading = False
        if not isinstance(look, _Look):  # a fault of ours; the log has it, and it is not tried again and again
            self.problems = (str(look),)
            self._pages |= dict.fromkeys(numbers, ())
            self._answered = self._asked
        else:
            self._history = look.history
            if look.number == self._asked:
                self._take(look)
        self._changed()
        self._go_on()

    def _take(self, look: _Look) -> None:
        if self._answered != look.number:
            self._pages = {}
        self._answered = look.number
        self.total, self.problems = look.pages[0].total, look.history.problems
        for page in look.pages:
            self._pages[page.number] = page.edits
        middle = (self._in_sight.start + self._in_sight.stop) // 2 // PAGE
        for far in sorted(self._pages, key=lambda one: abs(one - middle))[PAGES:]:
            del self._pages[far]

    # Reading pictures.

    def _look(self) -> None:
        """Let a worker read, or make, the next pictures of what is in sight."""
        edits = [edit for edit in map(self.edit, self._in_sight) if edit]
        for edit in edits:
            if key_of(edit) in self._pictures:
                self._pictures.move_to_end(key_of(edit))
        missing = [edit for edit in edits if edit.entry.result_file and key_of(edit) not in self._pictures][:AT_ONCE]
        if self._looking or not missing:
            return
        self._looking = True
        side = self.side

        def work() -> list[tuple[Edit, GdkPixbuf.Pixbuf | None, bool]]:
            return [(edit, *_small(edit, side)) for edit in missing]

        self._errands.start(work, lambda answer: self._was_looked(missing, answer))

    def _was_looked(self, missing: Sequence[Edit], answer: object) -> None:
        self._looking = False
        found = answer if isinstance(answer, list) else [(edit, None, False) for edit in missing]
        for edit, picture, for_gimp in found:
            if for_gimp and edit.entry.result_file:
                GLib.idle_add(self._let_gimp, edit, edit.entry.result_file)
            self._pictures[key_of(edit)] = picture
        while len(self._pictures) > PICTURES:
            self._pictures.popitem(last=False)
        self._changed()
        self._go_on()

    def _let_gimp(self, edit: Edit, file: Path) -> bool:
        """GIMP opens what GdkPixbuf can't, one at a time, with the main loop between them."""
        if self._closed:
            return GLib.SOURCE_REMOVE
        try:
            data = thumbnail.made_by_gimp(file, thumbnails.LONGEST_SIDE)
        except PictureError:
            data = b""

        def keep() -> None:
            thumbnails.keep(edit.job, edit.entry.index, data)

        def kept(_: object) -> None:
            if data:
                self._pictures.pop(key_of(edit), None)
            self._go_on()

        self._errands.start(keep, kept)
        self._go_on()
        return GLib.SOURCE_REMOVE


def _small(edit: Edit, side: int) -> tuple[GdkPixbuf.Pixbuf | None, bool]:
    """The picture of an edit, made if need be, and whether only GIMP can make it. In a worker."""
    job, index = edit.job, edit.entry.index
    if thumbnails.is_missing(job, index):
        result = edit.entry.result_file
        if result and result.exists() and not thumbnail.can_be_read(result):
            return None, True
        thumbnails.make_missing([(job, index)], thumbnail.made, CancelToken())
    file = thumbnails.file(job, index)
    return (thumbnail.read(file, side) if file else None), False
