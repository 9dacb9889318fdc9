"""Every fault at every stage: a typed error with a next step, no second submit, and what was paid for in reach."""

from __future__ import annotations

import contextlib
import io
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import requests
import urllib3

from shared.cancel import CancelToken
from shared.errors import (
    Billed,
    ConnectionFailedError,
    ConnectionLostError,
    CreditsError,
    EditFailedError,
    FluxDepthError,
    KeyRejectedError,
    ModelUnavailableError,
    NetworkError,
    NextStep,
    RateLimitedError,
    RequestRejectedError,
    ResultDamagedError,
    ResultExpiredError,
    ResultRefusedError,
    ResultTooLargeError,
    ServiceDownError,
    StillRunningError,
    TimedOutError,
    UncertainError,
    UnexpectedReplyError,
)
from shared.jobs import polling
from shared.model.edit import DepthEdit
from shared.pictures.encoded import EncodedImage
from shared.service import retrying, transport
from shared.service.client import Client, TimeOuts
from shared.service.replies import Record, Status
from shared.storage.entries import EditState
from tests.core.conftest import Bench
from tests.faults import Cells, Recovered
from tests.sandbox import pictures
from tests.sandbox.faults import KINDS

Errors = type[FluxDepthError] | tuple[type[FluxDepthError], ...]
LOST = (ConnectionLostError, TimedOutError, ConnectionFailedError)

# stage -> kind -> the error, or None where the edit must succeed all the same.
UPLOAD: dict[str, Errors | None] = {
    "refuse": LOST,
    "reset": LOST,
    "reset_after_taken": LOST,
    "silence": TimedOutError,
    "silence_after_taken": TimedOutError,
    "slow_drip": TimedOutError,
    "truncated": (ConnectionLostError, UnexpectedReplyError),
    "wrong_length": UnexpectedReplyError,
    "html": UnexpectedReplyError,
    "html_403": ServiceDownError,
    "html_503": ServiceDownError,
    "http_522": ServiceDownError,
    "json_shape": UnexpectedReplyError,
    "not_json": UnexpectedReplyError,
    "text_plain": None,
    "http_500": ServiceDownError,
    "rate_limit": RateLimitedError,
    "rate_limit_bare": RateLimitedError,
    "unauthorized": KeyRejectedError,
    "key_deleted": KeyRejectedError,
    "error_envelope": (RequestRejectedError, ServiceDownError),
    "redirect_other_host": UnexpectedReplyError,
    "redirect_http": UnexpectedReplyError,
    "redirect_loop": UnexpectedReplyError,
}
SUBMIT: dict[str, Errors | None] = {
    **dict.fromkeys(UPLOAD, UncertainError),
    "refuse": (UncertainError, *LOST),
    "text_plain": None,
    "html_403": ServiceDownError,
    "rate_limit": RateLimitedError,
    "rate_limit_bare": RateLimitedError,
    "unauthorized": KeyRejectedError,
    "key_deleted": KeyRejectedError,
    "error_envelope": (RequestRejectedError, UncertainError),
    "no_credits": CreditsError,
    "unsupported_model": ModelUnavailableError,
    "unsupported_feature": RequestRejectedError,
    "missing_fields": RequestRejectedError,
    "busy": (ServiceDownError, RequestRejectedError),
    "async_unsupported": None,
    "async_ignored": None,
    "upload_forgotten": RequestRejectedError,  # the picture was uploaded just now, so another upload would not help
    "no_credits_200": (CreditsError, UncertainError),
    "failure": EditFailedError,
    "failure_at_once": EditFailedError,
    "result_string": None,
    "result_dict_url": None,
    "result_absolute_url": None,
    "no_temporary_url": None,
    "private_url": ResultRefusedError,
    "unknown_status": None,  # it is waited out
    "record_null": UncertainError,
    "other_size": None,
}
POLL: dict[str, Errors | None] = {
    **UPLOAD,
    "json_shape": UnexpectedReplyError,
    "no_credits_200": CreditsError,
    "failure": EditFailedError,
    "result_string": None,
    "result_dict_url": None,
    "result_absolute_url": None,
    "no_temporary_url": None,
    "private_url": ResultRefusedError,
    "unknown_status": StillRunningError,
    "record_null": ResultExpiredError,
}
DOWNLOAD: dict[str, Errors | None] = {
    "refuse": LOST,
    "reset": LOST,
    "silence": TimedOutError,
    "slow_drip": TimedOutError,
    "truncated": (ConnectionLostError, ResultDamagedError),
    "wrong_length": ResultDamagedError,  # a decoder would open it, half of it grey
    "html": ResultDamagedError,
    "html_403": ResultExpiredError,
    "html_503": ServiceDownError,
    "http_522": ServiceDownError,
    "http_500": ServiceDownError,
    "rate_limit": ServiceDownError,
    "rate_limit_bare": ServiceDownError,
    "redirect_other_host": None,  # a store may send on to another https host, or to loopback when the service is there
    "redirect_http": ResultRefusedError,
    "redirect_loop": ResultRefusedError,
    "expired_url": ResultExpiredError,
    "result_not_image": ResultDamagedError,
    "result_truncated": ResultDamagedError,
    "result_empty": ResultDamagedError,
    "result_tail": None,
    "result_avif": None,
    "result_bomb": ResultTooLargeError,
    "result_huge": (ResultTooLargeError, TimedOutError),
}
EXPECTED = {"upload": UPLOAD, "submit": SUBMIT, "poll": POLL, "download": DOWNLOAD}


