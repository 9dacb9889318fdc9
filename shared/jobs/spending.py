"""Credits spent, from the journal: by document, day and month; and the limits that the artist has set.

A price is what the service's list said when the edit was started. What was trimmed from the history is added up in
``spent.json`` beside it. An edit that may have been billed counts.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..errors import LargeOrderError, LimitError
from ..language import english, number, tr, trn
from ..model.model import Model
from ..service import offers
from ..storage import files, locks, settings as settings_module
from ..storage.entries import Destination, EditState
from ..storage.journal import Journal
from ..storage.library.index import Summary
from .wording import order, where

COUNTED = {one.value for one in (EditState.SUBMITTING, EditState.TAKEN, EditState.DONE, EditState.UNCERTAIN)}
LOCK_WAIT = 2.0  # s
SHOWN = 5  # documents


@dataclass
class Spent:
    """Credits by day (``2026-01-31``) and by document; ``unpriced`` edits were made when no price was known."""

    days: Counter[str] = field(default_factory=Counter)
    documents: Counter[str] = field(default_factory=Counter)  # in English, as they are written
    unpriced: int = 0
    _shown: dict[str, str] = field(default_factory=dict, compare=False)  # as the artist reads them

    @property
    def months(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for day, credits in self.days.items():
            found[day[:7]] += credits
        return found

    def add(self, job: Summary) -> None:
        count = sum(edit.state in COUNTED for edit in job.edits)
        if not count:
            return
        if job.credits is None:
            self.unpriced += count
            return
        self.days[_day(job.created)] += count * job.credits
        there = Destination(job.host, job.path, title=job.title, files=job.files)
        shown = where(there)
        self.documents[english(shown)] += count * job.credits
        self._shown[english(shown)] = shown

    def lines(self, now: float | None = None) -> list[str]:
        """In the artist's words, for the settings of both hosts."""
        today = _day(time.time() if now is None else now)
        words = tr("Today {day} credits, this month {month}.")
        told: list[str] = [words.format(day=number(self.days[today]), month=number(self.months[today[:7]]))]
        if earlier := sorted((month for month in self.months if month != today[:7]), reverse=True)[:3]:
            months = ", ".join(f"{month} {number(self.months[month])}" for month in earlier)
            told.append(tr("Before: {months}.").format(months=months))
        if self.documents:
            most = self.documents.most_common(SHOWN)
            names = ", ".join(f"{self._shown.get(name, name)} {number(credits)}" for name, credits in most)
            told.append(tr("Most for {names}.").format(names=names))
        if self.unpriced:
            words = trn(
                "{count} edit more, whose price was not known.",
                "{count} edits more, whose price was not known.",
                self.unpriced,
            )
            told.append(words.format(count=number(self.unpriced)))
        return told


def spent(journal: Journal) -> Spent:
    """All that is known. Raises nothing."""
    found = _trimmed(journal)
    for job in journal.summaries():
        found.add(job)
    return found


def trim(journal: Journal, keep: int) -> None:
    """As :meth:`Journal.trim`, without losing what the removed jobs have cost. Raises :class:`StorageError`."""
    _without(journal, lambda: journal.trim(keep))


def delete(journal: Journal, job_id: str, index: int) -> None:
    """As :meth:`Journal.delete`, without losing what a removed job has cost. Raises what that does."""

    def remove() -> list[Summary]:
        gone = journal.delete(job_id, index)
        return [gone] if gone else []

    _without(journal, remove)


def _without(journal: Journal, remove: Callable[[], list[Summary]]) -> None:
    lock = locks.acquired(journal.home, LOCK_WAIT, "spent.lock")
    try:
        removed = remove()
        if removed:
            sums = _trimmed(journal)
            for job in removed:
                sums.add(job)
            data = {"days": sums.days, "documents": sums.documents, "unpriced": sums.unpriced}
            files.write_by_rename(journal.home / "spent.json", json.dumps(data, indent=1).encode())
    finally:
        lock.release()


def check(journal: Journal, model: Model, count: int, confirmed: bool) -> int | None:
    """What an edit by ``model`` costs, None when that is not known.

    Raises :class:`LimitError` when ``count`` edits would pass the month's limit, and, when nobody has said that it is
    meant, :class:`LargeOrderError` for more than the artist wants to be asked about.
    """
    chosen = settings_module.load(journal.home)
    known = offers.known(journal.home)
    price = known.price(model) if known else None
    if chosen.monthly_limit:
        used = spent(journal).months[_day(time.time())[:7]]
        if used + count * (price or 0) > chosen.monthly_limit or used >= chosen.monthly_limit:
            raise LimitError.of(used, chosen.monthly_limit, order(count, price))
    if not confirmed and 0 < chosen.ask_above < count:
        raise LargeOrderError(tr("These are {order}.").format(order=order(count, price)))
    return price


def _trimmed(journal: Journal) -> Spent:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        stored = files.parsed((journal.home / "spent.json").read_bytes())
        days, documents = (Counter(dict(_numbers(stored[name]))) for name in ("days", "documents"))
        return Spent(days, documents, int(stored["unpriced"]))
    return Spent()


def _numbers(stored: dict[str, object]) -> Iterator[tuple[str, int]]:
    for name, value in stored.items():
        if isinstance(value, int):
            yield name, value


def _day(when: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(when))
