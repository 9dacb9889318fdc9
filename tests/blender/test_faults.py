"""Every fault of the way to the service, at each stage, in Blenders without a window: nothing lost or paid twice."""

from __future__ import annotations

import shutil
import time
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

KIND, VARIATIONS = "image with alpha", "one of three variations failed"
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
    home = blender.host.data_folder
    assert not home.exists() or not any(home.iterdir()) or exposed(home) == []  # an unused mount is not ours


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
        folder = tmp_path / fault.strip("*1").replace(":", " ")
        folder.mkdir()
        with (
            cell("blender", *named(fault)) as found,
            Sandbox(effect="echo") as service,
            Live(host.beside(folder)) as blender,
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


@pytest.fixture(scope="module")
def nameless(
    host: Installed, service: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Live, Path, Seen]]:
    """A Blender for which no name resolves while there is that file, and what it makes undisturbed."""
    with Live(host.beside(tmp_path_factory.mktemp("names"))) as live:
        live.do("watch_names")
        yield live, live.host.out / "no names", remembered(live, service)(KIND)


@FULL
@pytest.mark.parametrize(("stage", "before"), [("submit", "upload"), ("wait", "submit"), ("download", "poll")])
def test_names_that_do_not_resolve_any_more(
    nameless: tuple[Live, Path, Seen], service: Sandbox, cell: Cells, stage: str, before: str
) -> None:
    """In the wait for some seconds, for there is an outage of a minute above."""
    blender, lost, expected = nameless
    with cell("blender", stage, "DNS failure, passing" if stage == "wait" else "DNS failure") as found:
        blender.fresh(service)
        blender.do("make", kind=KIND)
        service.fault, service.drip_interval = f"{before}:slow_drip*1", 0.002
        blender.ask("edit", kind=KIND)
        service.wait_until(lambda one: bool(one.at(before)), 60)
        lost.touch()
        if stage == "wait":
            time.sleep(4)
            lost.unlink()
        facts = blender.reply()
        lost.unlink(missing_ok=True)
        assert stage == "wait" or "can't be found" in facts["message"], facts
        found.end(**judged(blender, service, facts, KIND, expected))


@pytest.fixture(scope="module")
def over_tls(
    host: Installed, service: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Live, Undisturbed, dict[str, str]]]:
    """A Blender that knows the authority, what it makes undisturbed, and where and how the certificate is wrong."""
    folder = tmp_path_factory.mktemp("tls")
    certificates = Certificates(folder)
    wrong = {"after": "", "what": "good"}

    def context() -> Any:
        is_wrong = not wrong["after"] or service.at(wrong["after"])
        return certificates.contexts[wrong["what"] if is_wrong else "good"]

    bundle = {"REQUESTS_CA_BUNDLE": str(certificates.bundle)}
    with (
        secured(int(service.base_url.rsplit(":", 1)[1]), context) as port,
        Live(host.beside(folder), bundle) as live,
    ):
        wrong["address"] = f"https://localhost:{port}"
        yield live, remembered(live, service), wrong


@FULL
@pytest.mark.parametrize(("what", "stage"), WRONG_CERTIFICATES)
def test_a_wrong_certificate_gets_nothing(
    over_tls: tuple[Live, Undisturbed, dict[str, str]], service: Sandbox, cell: Cells, stage: str, what: str
) -> None:
    blender, undisturbed, wrong = over_tls
    with cell("blender", stage, f"TLS: {what}") as found:
        expected = undisturbed(KIND)
        blender.fresh(service, wrong["address"])
        blender.do("make", kind=KIND)
        if stage == "download":
            service.fault = "no_temporary_url"  # then the result lies at the service's own address
        wrong.update(what=what, after=BEFORE[stage])
        facts = blender.do("edit", kind=KIND)
        wrong.update(what="good")
        assert service.at(stage) == [] and facts["status"] != "FINISHED"
        found.end(**judged(blender, service, facts, KIND, expected))