@dataclass(frozen=True)
class Case:
    stage: str
    kind: str
    errors: Errors | None

    def __str__(self) -> str:
        return f"{self.stage}:{self.kind}"


# What comes of these is not the undisturbed result, and is kept just as it came.
SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "result_tail": pictures.with_tail,
    "result_avif": pictures.as_avif,
}
# The table's words for the stages of the pipeline.
STAGE = {"upload": "upload", "submit": "submit", "poll": "wait", "download": "download"}
CASES = [Case(stage, kind, errors) for stage, kinds in EXPECTED.items() for kind, errors in kinds.items()]


def test_the_table_names_every_fault_that_the_sandbox_knows() -> None:
    known = {(stage, kind.name) for kind in KINDS.values() for stage in kind.stages if stage != "models"}
    assert {(case.stage, case.kind) for case in CASES} == known


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_is_told_costs_nothing_twice_and_loses_nothing(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch, case: Case, cell: Cells
) -> None:
    monkeypatch.setattr(retrying, "ATTEMPTS", 2)
    monkeypatch.setattr(transport, "RESULT_LIMIT", 32 * 2**20)
    monkeypatch.setattr(retrying, "RETRY_AFTER_LIMIT", 0.5)
    bench.sandbox.drip_interval = 0.05
    bench.sandbox.private_url = "http://10.0.0.1/latest"  # refused, so it is never asked
    bench.sandbox.fault = str(case)
    with cell("core", STAGE[case.stage], case.kind) as found:
        if case.errors is None:
            (result,) = bench.run(photo).results
            found.end(
                submits=bench.sandbox.taken, recovered=Recovered.ARRIVED, equal=is_as_served(bench, case, result.image)
            )
            return
        with pytest.raises(case.errors) as raised:
            bench.run(photo)
        recovered, result = held_to_the_promise(bench, case, raised.value)
        equal = is_as_served(bench, None, result) if result else None
        found.end(submits=bench.sandbox.taken, recovered=recovered, equal=equal)


def is_as_served(bench: Bench, case: Case | None, image: EncodedImage) -> bool:
    """Whether ``image`` is what the service gave, byte for byte, or what a fault at the way made of it."""
    (served,) = bench.sandbox.results.values()
    if case and case.stage == "download" and case.kind in SPOILED:
        served = SPOILED[case.kind](served)
    return image.data == served


