"""Blender is killed with -9 at each stage of an edit: started anew, it tells of it, brings the same, and pays once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults import Cells, Recovered
from tests.faults.moments import (
    MOMENTS,
    NOT_NOTED,
    TAKEN,
    TOLD,
    Moment,
    held_up,
    is_there,
    killed,
    stage_of,
)
from tests.faults.ways import FULL, over, prepare
from tests.sandbox import Fault, Sandbox

from .conftest import HEADLESS, Installed, installed
from .live import Live
from .test_faults import (  # noqa: F401
    BRING_IN,
    NOTHING,
    VARIATIONS,
    Undisturbed,
    blender,
    closed,
    judged,
    kept,
    service,
    undisturbed,
)

FILM, ALPHA, NEVER_SAVED = "film-transparent render", "image with alpha", "image with alpha, never saved"
RENDER_NOW, LARGE = "film-transparent Render Now", "film-transparent render, 4 megapixels"
RENDERING, ENCODING = "preparing, while it renders", "preparing, while it encodes"
KINDS = (FILM, ALPHA, NEVER_SAVED, VARIATIONS)

PREPARING = {
    RENDERING: Moment("preparing", (), lambda home, _: home.with_name("out").joinpath("rendering").exists()),
    ENCODING: Moment("preparing", (), lambda home, _: list(home.with_name("out").glob("tmp/*/fluxdepth-*"))),
}
CASES = [
    (RENDERING, RENDER_NOW),
    (ENCODING, LARGE),
    *((moment, kind) for moment in MOMENTS for kind in KINDS),
    *((NOT_NOTED, kind) for kind in (FILM, ALPHA, VARIATIONS)),
    *(("unsaved", kind) for kind in KINDS),
]
IN_CI = [(TAKEN, ALPHA), ("wait", FILM)]


# Blender with windows is one of the hosts here, without them.
@pytest.fixture(scope="module", params=[*HEADLESS, pytest.param("blender_windowed", marks=FULL)])
def host(request: pytest.FixtureRequest, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return installed(request.getfixturevalue(request.param), package, tmp_path_factory.mktemp(request.param))


@pytest.mark.parametrize(("moment", "kind"), [pytest.param(*one, marks=() if one in IN_CI else FULL) for one in CASES])
def test_killed(
    blender: Live,  # noqa: F811
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
    moment: str,
    kind: str,
) -> None:
    stage, home = stage_of(moment), blender.host.data_folder
    with cell("blender", stage, killed("Blender", moment, kind)) as found:
        expected = undisturbed(kind)
        blender.fresh(service)
        prepare(service, kind)
        planned = PREPARING.get(moment) or MOMENTS.get(moment)
        if planned:
            service.faults += planned.faults
            service.latency = planned.latency
        blender.do("make", kind=kind)
        (blender.host.out / "rendering").unlink(missing_ok=True)
        blender.ask("render_for_ever" if moment == RENDERING else "edit", kind=kind)
        release: Callable[[], object] = lambda: None  # noqa: E731
        if planned:
            is_there(blender.alive, lambda: planned.reached(home, service))
            if moment == RENDERING:
                time.sleep(0.5)
        elif moment == NOT_NOTED:
            release = held_up(home)
            facts = blender.reply()
            assert facts["status"] == "FINISHED", facts
            blender.do("save")
        else:
            facts = blender.reply()
            assert facts["status"] == "FINISHED", facts
        blender.kill()
        release()
        blender.restart()
        in_its_own_place(blender, service, kind)
        is_in = moment == NOT_NOTED
        facts = {"status": "FINISHED" if is_in else "killed", "message": TOLD[stage], "changed": []}
        found.end(**judged(blender, service, facts, kind, expected))


@FULL
def test_killed_after_the_file_got_another_name(
    blender: Live,  # noqa: F811
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
) -> None:
    with cell("blender", "wait", "Blender killed -9: saved under another name meanwhile") as found:
        expected = undisturbed(ALPHA)
        blender.fresh(service)
        service.latency = 3.0
        blender.do("make", kind=ALPHA)
        blender.do("begin", kind=ALPHA)
        blender.do("work", until="Generating")
        blender.do("save", name="renamed.blend")
        entries = blender.host.data_folder.glob
        is_there(blender.alive, lambda: any("renamed.blend" in one.read_text() for one in entries("jobs/*/job.json")))
        blender.kill()
        blender.restart()
        in_its_own_place(blender, service, ALPHA)
        assert blender.do("recover") == NOTHING  # its file of before is another one by now
        renamed = str(blender.host.out / "renamed.blend")
        blender.do("open_file", file=renamed)
        assert blender.do("recover")["status"] == "FINISHED"
        blender.do("save")
        blender.do("open_file", file=renamed)
        assert blender.do("recover") == NOTHING
        equal = blender.look().facts["results"] == expected.facts["results"]
        found.end(submits=service.taken, recovered=Recovered.FETCHED, equal=equal)


@FULL
@pytest.mark.parametrize("kind", [FILM, VARIATIONS])
def test_killed_while_it_recovers(
    blender: Live,  # noqa: F811
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
    kind: str,
) -> None:
    with cell("blender", "recover", killed("Blender", "recover", kind)) as found:
        expected = undisturbed(kind)
        blender.fresh(service)
        prepare(service, kind)
        service.faults.append(Fault("download", "html", times=None))
        blender.do("make", kind=kind)
        assert blender.do("edit", kind=kind)["status"] == "ERROR"
        service.fault = "download:silence"
        downloads = len(service.at("download"))
        blender.ask("recover")
        is_there(blender.alive, lambda: len(service.at("download")) > downloads)
        blender.kill()
        blender.restart()
        in_its_own_place(blender, service, kind)
        facts = {"status": "killed", "message": TOLD["download"], "changed": []}
        found.end(**judged(blender, service, facts, kind, expected))


def in_its_own_place(blender: Live, service: Sandbox, kind: str) -> None:  # noqa: F811
    """In another file Recover brings nothing of it, and says so; then its own is open."""
    over(service)
    if kind != NEVER_SAVED:  # whose own file can never be opened again: any will do
        blender.do("make", kind=VARIATIONS if kind != VARIATIONS else ALPHA)
        assert blender.do("recover") == NOTHING and blender.look().count == 0
    blender.do("reopen", kind=kind)


def test_killed_in_a_file_that_never_had_a_name(
    blender: Live,  # noqa: F811
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
) -> None:
    """What it had comes into whichever file is open, since its own can never be."""
    with cell("blender", "unsaved", "Blender killed -9: never saved, then another file is open") as found:
        expected = undisturbed(NEVER_SAVED)
        blender.fresh(service)
        blender.do("make", kind=NEVER_SAVED)
        assert blender.do("edit", kind=NEVER_SAVED)["status"] == "FINISHED"
        blender.kill()
        blender.restart()
        blender.do("make", kind=ALPHA)
        assert BRING_IN in blender.do("panel")
        assert blender.do("recover")["status"] == "FINISHED"
        seen = kept(blender, ALPHA)
        assert blender.do("recover") == NOTHING
        equal = seen.facts["results"] == expected.facts["results"]
        found.end(submits=service.taken, recovered=Recovered.FETCHED, equal=equal)