def test_a_marked_key_is_in_no_byte_that_is_written(
    host: Installed, service: Sandbox, cell: Cells, tmp_path: Path
) -> None:
    """Refused and taken; the fixture above looks into each file after each of the other tests as well."""
    own = host.beside(tmp_path)
    own.profile = tmp_path / "profile"  # whose preferences are saved
    shutil.copytree(host.profile, own.profile)
    with cell("blender", "whole", "a marked key; file, preset, preferences saved") as found, Live(own) as blender:
        expected = remembered(blender, service)(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        service.fault = "upload:unauthorized"
        assert "key" in blender.do("edit", kind=KIND)["message"]
        service.fault = "download:html"
        facts = blender.do("edit", kind=KIND)
        result = judged(blender, service, facts, KIND, expected)
        blender.do("keep_settings")
        for name in ("userpref.blend", "startup.blend"):
            assert list(own.profile.glob(f"**/{name}")), f"no {name} was written"
        assert list(own.data_folder.glob("presets/*.json")), "no preset was written"
        assert (own.out / f"{KIND}.blend1").exists() and (own.data_folder / "log" / "fluxdepth.log").exists()
        assert MARKED.encode() in (own.data_folder / "key").read_bytes()
        assert list(leaks(MARKED, tmp_path)) == []
        found.end(**result)


# The picture and its document.


@FULL
def test_an_image_that_is_removed_before_it_was_read(
    blender: Live, service: Sandbox, undisturbed: Undisturbed, cell: Cells
) -> None:
    with cell("blender", "preparing", "image removed") as found:
        expected = undisturbed(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        blender.do("begin", kind=KIND)
        blender.do("remove_image")
        facts = blender.do("end")
        assert "was removed" in facts["message"] and service.requests == []
        blender.do("reopen", kind=KIND)
        found.end(**judged(blender, service, facts, KIND, expected))


@pytest.mark.parametrize(
    "what",
    [
        "another file opened",
        *(pytest.param(one, marks=FULL) for one in ("image removed", "file deleted", "saved under another name")),
    ],
)
def test_a_document_that_changes_in_the_wait(
    blender: Live, service: Sandbox, undisturbed: Undisturbed, cell: Cells, what: str
) -> None:
    with cell("blender", "wait", what) as found:
        expected = undisturbed(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        service.latency = 2.0
        blender.do("begin", kind=KIND)
        blender.do("work", until="Generating")
        if what == "another file opened":
            blender.do("make", kind=VARIATIONS)
            assert blender.do("end")["status"] == "KEPT" and blender.look().count == 0
            blender.do("reopen", kind=KIND)
        elif what == "image removed":
            blender.do("remove_image")
        elif what == "file deleted":
            (blender.host.out / f"{KIND}.blend").unlink()
        else:
            blender.do("save", name="renamed.blend")
        facts = blender.do("end")
        assert facts["status"] == "ARRIVED", facts
        if what == "saved under another name":
            assert blender.look().facts["file"] == "renamed.blend"
            blender.do("save", name=f"{KIND}.blend")
        seen, submits = kept(blender, KIND), service.taken
        assert blender.do("recover") == NOTHING
        equal = seen.facts["results"] == expected.facts["results"] and seen.facts["file"] == expected.facts["file"]
        found.end(submits=submits, recovered=Recovered.ARRIVED, equal=equal)


@FULL
def test_a_document_that_is_gone_when_its_result_is_fetched(
    blender: Live, service: Sandbox, undisturbed: Undisturbed, cell: Cells
) -> None:
    """It comes into another one only when the artist says so."""
    with cell("blender", "recover", "its file is deleted") as found:
        expected = undisturbed(KIND)
        blender.fresh(service)
        blender.do("make", kind=KIND)
        service.fault = "download:html"
        assert "Recover" in blender.do("edit", kind=KIND)["message"]
        over(service)
        blender.do("make", kind=VARIATIONS)
        (blender.host.out / f"{KIND}.blend").unlink()
        blender.do("forget")
        assert blender.do("recover") == NOTHING and blender.look().count == 0
        panel = blender.do("panel")
        assert "Belongs elsewhere" in panel and f"For “{KIND}.blend” in Blender" in panel, panel
        blender.do("bring_in_here")
        seen = kept(blender, VARIATIONS)
        assert "Belongs elsewhere" not in blender.do("panel")
        equal = seen.facts["results"] == expected.facts["results"]
        found.end(submits=service.taken, recovered=Recovered.FETCHED, equal=equal)
