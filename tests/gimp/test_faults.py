"""Every fault of the way to the service, at each stage, in a real GIMP: nothing lost, nothing billed twice."""

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
from tests.hosts import Gimp
from tests.sandbox import Sandbox

from .conftest import installed
from .live import Live, Seen

KIND = "feathered selection"
Undisturbed = Callable[[str], Seen]


@pytest.fixture(scope="module")
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="echo") as one:
        one.api_key = MARKED
        yield one


@pytest.fixture(scope="module")
def gimp(gimp30: Gimp, package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with Live(installed(gimp30, package, tmp_path_factory.mktemp("faults"))) as live:
        yield live


@pytest.fixture(scope="module")
def undisturbed(gimp: Live, service: Sandbox) -> Undisturbed:
    """What comes of an edit of that kind of picture when nothing happens."""
    return remembered(gimp, service)


def remembered(gimp: Live, service: Sandbox) -> Undisturbed:
    known: dict[str, Seen] = {}

    def seen(kind: str) -> Seen:
        if kind not in known:
            gimp.fresh(service)
            prepare(service, kind)
            gimp.do("open", kind=kind)
            facts = gimp.do("edit", kind=kind)
            assert facts["status"] == "success", facts
            known[kind] = gimp.look("undisturbed")
            gimp.do("close")
        return known[kind]

    return seen


@pytest.fixture(autouse=True)
def closed(gimp: Live) -> Iterator[None]:
    """No image is left, and no byte of the key but in its own file; what is in the data folder is its owner's alone."""
    yield
    if not gimp.alive():
        gimp.restart()
    gimp.do("close")
    assert list(leaks(MARKED, gimp.inside.home, gimp.inside.out)) == []
    assert not gimp.inside.data_folder.exists() or exposed(gimp.inside.data_folder) == []


def judged(
    gimp: Live, service: Sandbox, facts: dict[str, Any], kind: str, undisturbed: Seen, *, final: bool = False
) -> dict[str, Any]:
    """The fault is over: what was told is true, Recover brings what is owed, and nothing is paid for again."""
    submits, taken, words = len(service.at("submit")), service.taken, facts["message"]
    over(service)
    mark = gimp.mark
    recovered = gimp.do("recover")
    said = gimp.said(mark)
    seen = gimp.look("seen")
    assert len(service.at("submit")) == submits and service.taken == taken  # looking costs nothing
    result: dict[str, Any] = {"submits": taken, "asked": asked(kind)}
    if facts["status"] == "success":
        assert not recovered["came"] and "There is nothing to recover." in said, said
        return {**result, "recovered": Recovered.ARRIVED, "equal": seen.equals(undisturbed)}
    assert facts["changed"] == [], facts
    if final:
        assert "redits" in words, words  # that there are not enough, or that they may have been used
        assert not recovered["came"] and "There is nothing to recover." in said, said
        return {**result, "recovered": Recovered.FINAL}
    if "may have been used" in words:
        assert not recovered["came"] and seen.count == 1
        assert "may have been billed" in said and "History" in said and "Fog far behind" in said, said
        return {**result, "recovered": Recovered.UNCERTAIN}
    if not taken:
        assert "Nothing was billed." in words, words
        assert not recovered["came"] and "There is nothing to recover." in said, said
        return {**result, "recovered": Recovered.NOTHING}
    assert "Credits were used" in words and "Recover" in words, words
    assert recovered["came"], said
    mark = gimp.mark
    assert not gimp.do("recover")["came"] and "There is nothing to recover." in gimp.said(mark)
    return {**result, "recovered": Recovered.FETCHED, "equal": seen.equals(undisturbed)}


@pytest.mark.parametrize("fault", chosen(MATRIX, IN_CI))
def test_a_fault_on_the_way(gimp: Live, service: Sandbox, undisturbed: Undisturbed, cell: Cells, fault: str) -> None:
    stage, kind = fault.split(":")
    with cell("gimp", *named(fault)) as found:
        expected = undisturbed(KIND)
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        arm(service, fault)
        facts = gimp.do("edit", kind=KIND)
        assert "Traceback" not in facts["message"] and "Something went wrong" not in facts["message"]
        assert service.elsewhere == [] or stage == "download"
        found.end(**judged(gimp, service, facts, KIND, expected, final=kind in FINAL))


@FULL
@pytest.mark.parametrize("fault", ["download:wrong_length", "download:result_truncated"])
def test_half_of_a_jpeg(gimp: Live, service: Sandbox, undisturbed: Undisturbed, cell: Cells, fault: str) -> None:
    """Which a decoder opens: the other half is grey."""
    kind = "half a JPEG"
    with cell("gimp", "download", f"{named(fault)[1]}, JPEG") as found:
        expected = undisturbed(kind)
        gimp.fresh(service)
        gimp.do("open", kind=kind)
        arm(service, fault)
        found.end(**judged(gimp, service, gimp.do("edit", kind=kind), kind, expected))


@FULL
def test_silence(gimp30: Gimp, package: Path, tmp_path: Path, cell: Cells) -> None:
    """A minute at each stage, all at the same time."""

    def one(fault: str) -> None:
        folder = tmp_path / fault.strip("*1").replace(":", " ")
        folder.mkdir()
        with (
            cell("gimp", *named(fault)) as found,
            Sandbox(effect="echo") as service,
            Live(installed(gimp30, package, folder)) as gimp,
        ):
            expected = remembered(gimp, service)(KIND)
            gimp.fresh(service)
            gimp.do("open", kind=KIND)
            service.fault = fault
            facts = gimp.do("edit", kind=KIND)
            assert 50 < facts["seconds"] < 90
            found.end(**judged(gimp, service, facts, KIND, expected))

    with ThreadPoolExecutor(len(SILENCES)) as all_at_once:
        list(all_at_once.map(one, SILENCES))


@FULL
def test_an_outage_in_the_wait_is_told_and_what_was_paid_for_is_fetched(
    gimp: Live, service: Sandbox, undisturbed: Undisturbed, cell: Cells
) -> None:
    with cell("gimp", "wait", "no connection for longer than a minute") as found:
        expected = undisturbed(KIND)
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        service.fault = "poll:refuse"
        facts = gimp.do("edit", kind=KIND)
        assert 60 <= facts["seconds"] < 100
        found.end(**judged(gimp, service, facts, KIND, expected))


@FULL
def test_a_service_whose_name_does_not_resolve(
    gimp: Live, service: Sandbox, undisturbed: Undisturbed, cell: Cells
) -> None:
    with cell("gimp", "upload", "DNS failure") as found:
        expected = undisturbed(KIND)
        gimp.fresh(service, "https://service.fluxdepth.invalid")
        gimp.do("open", kind=KIND)
        facts = gimp.do("edit", kind=KIND)
        assert "can't be found" in facts["message"]
        found.end(**judged(gimp, service, facts, KIND, expected))


@pytest.fixture(scope="module")
def over_tls(
    gimp30: Gimp, package: Path, service: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Live, Undisturbed, dict[str, str]]]:
    """A GIMP that knows the authority, what it makes undisturbed, and where and how the certificate is wrong."""
    folder = tmp_path_factory.mktemp("tls")
    certificates = Certificates(folder)
    wrong = {"after": "", "what": "good"}

    def context() -> Any:
        is_wrong = not wrong["after"] or service.at(wrong["after"])
        return certificates.contexts[wrong["what"] if is_wrong else "good"]

    bundle = {"REQUESTS_CA_BUNDLE": str(certificates.bundle)}
    with (
        secured(int(service.base_url.rsplit(":", 1)[1]), context) as port,
        Live(installed(gimp30, package, folder), bundle) as live,
    ):
        wrong["address"] = f"https://localhost:{port}"
        yield live, remembered(live, service), wrong


