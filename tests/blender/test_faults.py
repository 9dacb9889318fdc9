"""Every fault of the way to the service, at each stage, in Blenders without a window: nothing lost or paid twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.faults import Cells, Recovered
from tests.faults.secrets import MARKED, exposed, leaks
from tests.faults.ways import (
    BEFORE,
    FINAL,
    FULL,
    IN_CI,
    MATRIX,
    SILENCES,
    WRONG_CERTIFICATES,
    arm,
    asked,
    chosen,
    named,
    over,
    prepare,
)
from tests.faults.wires import Certificates, secured
from tests.sandbox import Sandbox

from .conftest import HEADLESS, Installed, installed
from .live import Live, Seen

KIND = "image with alpha"
Undisturbed = Callable[[str], Seen]


@pytest.fixture(scope="module", params=HEADLESS)
def host(request: pytest.FixtureRequest, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="echo") as one:
        one.api_key = MARKED
        yield one


@pytest.fixture(scope="module")
def blender(host: Installed) -> Iterator[Live]:
    with Live(host) as live:
        yield live


@pytest.fixture(scope="module")
def undisturbed(blender: Live, service: Sandbox) -> Undisturbed:
    """What comes of an edit of that kind of picture when nothing happens, as its file holds it."""
    return remembered(blender, service)


def remembered(blender: Live, service: Sandbox) -> Undisturbed:
    known: dict[str, Seen] = {}

    def seen(kind: str) -> Seen:
        if kind not in known:
            blender.fresh(service)
            prepare(service, kind)
            blender.do("make", kind=kind)
            facts = blender.do("edit", kind=kind)
            assert facts["status"] == "FINISHED" and facts["changed"] == [], facts
            known[kind] = kept(blender, kind)
            assert known[kind].count == (2 if "failed" in kind else 1)
            assert not any(result["opaque"] for result in known[kind].facts["results"]), "it carries no transparency"
        return known[kind]

    return seen


def kept(blender: Live, kind: str) -> Seen:
    """The open file, saved and opened again where it has a name: so it is seen as it lies on the disk."""
    if "never" not in kind:
        blender.do("save")
        blender.do("reopen", kind=kind)
    return blender.look()


@pytest.fixture(autouse=True)
def closed(blender: Live) -> Iterator[None]:
    """No byte of the key is written but in its own file, and what is in the data folder is its owner's alone."""
    yield
    if not blender.alive():
        blender.restart()
    assert list(leaks(MARKED, blender.host.profile, blender.host.out)) == []
    assert not blender.host.data_folder.exists() or exposed(blender.host.data_folder) == []


NOTHING = {"status": "CANCELLED", "message": "", "warnings": []}  # "There is no unfinished edit of this file"
BRING_IN, UNCERTAIN = "to bring in, paid for already", "May have been billed, and can't be found again"


def judged(
    blender: Live, service: Sandbox, facts: dict[str, Any], kind: str, undisturbed: Seen, *, final: bool = False
) -> dict[str, Any]:
    """The fault is over: what was told is true, Recover brings what is owed, and nothing is paid for again."""
    submits, taken, words = len(service.at("submit")), service.taken, facts["message"]
    over(service)
    panel, recovered = blender.do("panel"), blender.do("recover")
    assert len(service.at("submit")) == submits and service.taken == taken  # looking costs nothing
    result: dict[str, Any] = {"submits": taken, "asked": asked(kind)}
    assert facts["changed"] == [], facts
    if recovered["status"] == "FINISHED":
        assert BRING_IN in panel, panel
        assert "Credits were used" in words and "Recover" in words, words
        seen = kept(blender, kind)
        assert blender.do("recover") == NOTHING
        return {**result, "recovered": Recovered.FETCHED, "equal": seen.equals(undisturbed)}
    assert recovered == NOTHING and BRING_IN not in panel, (recovered, panel)
    if facts["status"] == "FINISHED":
        assert UNCERTAIN not in panel, panel
        seen = kept(blender, kind)
        assert blender.do("recover") == NOTHING
        return {**result, "recovered": Recovered.ARRIVED, "equal": seen.equals(undisturbed)}
    assert blender.look().count == 0
    if final:
        assert "redits" in words, words  # that there are not enough, or that they may have been used
        return {**result, "recovered": Recovered.FINAL}
    if "may have been used" in words:
        assert UNCERTAIN in panel and "Fog far behind" in panel, panel
        again = blender.do("edit", kind=kind)  # whoever presses the button once more is asked
        assert "may have been billed" in again["message"] and "a second time" in again["message"], again
        assert service.taken == taken
        return {**result, "recovered": Recovered.UNCERTAIN}
    assert "Nothing was billed." in words and UNCERTAIN not in panel, (words, panel)
    assert taken == 0, "it was taken, and nobody says so"
    prepare(service, kind)
    assert blender.do("edit", kind=kind)["status"] == "FINISHED"
    assert kept(blender, kind).equals(undisturbed) and service.taken == asked(kind), "the fault has left something"
    return {**result, "recovered": Recovered.NOTHING}


@pytest.mark.parametrize("fault", chosen(MATRIX, IN_CI))
def test_a_fault_on_the_way(blender: Live, service: Sandbox, undisturbed: Undisturbed, cell: Cells, fault: str) -> None:
    stage, kind = fault.split(":")
    with cell("blender", *named(fault)) as found:
        expected = undisturbed(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        arm(service, fault)
        facts = blender.do("edit", kind=KIND)
        assert "Traceback" not in facts["message"] and "Something went wrong" not in facts["message"]
        assert service.elsewhere == [] or stage == "download"
        found.end(**judged(blender, service, facts, KIND, expected, final=kind in FINAL))


@FULL
def test_silence(host: Installed, tmp_path: Path, cell: Cells) -> None:
    """A minute at each stage, all at the same time."""

    def one(fault: str) -> None:
        out = tmp_path / fault.strip("*1").replace(":", " ") / "out"
        out.mkdir(parents=True)
        with (
            cell("blender", *named(fault)) as found,
            Sandbox(effect="echo") as service,
            Live(Installed(host.host, host.profile, out)) as blender,
        ):
            expected = remembered(blender, service)(KIND)
            blender.fresh(service)
            blender.do("make", kind=KIND)
            service.fault = fault
            facts = blender.do("edit", kind=KIND)
            assert 50 < facts["seconds"] < 90
            found.end(**judged(blender, service, facts, KIND, expected))

    with ThreadPoolExecutor(len(SILENCES)) as all_at_once:
        list(all_at_once.map(one, SILENCES))


@FULL
def test_an_outage_in_the_wait_is_told_and_what_was_paid_for_is_fetched(
    blender: Live, service: Sandbox, undisturbed: Undisturbed, cell: Cells
) -> None:
    with cell("blender", "wait", "no connection for longer than a minute") as found:
        expected = undisturbed(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        service.fault = "poll:refuse"
        facts = blender.do("edit", kind=KIND)
        assert 60 <= facts["seconds"] < 100
        found.end(**judged(blender, service, facts, KIND, expected))


@FULL
def test_a_service_whose_name_does_not_resolve(
    blender: Live, service: Sandbox, undisturbed: Undisturbed, cell: Cells
) -> None:
    with cell("blender", "upload", "DNS failure") as found:
        expected = undisturbed(KIND)
        blender.fresh(service, "https://service.fluxdepth.invalid")
        blender.do("make", kind=KIND)
        facts = blender.do("edit", kind=KIND)
        assert "can't be found" in facts["message"]
        blender.address(service.base_url)
        found.end(**judged(blender, service, facts, KIND, expected))
