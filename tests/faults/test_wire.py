"""The way to the service: names that do not resolve, certificates that are wrong, proxies that answer for themselves.

Each at each stage; what was paid for is fetched once the way is good again.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.errors import (
    Billed,
    ConnectionFailedError,
    FluxDepthError,
    NetworkError,
    TlsError,
    UncertainError,
)
from shared.pictures.encoded import EncodedImage
from shared.service import retrying
from shared.service.client import Client, TimeOuts
from tests.core.conftest import Bench
from tests.faults import Cells, Recovered
from tests.faults.wires import Certificates, impostor, secured

FULL = pytest.mark.full
# One of each kind of fault in each run of CI, where it can cost most.
STAGED = pytest.mark.parametrize(
    "stage", ["submit", *(pytest.param(one, marks=FULL) for one in ("upload", "poll", "download"))]
)
STAGES = {"upload": "upload", "submit": "submit", "poll": "wait", "download": "download"}


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "ATTEMPTS", 2)


def begun(bench: Bench, stage: str) -> bool:
    """Whether the stages before ``stage`` are over, as the service sees it."""
    before = {"upload": "", "submit": "upload", "poll": "submit", "download": "poll"}[stage]
    return not before or bool(bench.sandbox.at(before))


def outcome(bench: Bench, photo: EncodedImage, kind: type[FluxDepthError], mend: Callable[[], object]) -> Recovered:
    """Runs into the fault, mends the way, and fetches what is owed; checks what was told."""
    with pytest.raises((kind, UncertainError)) as raised:
        bench.run(photo)
    mend()
    error = raised.value
    if isinstance(error, UncertainError):
        assert "may have been used" in str(error)
        return Recovered.UNCERTAIN
    if not bench.sandbox.taken:
        assert error.billed is Billed.NO and "Nothing was billed." in str(error)
        return Recovered.NOTHING
    assert error.billed is Billed.YES and "Recover" in str(error)
    return Recovered.FETCHED


def ended(bench: Bench, recovered: Recovered) -> dict[str, object]:
    """The cell's facts; what is owed is fetched first."""
    equal = None
    if recovered is Recovered.FETCHED:
        ((job, entry),) = bench.owed()
        (served,) = bench.sandbox.results.values()
        equal = bench.recover(job, entry).image.data == served
    return {"submits": bench.sandbox.taken, "recovered": recovered, "equal": equal}


@STAGED
def test_a_name_that_does_not_resolve(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch, cell: Cells, stage: str
) -> None:
    with cell("core", STAGES[stage], "DNS failure") as found:
        real = socket.getaddrinfo

        def resolve(*arguments: object, **options: object) -> object:
            if begun(bench, stage):
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return real(*arguments, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        recovered = outcome(
            bench, photo, ConnectionFailedError, lambda: monkeypatch.setattr(socket, "getaddrinfo", real)
        )
        assert recovered is (Recovered.NOTHING if stage in ("upload", "submit") else Recovered.FETCHED)
        found.end(**ended(bench, recovered))  # type: ignore[arg-type]


@pytest.fixture
def over_tls(
    bench: Bench, certificates: Certificates, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str], None]]:
    """The bench's service is behind TLS; called with a stage and what the certificate is from then on."""
    wrong = {"stage": "", "what": "good"}

    def context() -> object:
        bad = wrong["stage"] and begun(bench, wrong["stage"])
        return certificates.contexts[wrong["what"] if bad else "good"]

    def spoil(stage: str, what: str) -> None:
        wrong.update(stage=stage, what=what)

    port = int(bench.sandbox.base_url.rsplit(":", 1)[1])
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates.bundle))
    with secured(port, context) as safe:  # type: ignore[arg-type]
        bench.client = Client(
            f"https://localhost:{safe}", bench.sandbox.api_key, time_outs=TimeOuts(2.0, 2.0, 2.0, total=4.0)
        )
        yield spoil