def held_to_the_promise(bench: Bench, case: Case, error: FluxDepthError) -> tuple[Recovered, EncodedImage | None]:
    """Checks what was told and what stays; returns what became of the edit, and its result when it was fetched."""
    ((edit,),) = [job.edits for job in bench.journal.entries()]
    # Told: a sentence without a traceback, the same on disk.
    assert error.message.endswith((".", "!", "?")) and len(str(error)) < 700
    assert "_ssl" not in str(error) and "Traceback" not in str(error)
    assert edit.error == str(error)
    # The key went to the service's own address only.
    assert not any("API-KEY" in request.headers for request in bench.sandbox.elsewhere)
    # Billed is told as it is.
    if not bench.sandbox.taken:
        assert error.billed in (Billed.NO, Billed.MAYBE)
        if case.stage == "upload" or not isinstance(error, (UncertainError, EditFailedError)):
            assert error.billed is Billed.NO, error
    elif not isinstance(error, CreditsError):  # such a record says itself that nothing was billed
        assert error.billed in (Billed.MAYBE, Billed.YES), error
    # What was paid for stays within reach.
    bench.sandbox.fault = None
    if isinstance(error, UncertainError):
        assert edit.state is EditState.UNCERTAIN
        assert "may have been used" in str(error)
        return Recovered.UNCERTAIN, None
    if not bench.sandbox.taken:
        return Recovered.NOTHING, None
    if isinstance(error, (EditFailedError, CreditsError)) or case.kind == "private_url":
        return Recovered.FINAL, None  # the record itself is so, and stays so
    assert error.next_step is not NextStep.TRY_AGAIN
    if isinstance(error, ResultDamagedError) and "empty" not in case.kind:  # what came is not thrown away
        (kept,) = bench.journal.home.glob("jobs/*/result-1.raw")
        assert kept.read_bytes() and str(kept) in str(error)
    ((job, entry),) = bench.owed()
    result = bench.recover(job, entry)
    assert result.image.width == 640
    assert bench.sandbox.submits == 1
    return Recovered.FETCHED, result.image


@pytest.mark.parametrize("kind", ["refuse", "rate_limit", "http_500", "reset", "html_503"])
def test_a_passing_fault_of_a_free_call_is_not_even_noticed(
    bench: Bench, photo: EncodedImage, kind: str, cell: Cells
) -> None:
    for stage in ("upload", "poll", "download"):
        with cell("core", STAGE[stage], f"{kind}, passing") as found:
            bench.sandbox.reset()
            bench.sandbox.fault = f"{stage}:{kind}*1"
            (result,) = bench.run(photo, seed=len(stage)).results
            equal = is_as_served(bench, None, result.image)
            found.end(submits=bench.sandbox.taken, recovered=Recovered.ARRIVED, equal=equal)


