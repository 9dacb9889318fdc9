"""Plug-in and GIMP are killed with -9 at each stage of an edit: started anew, GIMP brings the same, and pays once."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.faults import Cells
from tests.faults.moments import (
    HERE,
    MOMENTS,
    NOT_NOTED,
    SUBMIT,
    TAKEN,
    TOLD,
    Moment,
    held_up,
    is_there,
    killed,
    stage_of,
)
from tests.faults.ways import FULL, prepare
from tests.sandbox import Sandbox

from .live import Live
from .test_faults import Undisturbed, closed, gimp, judged, service, undisturbed  # noqa: F401

SELECTION, TRANSPARENT, NEW = "feathered selection", "transparent layer", "new image"
VARIATIONS, BIG = "one of three variations failed", "feathered selection, 24 megapixels"

# What is being made ready for the upload lies beside the data folder.
PREPARING = Moment("preparing", (), lambda home, _: list(home.with_name("tmp").glob("fluxdepth-picture*/*")))
CASES = [
    *(("plug-in", moment, TRANSPARENT) for moment in ("upload", SUBMIT, TAKEN, "wait", "download", HERE)),
    *(("plug-in", moment, SELECTION) for moment in (TAKEN, "wait", "download", HERE, NOT_NOTED)),
    *(("plug-in", moment, NEW) for moment in ("wait", "download", HERE)),
    *(("plug-in", moment, VARIATIONS) for moment in ("wait", "download")),
    *(("plug-in", moment, BIG) for moment in ("preparing", "upload", HERE)),
    *(("GIMP", moment, TRANSPARENT) for moment in ("upload", SUBMIT, TAKEN, "wait", "download", HERE)),
    *(("GIMP", moment, SELECTION) for moment in (TAKEN, "wait", "download", HERE, NOT_NOTED, "unsaved")),
    *(("GIMP", moment, NEW) for moment in ("wait", "download", HERE)),
    *(("GIMP", moment, VARIATIONS) for moment in ("wait", "download", "unsaved")),
    *(("GIMP", moment, BIG) for moment in ("preparing", HERE)),
]
IN_CI = [("plug-in", NOT_NOTED, SELECTION), ("GIMP", "unsaved", SELECTION)]


@pytest.mark.parametrize(
    ("target", "moment", "kind"), [pytest.param(*one, marks=() if one in IN_CI else FULL) for one in CASES]
)
def test_killed(
    gimp: Live,  # noqa: F811
    service: Sandbox,  # noqa: F811
    undisturbed: Undisturbed,  # noqa: F811
    cell: Cells,
    target: str,
    moment: str,
    kind: str,
) -> None:
    stage, home = stage_of(moment), gimp.inside.data_folder
    with cell("gimp", stage, killed(target, moment, kind)) as found:
        expected = undisturbed(kind)
        gimp.fresh(service)
        prepare(service, kind)
        planned = PREPARING if moment == "preparing" else MOMENTS.get(moment)
        if planned:
            service.faults += planned.faults
            service.latency = planned.latency
        gimp.do("open", kind=kind)
        gimp.inside.ask("edit", kind=kind)
        release: Callable[[], object] = lambda: None  # noqa: E731
        if planned:
            is_there(gimp.alive, lambda: planned.reached(home, service))
        elif moment == NOT_NOTED:
            release = held_up(home)
            time.sleep(3)  # it is placed within a moment; then it waits for the entry, five seconds
        else:
            assert gimp.reply()["status"] == "success"
        gimp.kill(target)
        release()
        if target == "GIMP":
            gimp.restart()
            gimp.do("open", kind=kind)
        else:
            assert gimp.look("left").count == (2 if moment == NOT_NOTED else 1)  # all or nothing
        is_in = (target, moment) == ("plug-in", NOT_NOTED)
        facts = {"status": "success" if is_in else "killed", "message": TOLD[stage], "changed": []}
        found.end(**judged(gimp, service, facts, kind, expected))
