"""One call of the client at a time: what is repeated, what a stop gives up, and what becomes of the bytes that came."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from shared.cancel import CancelToken
from shared.errors import (
    Billed,
    Cancelled,
    ConnectionFailedError,
    FluxDepthError,
    ResultDamagedError,
    ResultTooLargeError,
    ServiceDownError,
    TlsError,
    UncertainError,
)
from shared.model.edit import DepthEdit
from shared.pictures.encoded import EncodedImage, sniff
from shared.service.client import Client, TimeOuts
from shared.service.replies import Record, Status
from tests.core.conftest import Bench
from tests.core.test_faults import Canned

EDIT = DepthEdit.checked({"prompt": "haze far behind", "format": "png"})
RECORD = b'{"aiRecord": {"uuid": "u-1", "status": "PROCESSING", "aiRecordDetail": {"resultObject": []}}}'
AT_ONCE = 0.4  # s; a stop is answered in some 10 ms, the rest is for a busy machine


def finished(bench: Bench, photo: EncodedImage, edit: DepthEdit = EDIT) -> Record:
    """The record of a finished edit, submitted in one long call."""
    path = bench.client.upload(photo, cancel=bench.cancel)
    return bench.client.submit(edit, path, asynchronous=False, cancel=bench.cancel)


# What is repeated by itself.


@pytest.mark.parametrize(
    "kind", ["busy", "html_403", "no_credits", "missing_fields", "error_envelope", "unauthorized", "unsupported_model"]
)
def test_a_submit_that_was_turned_down_is_told_and_not_repeated(bench: Bench, photo: EncodedImage, kind: str) -> None:
    bench.sandbox.fault = f"submit:{kind}"
    with pytest.raises(FluxDepthError) as refused:
        finished(bench, photo)
    assert bench.sandbox.submits == 1
    assert refused.value.billed is Billed.NO


class Unreachable(Canned):
    """Fails ``times`` times before a byte is sent, then answers."""

    def __init__(self, error: Exception, times: int) -> None:
        super().__init__(200, RECORD)
        self.error, self.times = error, times

    def send(self, request: requests.PreparedRequest, *args: object, **options: object) -> requests.Response:
        if self.asked < self.times:
            self.asked += 1
            raise self.error
        return super().send(request, *args, **options)


def submit_to(transport: Canned, cancel: CancelToken | None = None) -> Record:
    client = Client("https://service.example", "the-secret-key", adapter=transport)
    return client.submit(EDIT, "images/x.png", asynchronous=True, cancel=cancel or CancelToken())


def test_a_submit_of_which_no_byte_was_sent_is_repeated(quick: None) -> None:
    transport = Unreachable(requests.ConnectionError("refused"), times=2)
    assert submit_to(transport).uuid == "u-1"
    assert transport.asked == 3


def test_a_secure_connection_that_can_not_be_made_is_not_tried_again(quick: None) -> None:
    transport = Unreachable(requests.exceptions.SSLError("certificate verify failed"), times=2)
    with pytest.raises(TlsError):
        submit_to(transport)
    assert transport.asked == 1


# JSON is JSON, whatever it is called.


@pytest.mark.parametrize("content_type", ["text/plain", "text/html; charset=utf-8", "application/octet-stream", ""])
def test_json_is_read_whatever_its_type_says(quick: None, content_type: str) -> None:
    assert submit_to(Canned(200, RECORD, **{"Content-Type": content_type})).uuid == "u-1"


def test_the_model_list_may_call_itself_text(bench: Bench) -> None:
    bench.sandbox.fault = "models:text_plain"
    assert bench.client.status().model_offered is True


def test_a_refusal_that_calls_itself_text_is_a_refusal_all_the_same(quick: None) -> None:
    transport = Canned(
        406, b'{"errorCode": "INSUFFICIENT_CREDITS", "message": "only 46"}', **{"Content-Type": "text/x"}
    )
    with pytest.raises(FluxDepthError, match="not enough credits.*Nothing was billed"):
        submit_to(transport)


# A stop.


@contextlib.contextmanager
def hanging(where: str) -> Iterator[str]:
    """The address of a service that hangs at one point of a call for as long as the context lasts."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    held.append(connection)
                    if where == "body":
                        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
                        connection.sendall(head + b"{")

        if where == "connect":  # a queue that is full: the next one waits to be let in
            for _ in range(8):
                waiting = socket.socket()
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.1", port))
                held.append(waiting)
        else:
            threading.Thread(target=answer, daemon=True).start()
        try:
            yield f"{'https' if where == 'tls' else 'http'}://127.0.0.1:{port}"
        finally:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            for one in held:
                one.close()