def test_a_submit_is_repeated_after_a_rate_limit_since_it_was_not_taken(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.fault = "submit:rate_limit*1"
    bench.run(photo)
    first, second = bench.sandbox.at("submit")
    assert second.time - first.time >= 1.0  # Retry-After
    assert bench.sandbox.taken == 1


def test_no_connection_at_all(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.stop_listening()
    with pytest.raises(ConnectionFailedError, match="No connection to 127.0.0.1.*refused.*Nothing was billed"):
        bench.run(photo)


def test_a_service_that_goes_away_before_the_submit_was_not_paid(bench: Bench, photo: EncodedImage) -> None:
    bench.run(photo)
    bench.sandbox.stop_listening()
    with pytest.raises(ConnectionFailedError, match="Nothing was billed"):
        bench.run(photo, seed=1)  # the upload is reused, so the submit is the first call
    assert bench.sandbox.submits == 1


@pytest.mark.parametrize(
    "address",
    ["http://s3.example/x", "https://127.0.0.1/x", "https://10.1.2.3/x", "https://[fe80::1]/x", "https://169.254.1.1/x"]
    + ["https://localhost/x", "ftp://s3.example/x", "file:///etc/passwd", "https:///x", "http://127.0.0.1/x"],
)
def test_a_result_address_that_is_not_public_https_is_refused(address: str) -> None:
    record = Record("id", Status.SUCCESS, "SUCCESS", (address,))
    with pytest.raises(ResultRefusedError):
        Client("https://api.1min.ai", "some-key").download(record, cancel=CancelToken())


def test_status_costs_nothing_and_says_what_it_knows(bench: Bench) -> None:
    status = bench.client.status()
    assert (status.key_accepted, status.model_offered, status.problem) == (True, True, None)
    assert status.line == "Key accepted · model offered · 50,000 credits an edit"
    assert bench.sandbox.submits == 0
    bench.sandbox.fault = "models:model_disabled"
    assert bench.client.status().model_offered is False
    bench.sandbox.fault = "models:model_gone"
    assert bench.client.status().model_offered is False
    bench.sandbox.fault = "poll:key_deleted"
    status = bench.client.status()
    assert status.key_accepted is False and "deleted" in str(status.problem)
    assert "API-KEY" not in bench.sandbox.at("models")[0].headers


class Canned(requests.adapters.BaseAdapter):
    """A transport that answers every request with the same reply."""

    def __init__(self, status: int, body: bytes, **headers: str) -> None:
        super().__init__()
        self.status, self.body, self.asked = status, body, 0
        self.headers = {"Content-Type": "application/json", **headers}

    def send(self, request: requests.PreparedRequest, *args: object, **options: object) -> requests.Response:
        self.asked += 1
        if request.body is not None:
            while request.body.read(4096):
                pass
        reply = requests.Response()
        reply.status_code, reply.url, reply.request = self.status, request.url, request
        reply.headers.update(self.headers)
        reply.raw = urllib3.HTTPResponse(io.BytesIO(self.body), headers=self.headers, preload_content=False)
        return reply

    def close(self) -> None:
        """Nothing is open."""


def submit_to(transport: Canned) -> None:
    client = Client("https://service.example", "the-secret-key", adapter=transport)
    client.submit(DepthEdit.checked({"prompt": "x"}), "images/x.png", asynchronous=True, cancel=CancelToken())


def test_an_error_that_comes_with_a_200_does_not_prove_that_nothing_was_taken(quick: None) -> None:
    transport = Canned(200, b'{"errorCode": "EXTERNAL_API_RESPONSE_WITH_ERROR", "message": "busy"}')
    with pytest.raises(UncertainError):
        submit_to(transport)
    assert transport.asked == 1


def test_an_endless_answer_to_a_submit_is_uncertain(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "REPLY_LIMIT", 1000)
    canned = Canned(200, b" " * 2000)
    with pytest.raises(UncertainError, match="larger than"):
        submit_to(canned)
    assert canned.asked == 1


def test_a_key_in_the_services_own_words_is_not_repeated(quick: None) -> None:
    transport = Canned(401, b'{"errorCode": "X", "message": "API Key the-secret-key is not active"}')
    with pytest.raises(KeyRejectedError, match="API Key .key. is not active") as refused:
        submit_to(transport)
    assert "the-secret-key" not in refused.value.detail


def test_missing_credits_for_a_look_are_no_word_about_the_edit(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: object, **options: object) -> None:
        raise CreditsError("There are not enough credits.")

    monkeypatch.setattr(bench.client, "look_up", refused)
    with pytest.raises(CreditsError) as raised:
        bench.run(photo)
    assert raised.value.billed is Billed.YES
    assert len(bench.owed()) == 1


def test_a_long_retry_after_does_not_hold_the_artist(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "RETRY_AFTER_LIMIT", 0.05)
    bench.sandbox.fault = "poll:rate_limit"
    started = time.monotonic()
    with pytest.raises(RateLimitedError, match="Recover"):
        bench.run(photo)
    assert time.monotonic() - started < 5  # each of them asks for 1 s, for ever


def test_a_peer_that_drips_its_headers_meets_the_overall_time_out(quick: None) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                with contextlib.suppress(OSError):
                    while not done.wait(0.05):
                        connection.sendall(b"X: y\r\n")

        thread = threading.Thread(target=drip)
        thread.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        client = Client(address, "some-key", time_outs=TimeOuts(1.0, 1.0, 1.0, total=0.5))
        try:
            with pytest.raises(TimedOutError, match="No whole answer came"):
                client.look_up("x")
        finally:
            done.set()
            thread.join(10)


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "http://", "nonsense"])
def test_a_proxy_that_can_not_be_used_is_no_paid_result(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(NetworkError, match="proxy|127.0.0.1") as raised:
        bench.run(photo)
    assert raised.value.billed is Billed.NO


@pytest.mark.parametrize("address", ["https://[bad", "https://2130706433/x", "https://127.1/x", "https://localhost./x"])
def test_an_address_that_is_none_is_refused_in_words(address: str) -> None:
    with pytest.raises(ResultRefusedError):
        Client("https://api.1min.ai", "some-key").download(
            Record("id", Status.SUCCESS, "SUCCESS", (address,)), cancel=CancelToken()
        )


def test_a_wrong_key_is_told(bench: Bench, photo: EncodedImage) -> None:
    bench.client = Client(bench.sandbox.base_url, "wrong-key-wrong-key")
    with pytest.raises(KeyRejectedError, match="did not accept the key .401.*Settings.*Nothing was billed") as refused:
        bench.run(photo)
    assert refused.value.next_step is NextStep.OPEN_SETTINGS
    assert "wrong-key" not in str(refused.value)