@pytest.mark.parametrize("what", ["wrong host", *(pytest.param(one, marks=FULL) for one in ("expired", "self-signed"))])
@STAGED
def test_a_wrong_certificate_gets_nothing(
    bench: Bench, photo: EncodedImage, over_tls: Callable[[str, str], None], cell: Cells, stage: str, what: str
) -> None:
    with cell("core", STAGES[stage], f"TLS: {what}") as found:
        over_tls(stage, what)
        if stage == "download":
            bench.sandbox.fault = "no_temporary_url"  # then the result lies at the service's own address
        heard = len(bench.sandbox.requests)

        def mend() -> None:
            nonlocal heard
            heard = len(bench.sandbox.requests)
            over_tls("", "good")

        recovered = outcome(bench, photo, TlsError, mend)
        assert recovered is (Recovered.NOTHING if stage in ("upload", "submit") else Recovered.FETCHED)
        assert not any(request.stage == stage for request in bench.sandbox.requests[:heard])
        found.end(**ended(bench, recovered))  # type: ignore[arg-type]


PORTAL = b"<html><title>Please sign in to the hotel's network</title></html>"
IMPOSTORS = {
    "a sign-in page": (200, "text/html", PORTAL),
    "407, its own password": (407, "text/html", b"<html>Proxy Authentication Required</html>"),
    "502, its own page": (502, "text/html", b"<html>Bad gateway</html>"),
    "JSON of its own": (200, "application/json", b'{"status": "blocked", "category": "AI"}'),
}
ANSWERED = pytest.mark.parametrize(
    "what", [pytest.param(one, marks=() if one == "a sign-in page" else FULL) for one in IMPOSTORS]
)


@ANSWERED
@STAGED
def test_a_proxy_that_answers_in_the_services_place(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch, cell: Cells, stage: str, what: str
) -> None:
    """Plain http, which only the sandbox speaks: a proxy can answer for it without a certificate."""
    with cell("core", STAGES[stage], f"a proxy answers: {what}") as found, impostor(*IMPOSTORS[what]) as (port, heard):
        stop = threading.Event()

        def waylay() -> None:
            while not (begun(bench, stage) or stop.is_set()):
                stop.wait(0.001)
            if not stop.is_set():
                for name in ("HTTP_PROXY", "http_proxy"):
                    monkeypatch.setenv(name, f"http://127.0.0.1:{port}")

        def mend() -> None:
            stop.set()
            thread.join()
            for name in ("HTTP_PROXY", "http_proxy"):
                monkeypatch.delenv(name)

        before = {"upload": None, "submit": "upload", "poll": "submit", "download": "poll"}[stage]
        if before:  # long enough in its last moment that the next call goes the other way
            bench.sandbox.drip_interval, bench.sandbox.fault = 0.0002, f"{before}:slow_drip*1"
            bench.client = bench.patient()
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.setenv(name, "")
        thread = threading.Thread(target=waylay)
        thread.start()
        if not before:
            thread.join()
        recovered = outcome(bench, photo, FluxDepthError, mend)
        bench.sandbox.fault = None
        assert recovered is not Recovered.UNCERTAIN or stage == "submit"
        assert heard, "the proxy was not asked"
        found.end(**ended(bench, recovered))  # type: ignore[arg-type]


@ANSWERED
def test_a_proxy_can_not_answer_for_the_real_service(
    photo: EncodedImage, monkeypatch: pytest.MonkeyPatch, cell: Cells, bench: Bench, what: str
) -> None:
    """https: it is asked for a tunnel, and neither key nor picture is told to it, whatever it says."""
    with cell("core", "start", f"a proxy answers for https: {what}") as found, impostor(*IMPOSTORS[what]) as one:
        port, heard = one
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        bench.client = Client("https://api.1min.ai", "a-secret-key-of-mine", time_outs=TimeOuts(2.0, 2.0, 2.0, 4.0))
        with pytest.raises(NetworkError, match="Nothing was billed") as raised:
            bench.run(photo)
        assert "a-secret-key" not in str(heard) + str(raised.value)
        assert all(line.startswith("CONNECT") for line in heard)
        found.end(submits=bench.sandbox.submits, recovered=Recovered.NOTHING)


def test_a_key_goes_to_no_result_address_over_tls_either(
    bench: Bench, photo: EncodedImage, over_tls: Callable[[str, str], None], certificates: Certificates, tmp_path: Path
) -> None:
    (result,) = bench.run(photo).results
    assert result.image.width == 640
    assert all("API-KEY" not in request.headers for request in bench.sandbox.at("download"))
