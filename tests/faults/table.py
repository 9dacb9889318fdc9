"""The cells as tests record them, and the table that is made of them."""

from __future__ import annotations

import contextlib
import enum
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LINES = Path(__file__).parents[2] / "build" / "faults.jsonl"

STAGES = (
    "start",
    "preparing",
    "upload",
    "submit",
    "wait",
    "download",
    "arriving",
    "unsaved",  # it has arrived, and its document was not saved
    "recover",
    "whole",  # the fault lasts from the first to the last stage
)


class Recovered(enum.Enum):
    """What became of the result. The value is how the table says it."""

    NOTHING = "nothing to recover"  # nothing was taken by the service
    ARRIVED = "arrived all the same"
    FETCHED = "recovered"  # by Recover, or by the same command
    UNCERTAIN = "uncertain, and told"  # may have been billed and can't be found again
    FINAL = "the service has none, and told"  # the record itself says so


CAME = (Recovered.ARRIVED, Recovered.FETCHED)


class Found:
    """What one cell found; :meth:`end` tells it, once."""

    def __init__(self, where: str, stage: str, fault: str, record: Recorder) -> None:
        self._name = (where, stage, fault)
        self._record = record
        self.ended = False

    def end(self, *, submits: int, recovered: Recovered, equal: bool | None = None, asked: int = 1) -> None:
        """``submits`` is how many paid calls reached the service; ``equal`` whether what came is as if undisturbed.

        Fails (AssertionError) when that is not what was promised. A free call that was repeated is no submit; a submit
        that the service provably turned down (a typed 4xx) is none either.
        """
        assert not self.ended, f"{self._name} ended twice"
        self.ended = True
        if recovered is Recovered.NOTHING:
            good = submits == 0 and equal is None
        elif recovered in CAME:
            good = submits == asked and equal is True
        else:
            good = submits <= asked and equal is None
        self._record.write(
            cell=self._name, submits=submits, asked=asked, recovered=recovered.value, equal=equal, good=good
        )
        assert good, f"{self._name}: {submits} of {asked} submits, {recovered.value}, equal: {equal}"


class Recorder:
    """Appends the lines of one test; whole lines, from however many processes."""

    def __init__(self, test: str, path: Path = LINES) -> None:
        self._test = test
        self._path = path

    def write(self, **facts: Any) -> None:
        self._path.parent.mkdir(exist_ok=True)
        line = json.dumps({"test": self._test, **facts}, ensure_ascii=False).encode() + b"\n"
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)


class Cells:
    """The fixture `cell` of one test; called for each of its cells."""

    def __init__(self, record: Recorder) -> None:
        self._record = record

    @contextlib.contextmanager
    def __call__(self, where: str, stage: str, fault: str) -> Iterator[Found]:
        """A cell; the block has to :meth:`Found.end` it."""
        assert stage in STAGES, stage
        self._record.write(cell=(where, stage, fault))
        found = Found(where, stage, fault, self._record)
        yield found
        assert found.ended, f"{(where, stage, fault)} was not ended"


# The table.


@dataclass
class Row:
    """One line of the table. ``state`` is closed, open or "not run"."""

    name: tuple[str, str, str]
    test: str
    submits: str = "?"
    recovered: str = "?"
    equal: str = "?"
    state: str = "open"


@dataclass
class _Test:
    outcome: str = ""
    cells: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)


def rows(path: Path = LINES) -> list[Row]:
    """The rows of the last run of each test, sorted. What several hosts closed in the same way is one row."""
    tests: dict[str, _Test] = {}
    for line in path.read_text("utf-8").splitlines() if path.exists() else ():
        facts = json.loads(line)
        if facts.get("begun"):
            tests[facts["test"]] = _Test()
        test = tests.setdefault(facts["test"], _Test())
        if "cell" in facts:
            test.cells[tuple(facts["cell"])] = facts
        test.outcome = facts.get("outcome", test.outcome)
    every = (row for name, test in tests.items() for row in _rows(name, test))
    # Of those that are open, or did not run, each names its test.
    found = {
        (row.name, row.submits, row.recovered, row.equal, row.state != "closed" and row.test): row for row in every
    }
    return sorted(found.values(), key=lambda row: (row.name[0], _order(row.name[1]), row.name[2], row.test))


def _rows(name: str, test: _Test) -> Iterator[Row]:
    if not test.cells:
        yield Row(("?", "?", "?"), name, state="not run" if test.outcome == "skipped" else "open")
    for cell, facts in test.cells.items():
        row = Row(cell, name, state="not run" if test.outcome == "skipped" else "open")
        if "good" in facts:
            row.submits = f"{facts['submits']} of {facts['asked']}"
            row.recovered = facts["recovered"]
            row.equal = {True: "yes", False: "NO", None: "–"}[facts["equal"]]
            if facts["good"] and test.outcome == "passed":
                row.state = "closed"
        yield row


def _order(stage: str) -> int:
    return STAGES.index(stage) if stage in STAGES else -1


def summary(found: list[Row]) -> str:
    """One line: how many cells there are, by where, and how many of them are not closed."""
    distinct = {row.name for row in found if row.state == "closed"}
    places = ", ".join(f"{where} {count}" for where, count in sorted(Counter(name[0] for name in distinct).items()))
    states = Counter(row.state for row in found)
    return f"{len(distinct)} cells closed ({places}), {states['open']} open, {states['not run']} not run"


def markdown(found: list[Row]) -> str:
    """The whole table."""
    lines = ["# Faults", "", summary(found) + ".", ""]
    lines += ["| where | stage | fault | submits | recovered | equal | |", "|---|---|---|---|---|---|---|"]
    for row in found:
        end = "" if row.state == "closed" else f"**{row.state}**: `{row.test}`"
        cells = [*row.name, row.submits, row.recovered, row.equal, end]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
