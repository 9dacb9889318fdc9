"""GIMP and Blender on one data folder, their files in one folder: each result comes where it belongs, paid once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import build
from tests.blender import live as blenders, test_faults as blender_faults
from tests.blender.conftest import Installed, installed
from tests.faults import Cells, Recovered
from tests.faults.data_folder import edits, unlocked
from tests.faults.moments import MOMENTS, TAKEN, is_there
from tests.faults.ways import FULL
from tests.hosts import Bpy
from tests.hosts.fixtures import bpy42  # noqa: F401
from tests.sandbox import Sandbox

from .live import Live
from .test_faults import KIND, Undisturbed, closed, gimp, service, undisturbed  # noqa: F401

WHERE = "gimp + blender"
GLASS = blender_faults.KIND
NOTHING, UNCERTAIN = blender_faults.NOTHING, blender_faults.UNCERTAIN


@pytest.fixture(scope="module")
def blender(
    gimp: Live,  # noqa: F811
    bpy42: Bpy,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[blenders.Live]:
    """A Blender without a window, on GIMP's data folder."""
    (package,) = build.package_blender(["linux-x64"])
    profile = installed(bpy42, package, tmp_path_factory.mktemp("blender")).profile
    host = Installed(bpy42, profile, gimp.inside.out)
    host.data_folder.symlink_to(gimp.inside.data_folder)
    with blenders.Live(host) as live:
        yield live


@pytest.fixture(scope="module")
def glass(blender: blenders.Live, service: Sandbox) -> blenders.Seen:  # noqa: F811
    """What comes of Blender's edit when nothing happens."""
    return blender_faults.remembered(blender, service)(GLASS)


@pytest.fixture
def both(
    gimp: Live,  # noqa: F811
    blender: blenders.Live,
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    glass: blenders.Seen,
) -> tuple[Live, blenders.Live]:
    """Both have a file open, and nothing was done with it."""
    undisturbed(KIND)
    if not blender.alive():
        blender.restart()
    gimp.fresh(service)
    blender.do("forget")
    blender.do("make", kind=GLASS)
    gimp.do("open", kind=KIND)
    return gimp, blender


def wait_in_blender(blender: blenders.Live, service: Sandbox, home: Path, moment: str = "wait") -> None:  # noqa: F811
    planned = MOMENTS[moment]
    service.faults, service.latency = list(planned.faults), planned.latency
    blender.ask("edit", kind=GLASS)
    is_there(blender.alive, lambda: planned.reached(home, service))


def wait_in_gimp(gimp: Live, service: Sandbox, moment: str = "wait") -> None:  # noqa: F811
    planned = MOMENTS[moment]
    service.faults, service.latency = list(planned.faults), planned.latency
    gimp.inside.ask("edit", kind=KIND)
    is_there(gimp.alive, lambda: planned.reached(gimp.inside.data_folder, service))


@FULL
def test_what_blender_was_killed_over_is_named_in_gimp_and_comes_to_blender(
    both: tuple[Live, blenders.Live],
    service: Sandbox,  # noqa: F811
    glass: blenders.Seen,
    cell: Cells,
) -> None:
    with cell(WHERE, "wait", "Blender killed -9, then Recover in GIMP") as found:
        gimp, blender = both
        wait_in_blender(blender, service, gimp.inside.data_folder)
        mark = gimp.mark
        assert not gimp.do("recover")["came"]
        blender.kill()
        service.latency = 0.0
        assert not gimp.do("recover")["came"]
        said = gimp.said(mark)
        assert "Not brought in here" in said and f"“{GLASS}.blend” in Blender" in said, said
        blender.restart()
        blender.do("reopen", kind=GLASS)
        assert blender.do("recover")["status"] == "FINISHED"
        mark = gimp.mark
        assert not gimp.do("recover")["came"] and "nothing to recover" in gimp.said(mark)
        assert unlocked(gimp.inside.data_folder)
        equal = blender_faults.kept(blender, GLASS).equals(glass)
        found.end(submits=service.taken, recovered=Recovered.FETCHED, equal=equal)


@FULL
def test_what_gimp_was_killed_over_is_named_in_blender_and_comes_to_gimp(
    both: tuple[Live, blenders.Live],
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
) -> None:
    with cell(WHERE, "wait", "GIMP killed -9, then Recover in Blender") as found:
        gimp, blender = both
        wait_in_gimp(gimp, service)
        assert blender.do("recover") == NOTHING
        gimp.kill("GIMP")
        service.latency = 0.0
        assert blender.do("recover") == NOTHING and blender.look().count == 0
        panel = blender.do("panel")
        assert "Belongs elsewhere" in panel and f"For “{KIND}.xcf” in GIMP" in panel, panel
        gimp.restart()
        gimp.do("open", kind=KIND)
        assert gimp.do("recover")["came"]
        assert "Belongs elsewhere" not in blender.do("panel") and unlocked(gimp.inside.data_folder)
        equal = gimp.look("seen").equals(undisturbed(KIND))
        found.end(submits=service.taken, recovered=Recovered.FETCHED, equal=equal)


@FULL
def test_both_are_killed_and_both_recover_at_once(
    both: tuple[Live, blenders.Live],
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    glass: blenders.Seen,
    cell: Cells,
) -> None:
    with cell(WHERE, "wait", "both killed -9, then both recover at once") as found:
        gimp, blender = both
        home = gimp.inside.data_folder
        service.latency = 4.0
        blender.ask("edit", kind=GLASS)
        gimp.inside.ask("edit", kind=KIND)
        is_there(gimp.alive, lambda: [bool(edit["uuid"]) for edit in edits(home)] == [True, True])
        blender.kill()
        gimp.kill("GIMP")
        service.latency = 0.0
        with ThreadPoolExecutor(2) as at_once:
            list(at_once.map(lambda live: live.restart(), both))
            gimp.do("open", kind=KIND)
            blender.do("reopen", kind=GLASS)
            replies = list(at_once.map(lambda live: live.do("recover"), both))
        assert replies[0]["came"] and replies[1]["status"] == "FINISHED", replies
        assert unlocked(home)
        equal = gimp.look("seen").equals(undisturbed(KIND))
        equal &= blender_faults.kept(blender, GLASS).equals(glass)
        found.end(submits=service.taken, asked=2, recovered=Recovered.FETCHED, equal=equal)


@FULL
@pytest.mark.parametrize("killed", ["Blender", "GIMP"])
def test_what_one_lost_in_the_submit_is_told_by_the_other(
    both: tuple[Live, blenders.Live],
    service: Sandbox,  # noqa: F811
    cell: Cells,
    killed: str,
) -> None:
    with cell(WHERE, "submit", f"{killed} killed -9, after it was taken") as found:
        gimp, blender = both
        if killed == "GIMP":
            wait_in_gimp(gimp, service, TAKEN)
            assert UNCERTAIN not in blender.do("panel")  # its process is still at it
            gimp.kill("GIMP")
            service.fault = None
            assert UNCERTAIN in blender.do("panel") and blender.do("recover") == NOTHING
        else:
            wait_in_blender(blender, service, gimp.inside.data_folder, TAKEN)
            mark = gimp.mark
            gimp.do("recover")
            assert "may have been billed" not in gimp.said(mark)
            blender.kill()
            service.fault, mark = None, gimp.mark
            assert not gimp.do("recover")["came"]
            assert "may have been billed" in gimp.said(mark), gimp.said(mark)
        found.end(submits=service.taken, recovered=Recovered.UNCERTAIN)
