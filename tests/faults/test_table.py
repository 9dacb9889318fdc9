"""The table of faults: a cell is closed only when its test told that everything is as it has to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from .table import Cells, Found, Recorder, Recovered, markdown, rows, summary

GOOD = {
    "nothing": {"submits": 0, "recovered": Recovered.NOTHING},
    "arrived": {"submits": 1, "recovered": Recovered.ARRIVED, "equal": True},
    "fetched": {"submits": 3, "asked": 3, "recovered": Recovered.FETCHED, "equal": True},
    "uncertain": {"submits": 1, "recovered": Recovered.UNCERTAIN},
}
BAD = {
    "paid for nothing": {"submits": 1, "recovered": Recovered.NOTHING},
    "paid twice": {"submits": 2, "recovered": Recovered.FETCHED, "equal": True},
    "paid too little": {"submits": 1, "asked": 2, "recovered": Recovered.ARRIVED, "equal": True},
    "not equal": {"submits": 1, "recovered": Recovered.FETCHED, "equal": False},
    "not compared": {"submits": 1, "recovered": Recovered.FETCHED},
    "uncertain twice": {"submits": 2, "recovered": Recovered.UNCERTAIN},
}


def told(path: Path, outcome: str, *facts: dict[str, object]) -> None:
    """One test with its cells, as the fixture and the hooks record it."""
    record = Recorder("tests/x.py::test_x", path)
    record.write(begun=True)
    for number, one in enumerate(facts):
        with Cells(record)("core", "wait", f"fault {number}") as found:
            found.end(**one)  # type: ignore[arg-type]
    if outcome:
        record.write(outcome=outcome)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    return tmp_path / "build" / "faults.jsonl"


@pytest.mark.parametrize("name", GOOD)
def test_what_is_as_promised_is_closed(lines: Path, name: str) -> None:
    told(lines, "passed", GOOD[name])
    (row,) = rows(lines)
    assert (row.name, row.state) == (("core", "wait", "fault 0"), "closed")
    assert summary([row]) == "1 cells closed (core 1), 0 open, 0 not run"


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_fails_its_test_and_is_open(lines: Path, name: str) -> None:
    with pytest.raises(AssertionError, match="submits"):
        told(lines, "passed", BAD[name])
    (row,) = rows(lines)
    assert row.state == "open"
    assert "**open**: `tests/x.py::test_x`" in markdown([row])


@pytest.mark.parametrize(("outcome", "state"), [("failed", "open"), ("", "open"), ("skipped", "not run")])
def test_a_test_that_failed_died_or_was_skipped_closes_nothing(lines: Path, outcome: str, state: str) -> None:
    told(lines, outcome, GOOD["nothing"])
    assert [row.state for row in rows(lines)] == [state]
    told(lines, outcome)  # before it came to a cell
    assert [(row.name, row.state) for row in rows(lines)] == [(("?", "?", "?"), state)]


def test_the_last_run_of_a_test_counts(lines: Path) -> None:
    told(lines, "failed", GOOD["nothing"], GOOD["arrived"])
    told(lines, "passed", GOOD["nothing"])
    assert [row.state for row in rows(lines)] == ["closed"]


def test_a_cell_that_several_hosts_close_in_the_same_way_is_one_row(lines: Path) -> None:
    for host, fact in (("bpy42", "arrived"), ("bpy45", "arrived"), ("bpy50", "nothing")):
        record = Recorder(f"test[{host}]", lines)
        record.write(begun=True)
        Found("blender", "wait", "x", record).end(**GOOD[fact])  # type: ignore[arg-type]
        record.write(outcome="failed" if host == "bpy45" else "passed")
    assert [(row.state, row.recovered) for row in rows(lines)] == [
        *(("closed", "arrived all the same"), ("open", "arrived all the same"), ("closed", "nothing to recover"))
    ]
    Recorder("test[bpy45]", lines).write(outcome="passed")
    assert [row.recovered for row in rows(lines)] == ["arrived all the same", "nothing to recover"]


def test_a_cell_is_ended_once_and_no_stage_is_invented(lines: Path) -> None:
    cells = Cells(Recorder("test", lines))
    with pytest.raises(AssertionError, match="not ended"), cells("core", "wait", "x"):
        pass
    with pytest.raises(AssertionError, match="teatime"), cells("core", "teatime", "x"):
        pass
    found = Found("core", "wait", "x", Recorder("test", lines))
    found.end(**GOOD["nothing"])  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="twice"):
        found.end(**GOOD["nothing"])  # type: ignore[arg-type]
