"""The core, killed with -9 at each stage; another process tells or fetches what is owed, at the second try too."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from shared.errors import Billed, FluxDepthError, NextStep
from shared.jobs import owed
from shared.pictures.encoded import EncodedImage
from shared.service import retrying
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


@FULL
@pytest.mark.parametrize(
    "fault",
    ["refuse", "reset", "truncated", "html", "html_503", "http_500", "not_json", "unauthorized", "redirect_other_host"]
    + ["record_null", "download:refuse", "download:reset", "download:truncated", "download:html", "download:http_500"]
    + ["download:expired_url", "download:redirect_http", "download:result_not_image", "download:result_empty"],
)
def test_a_fault_while_it_is_recovered(
    bench: Bench, photo: EncodedImage, cell: Cells, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays owed, costs nothing, and comes when the fault is over."""
    monkeypatch.setattr(retrying, "ATTEMPTS", 2)
    with cell("core", "recover", fault) as found:
        bench.sandbox.fault = "download:silence"
        with pytest.raises(FluxDepthError):
            bench.run(photo)
        ((job, entry),) = bench.owed()
        bench.sandbox.fault = fault if ":" in fault else f"poll:{fault}"
        with pytest.raises(FluxDepthError) as raised:
            bench.recover(job, entry)
        assert raised.value.billed is Billed.YES
        assert raised.value.next_step in (NextStep.RECOVER, NextStep.OPEN_SETTINGS)
        bench.sandbox.fault = None
        ((job, entry),) = bench.owed()
        equal = is_served(bench.sandbox, bench.recover(job, entry).image.data)
        found.end(submits=bench.sandbox.submits, recovered=Recovered.FETCHED, equal=equal)
