"""One data folder that two Blenders share: nothing is paid twice, nothing is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults import Cells, Recovered
from tests.faults.data_folder import unlocked
from tests.faults.moments import MOMENTS, TAKEN, is_there
from tests.faults.ways import FULL
from tests.sandbox import Sandbox

from .conftest import BPYS, Installed, installed
from .live import Live
from .test_faults import (  # noqa: F401
    BRING_IN,
    KIND,
    NOTHING,
    UNCERTAIN,
    Undisturbed,
    blender,
    closed,
    kept,
    service,
    undisturbed,
)

TWO = "blender + blender"


# Those that see each other's processes: in a root each has its own to see, as on two machines.
@pytest.fixture(scope="module", params=BPYS)
def host(request: pytest.FixtureRequest, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def other(host: Installed) -> Iterator[Live]:
    """A second Blender of the same artist, with files of its own."""
    out = host.out.with_name("other")
    out.mkdir()
    with Live(Installed(host.host, host.profile, out)) as live:
        yield live


@pytest.fixture
def both(blender: Live, other: Live, service: Sandbox, undisturbed: Undisturbed) -> tuple[Live, Live]:  # noqa: F811
    """Both have the same file open, and nothing was done with it."""
    undisturbed(KIND)
    anew((blender, other), service)
    return blender, other


def anew(both: tuple[Live, Live], service: Sandbox) -> None:  # noqa: F811
    one, other = both
    for live in both:
        if not live.alive():
            live.restart()
        live.fresh(service)
    one.do("make", kind=KIND)
    opened(other, one)


def opened(other: Live, one: Live) -> None:
    """The other opens the file of the one, as it is on the disk."""
    other.do("open_file", file=str(one.host.out / f"{KIND}.blend"))


def waits(live: Live, service: Sandbox, moment: str = "wait") -> None:  # noqa: F811
    planned = MOMENTS[moment]
    service.faults, service.latency = list(planned.faults), planned.latency
    live.ask("edit", kind=KIND)
    is_there(live.alive, lambda: planned.reached(live.host.data_folder, service))


@FULL
def test_one_recovers_while_the_other_waits(
    both: tuple[Live, Live],
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
) -> None:
    with cell(TWO, "wait", "the other presses Recover meanwhile") as found:
        one, other = both
        waits(one, service)
        assert other.do("recover") == NOTHING and BRING_IN not in other.do("panel")
        assert one.reply()["status"] == "FINISHED"
        assert other.look().count == 0 and other.do("recover") == NOTHING
        seen = kept(one, KIND)
        opened(other, one)
        assert other.look().equals(seen) and other.do("recover") == NOTHING and unlocked(one.host.data_folder)
        found.end(submits=service.taken, recovered=Recovered.ARRIVED, equal=seen.equals(undisturbed(KIND)))


@pytest.mark.parametrize("round_", [0, *(pytest.param(number, marks=FULL) for number in (1, 2))])
def test_both_recover_what_one_was_killed_over(
    both: tuple[Live, Live],
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
    round_: int,
) -> None:
    with cell(TWO, "recover", f"both press Recover at once, round {round_ + 1}") as found:
        one, other = both
        waits(one, service)
        one.kill()
        service.latency = 0.0
        one.restart()
        for live in both:
            opened(live, one)
        with ThreadPoolExecutor(2) as at_once:
            replies = list(at_once.map(lambda live: live.do("recover"), both))
        assert any(reply["status"] == "FINISHED" for reply in replies), replies
        for live in both:
            live.do("recover")
        # Both have its file open, so that both may get it; none gets it twice.
        having = [live for live in both if live.look().count == 1]
        assert having and all(live.look().count <= 1 for live in both)
        having[0].do("save")
        for live in both:
            opened(live, one)
            assert live.do("recover") == NOTHING
        seen = [live.look() for live in both]
        assert unlocked(one.host.data_folder)
        equal = all(each.equals(undisturbed(KIND)) for each in seen)
        found.end(submits=service.taken, recovered=Recovered.FETCHED, equal=equal)


@FULL
def test_both_press_the_button_for_the_same_edit(
    both: tuple[Live, Live],
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
) -> None:
    """Whoever comes second is asked, and nobody pays twice for the same."""
    rounds = 4
    with cell(TWO, "whole", f"the same edit of the same picture at once, {rounds} times") as found:
        submits, equal = 0, True
        for _ in range(rounds):
            anew(both, service)
            service.latency = 1.0
            with ThreadPoolExecutor(2) as at_once:
                facts = list(at_once.map(lambda live: live.do("edit", kind=KIND), both))
            paid = [one["status"] == "FINISHED" for one in facts]
            assert sorted(paid) == [False, True], facts
            words = facts[paid.index(False)]["message"]
            assert "on its way already" in words and "Nothing was billed." in words, words
            equal &= both[paid.index(True)].look().equals(undisturbed(KIND))
            submits += service.taken
        found.end(submits=submits, asked=rounds, recovered=Recovered.ARRIVED, equal=equal)


@FULL
def test_both_edit_at_once(
    both: tuple[Live, Live],
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
) -> None:
    with cell(TWO, "whole", "two edits at once, one of them killed -9 in the wait") as found:
        one, other = both
        service.latency = 4.0
        other.ask("edit", kind=KIND, seed=8)
        one.ask("edit", kind=KIND)
        is_there(one.alive, lambda: [bool(edit["uuid"]) for edit in one.edits()] == [True, True])
        one.kill()
        assert other.reply()["status"] == "FINISHED"
        one.restart()
        one.do("reopen", kind=KIND)
        one.do("recover")
        equal = kept(one, KIND).equals(undisturbed(KIND))
        assert [result["name"] for result in other.look().facts["results"]] == ["Fog far behind · seed 8"]
        assert other.do("recover") == NOTHING and unlocked(one.host.data_folder)
        found.end(submits=service.taken, asked=2, recovered=Recovered.FETCHED, equal=equal)


@FULL
def test_what_one_lost_in_the_submit_is_told_by_the_other(
    both: tuple[Live, Live],
    service: Sandbox,  # noqa: F811
    cell: Cells,
) -> None:
    with cell(TWO, "submit", "one killed -9, after it was taken") as found:
        one, other = both
        waits(one, service, TAKEN)
        assert UNCERTAIN not in other.do("panel")  # its process is still at it
        one.kill()
        service.fault = None
        assert UNCERTAIN in other.do("panel") and other.do("recover") == NOTHING
        again = other.do("edit", kind=KIND)
        assert "may have been billed" in again["message"], again
        other.do("discard")
        assert UNCERTAIN not in other.do("panel")
        found.end(submits=service.taken, recovered=Recovered.UNCERTAIN)