@FULL
@pytest.mark.parametrize(("what", "stage"), WRONG_CERTIFICATES)
def test_a_wrong_certificate_gets_nothing(
    over_tls: tuple[Live, Undisturbed, dict[str, str]], service: Sandbox, cell: Cells, stage: str, what: str
) -> None:
    gimp, undisturbed, wrong = over_tls
    with cell("gimp", stage, f"TLS: {what}") as found:
        expected = undisturbed(KIND)
        gimp.fresh(service, wrong["address"])
        gimp.do("open", kind=KIND)
        if stage == "download":
            service.fault = "no_temporary_url"  # then the result lies at the service's own address
        wrong.update(what=what, after=BEFORE[stage])
        facts = gimp.do("edit", kind=KIND)
        wrong.update(what="good")
        assert service.at(stage) == [] and facts["status"] != "success"
        found.end(**judged(gimp, service, facts, KIND, expected))
        gimp.do("close")


def test_a_marked_key_is_in_no_byte_that_is_written(
    gimp: Live, service: Sandbox, undisturbed: Undisturbed, cell: Cells
) -> None:
    """Refused and taken; the fixture above looks into each file after each of the other tests as well."""
    with cell("gimp", "whole", "a marked key, refused and taken, the image saved") as found:
        expected = undisturbed(KIND)
        gimp.fresh(service)
        gimp.do("open", kind=KIND)
        service.fault = "upload:unauthorized"
        assert "key" in gimp.do("edit", kind=KIND)["message"]
        service.fault = "download:html"
        facts = gimp.do("edit", kind=KIND)
        result = judged(gimp, service, facts, KIND, expected)
        gimp.do("save", name="saved.xcf")
        assert (gimp.inside.data_folder / "log" / "fluxdepth.log").exists()
        assert MARKED.encode() in (gimp.inside.data_folder / "key").read_bytes()
        assert list(leaks(MARKED, gimp.inside.home, gimp.inside.out)) == []
        found.end(**result)