def stopped_after(work: Callable[[], Any], stop: Callable[[], None]) -> float:
    """Seconds from ``stop``, called while ``work`` hangs, until ``work`` raised Cancelled."""
    moment: list[float] = []

    def press() -> None:
        moment.append(time.monotonic())
        stop()

    timer = threading.Timer(0.2, press)
    timer.start()
    with pytest.raises(Cancelled) as stopped:
        work()
    timer.join()
    assert stopped.value.billed is Billed.NO
    return time.monotonic() - moment[0]


PATIENT = TimeOuts(connect=3.0, read=3.0, synchronous_read=3.0, total=3.0)


@pytest.mark.parametrize("where", ["connect", "tls", "headers", "body"])
@pytest.mark.parametrize("call", ["upload", "look_up", "download"])
def test_a_stop_gives_up_a_free_call_at_once_wherever_it_hangs(photo: EncodedImage, call: str, where: str) -> None:
    token = CancelToken()
    with hanging(where) as address:
        client = Client(address, "some-key", time_outs=PATIENT)
        record = Record("u-1", Status.SUCCESS, "SUCCESS", (f"{address}/result.png",))
        work: Callable[[], Any] = {
            "upload": lambda: client.upload(photo, cancel=token),
            "look_up": lambda: client.look_up("u-1", cancel=token),
            "download": lambda: client.download(record, cancel=token),
        }[call]
        assert stopped_after(work, token.cancel) < AT_ONCE


def test_a_stop_gives_up_an_upload_that_nobody_reads() -> None:
    token = CancelToken()
    with hanging("headers") as address:
        client = Client(address, "some-key", time_outs=PATIENT)
        large = EncodedImage(bytes(40_000_000), "png", 1, 1)  # more than the buffers on the way take
        assert stopped_after(lambda: client.upload(large, cancel=token), token.cancel) < AT_ONCE


def test_a_stop_during_the_pause_between_two_attempts_is_heard(bench: Bench, photo: EncodedImage) -> None:
    bench.sandbox.fault = "upload:rate_limit"  # each of them asks for 1 s
    token = CancelToken()
    assert stopped_after(lambda: bench.client.upload(photo, cancel=token), token.cancel) < AT_ONCE


@pytest.mark.parametrize("where", ["connect", "tls"])
@pytest.mark.parametrize("stop", ["cancel", "close_submits"])
def test_a_submit_that_has_not_begun_is_given_up_and_never_sent(where: str, stop: str) -> None:
    token = CancelToken()
    with hanging(where) as address:
        client = Client(address, "some-key", time_outs=PATIENT)

        def work() -> Record:
            return client.submit(EDIT, "images/x.png", asynchronous=True, cancel=token)

        assert stopped_after(work, getattr(token, stop)) < AT_ONCE


@pytest.mark.parametrize("stop", ["cancel", "close_submits"])
def test_a_submit_that_has_begun_goes_on_so_that_its_id_is_not_lost(
    bench: Bench, photo: EncodedImage, stop: str
) -> None:
    path = bench.client.upload(photo, cancel=CancelToken())
    bench.sandbox.latency = 0.5
    token = CancelToken()
    timer = threading.Timer(0.0, lambda: (bench.sandbox.wait_until(lambda s: s.submits == 1), getattr(token, stop)()))
    timer.start()
    record = bench.client.submit(EDIT, path, asynchronous=False, cancel=token)
    timer.join()
    assert token.submits_closed
    assert record.status is Status.SUCCESS


