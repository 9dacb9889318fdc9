"""A process of the core, killed with -9 at each stage; another one tells or fetches what is owed."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from shared.jobs import owed
from shared.storage.entries import EditState
from tests.core.conftest import Bench
from tests.core.test_journal import start_edit
from tests.faults import Cells, Recovered
from tests.sandbox import Sandbox

FULL = pytest.mark.full
# stage of the table -> the sandbox's fault that holds the edit there, and its stage at the service
STAGES = {
    "upload": ("upload:silence", "upload"),
    "submit": ("submit:silence_after_taken", "submit"),
    "wait": ("poll:silence", "poll"),
    "download": ("download:silence", "download"),
}


@pytest.mark.parametrize(
    "stage", ["download", *(pytest.param(one, marks=FULL) for one in ("upload", "submit", "wait", "arriving"))]
)
def test_killed_at_each_stage(bench: Bench, home: Path, cell: Cells, stage: str) -> None:
    with cell("core", stage, "killed -9") as found:
        if stage in STAGES:
            bench.sandbox.fault, there = STAGES[stage]
        process = start_edit(bench.sandbox, home)
        try:
            if stage in STAGES:
                bench.sandbox.wait_until(lambda service: bool(service.at(there)), 30)
                if stage != "upload":
                    wait_for_the_journal(home, EditState.SUBMITTING if stage == "submit" else EditState.TAKEN)
            else:
                wait_for_the_journal(home, EditState.DONE)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        bench.sandbox.fault = None
        standing = owed.read(bench.journal, host="test", process="p", held=(), ours=())
        assert not standing.problems
        if stage == "upload":
            assert not standing.owed
            found.end(submits=bench.sandbox.taken, recovered=Recovered.NOTHING)
            return
        (one,) = standing.owed
        if stage == "submit":
            assert "may have been billed" in one.words
            found.end(submits=bench.sandbox.taken, recovered=Recovered.UNCERTAIN)
            return
        result = bench.recover(one.job, one.entries[0])
        equal = is_served(bench.sandbox, result.image.data)
        found.end(submits=bench.sandbox.taken, recovered=Recovered.FETCHED, equal=equal)


def is_served(sandbox: Sandbox, data: bytes) -> bool:
    (served,) = sandbox.results.values()
    return data == served


def wait_for_the_journal(home: Path, state: EditState) -> None:
    deadline = time.monotonic() + 30
    while not any(f'"{state.value}"' in path.read_text() for path in home.glob("jobs/*/job.json")):
        assert time.monotonic() < deadline, f"never {state}"
        time.sleep(0.005)