def test_a_begun_submit_ends_with_the_total_time_even_when_it_was_stopped(bench: Bench, photo: EncodedImage) -> None:
    path = bench.client.upload(photo, cancel=CancelToken())
    bench.sandbox.fault = "submit:silence_after_taken"
    client = Client(bench.sandbox.base_url, bench.sandbox.api_key, time_outs=TimeOuts(2.0, 30.0, 30.0, total=0.6))
    token = CancelToken()
    timer = threading.Timer(0.1, token.cancel)
    timer.start()
    started = time.monotonic()
    with pytest.raises(UncertainError):
        client.submit(EDIT, path, asynchronous=True, cancel=token)
    timer.join()
    assert 0.5 < time.monotonic() - started < 2.0


def test_a_submit_that_timed_out_before_its_first_byte_is_never_sent_after_all(quick: None) -> None:
    """The abandoned thread may get its connection later; what was called unsent must stay unsent."""
    let_through, over = threading.Event(), threading.Event()
    read: list[bytes] = []

    class Late(Canned):
        def send(self, request: requests.PreparedRequest, *args: object, **options: object) -> requests.Response:
            let_through.wait(10)
            try:
                read.append(request.body.read(10))  # type: ignore[union-attr]
            finally:
                over.set()
            return super().send(request, *args, **options)

    client = Client(
        "https://service.example", "some-key", adapter=Late(200, RECORD), time_outs=TimeOuts(0.1, 0.1, 0.1, total=0.1)
    )
    with pytest.raises(FluxDepthError, match="Nothing was billed"):
        client.submit(EDIT, "images/x.png", asynchronous=True, cancel=CancelToken())
    let_through.set()
    assert over.wait(10)
    assert read == []


def test_no_submit_begins_after_the_submits_were_closed(bench: Bench, photo: EncodedImage) -> None:
    token = CancelToken()
    path = bench.client.upload(photo, cancel=token)
    token.close_submits()
    with pytest.raises(Cancelled, match="before the edit was submitted. Nothing was billed"):
        bench.client.submit(EDIT, path, asynchronous=True, cancel=token)
    assert bench.sandbox.submits == 0
    assert bench.client.look_up(str(uuid.uuid4()), cancel=token) is None  # what is free goes on
    assert not token.cancelled


def test_closing_the_submits_ends_the_pause_before_the_next_attempt(bench: Bench, photo: EncodedImage) -> None:
    token = CancelToken()
    path = bench.client.upload(photo, cancel=token)
    bench.sandbox.fault = "submit:rate_limit"

    def work() -> Record:
        return bench.client.submit(EDIT, path, asynchronous=True, cancel=token)

    assert stopped_after(work, token.close_submits) < AT_ONCE
    assert bench.sandbox.submits == 1


def test_progress_is_told_in_the_callers_own_thread(bench: Bench, photo: EncodedImage) -> None:
    told: list[tuple[threading.Thread, float]] = []

    def progress(fraction: float) -> None:
        told.append((threading.current_thread(), fraction))

    bench.client.upload(photo, progress=progress, cancel=bench.cancel)
    record = finished(bench, photo)
    bench.client.download(record, progress=progress, cancel=bench.cancel)
    assert {thread for thread, _ in told} == {threading.current_thread()}
    assert [fraction for _, fraction in told].count(1.0) >= 2


# The bytes that were paid for.


def downloaded(bench: Bench, record: Record, kept: list[bytes]) -> EncodedImage:
    return bench.client.download(record, cancel=bench.cancel, keep=kept.append)


def test_a_whole_picture_is_kept_once_and_returned(bench: Bench, photo: EncodedImage) -> None:
    kept: list[bytes] = []
    image = downloaded(bench, finished(bench, photo), kept)
    assert kept == [image.data] == list(bench.sandbox.results.values())
    assert (image.format, image.width) == ("png", 640)


def test_a_jpeg_with_bytes_behind_its_end_is_a_jpeg(bench: Bench, photo: EncodedImage) -> None:
    record = finished(bench, photo)
    bench.sandbox.fault = "download:result_tail"
    kept: list[bytes] = []
    image = downloaded(bench, record, kept)
    assert (image.format, image.width, image.height) == ("jpg", 640, 427)
    assert kept == [image.data] and image.data.endswith(b"behind the picture\n")


def test_a_picture_of_an_unknown_kind_is_handed_on_as_it_came(bench: Bench, photo: EncodedImage) -> None:
    record = finished(bench, photo)
    bench.sandbox.fault = "download:result_avif"
    kept: list[bytes] = []
    image = downloaded(bench, record, kept)
    assert (image.format, image.width, image.height, image.suffix) == ("", 0, 0, ".avif")
    assert kept[-1] == image.data
    assert len(bench.sandbox.at("download")) == 2  # the same bytes twice are what the store has


@pytest.mark.parametrize("format", ["jpg", "png", "webp"])
@pytest.mark.parametrize("kind", ["result_truncated", "wrong_length"])
def test_a_picture_that_is_cut_off_is_kept_and_turned_down(
    bench: Bench, photo: EncodedImage, kind: str, format: str
) -> None:
    """Many a decoder opens half a JPEG, the rest of it grey, and nobody would be told."""
    record = finished(bench, photo, DepthEdit.checked({**EDIT.values, "format": format}))
    bench.sandbox.fault = f"download:{kind}"
    kept: list[bytes] = []
    with pytest.raises(ResultDamagedError, match="cut off"):
        downloaded(bench, record, kept)
    (whole,) = bench.sandbox.results.values()
    assert kept[-1] and whole.startswith(kept[-1])
    assert len(bench.sandbox.at("download")) == 2


def test_a_picture_that_came_whole_the_second_time_is_the_one(bench: Bench, photo: EncodedImage) -> None:
    record = finished(bench, photo)
    bench.sandbox.fault = "download:result_truncated*1"
    kept: list[bytes] = []
    image = downloaded(bench, record, kept)
    assert image.format == "png"
    assert kept[-1] == image.data and len(kept) == 2


def test_other_addresses_are_tried_before_an_odd_picture_is_taken(bench: Bench, photo: EncodedImage) -> None:
    record = finished(bench, photo)
    several = Record("u-1", Status.SUCCESS, "SUCCESS", (record.addresses[0], record.addresses[0]))
    bench.sandbox.fault = "download:result_avif*2"
    assert downloaded(bench, several, []).format == "png"


def test_what_was_kept_last_is_what_is_returned(bench: Bench, photo: EncodedImage) -> None:
    record = finished(bench, photo)
    bench.sandbox.fault = "download:html"
    bench.sandbox.faults.insert(0, type(bench.sandbox.faults[0]).parse("download:result_avif*1"))
    kept: list[bytes] = []
    image = downloaded(bench, record, kept)
    assert image.suffix == ".avif"
    assert kept[-1] == image.data and any(b"<html" in each.lower() for each in kept)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("html", ResultDamagedError),
        ("result_not_image", ResultDamagedError),
        ("result_empty", ResultDamagedError),
        ("result_bomb", ResultTooLargeError),
    ],
)
def test_what_is_no_picture_is_kept_before_it_is_turned_down(
    bench: Bench, photo: EncodedImage, kind: str, error: type[FluxDepthError]
) -> None:
    record = finished(bench, photo)
    bench.sandbox.fault = f"download:{kind}"
    kept: list[bytes] = []
    with pytest.raises(error):
        downloaded(bench, record, kept)
    assert len(kept) == 1


def test_an_error_of_the_store_is_no_result_and_not_kept(bench: Bench, photo: EncodedImage) -> None:
    record = finished(bench, photo)
    bench.sandbox.fault = "download:http_500"
    kept: list[bytes] = []
    with pytest.raises(ServiceDownError, match="Credits were used"):
        downloaded(bench, record, kept)
    assert kept == []


def test_a_download_without_a_connection_is_told(bench: Bench, photo: EncodedImage) -> None:
    record = finished(bench, photo)
    bench.sandbox.stop_listening()
    with pytest.raises(ConnectionFailedError):
        downloaded(bench, record, [])


def test_a_truncated_bomb_is_a_bomb(bench: Bench) -> None:
    from tests.sandbox.pictures import bomb

    transport = Canned(200, bomb()[:-20])
    client = Client("https://service.example", "some-key", adapter=transport)
    record = Record("u-1", Status.SUCCESS, "SUCCESS", ("https://store.example/x.png",))
    with pytest.raises(ResultTooLargeError):
        client.download(record, cancel=CancelToken())
    with pytest.raises(ValueError, match="ends too early"):
        sniff(bomb()[:-20])
