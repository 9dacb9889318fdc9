"""Each fault does what its line in the table says, where it says, as often as it was armed for, and nothing else."""

import io
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from tests.sandbox import KINDS, Fault, Sandbox
from tests.sandbox.client import PICTURE, Client, decoded, encoded


class Scene:
    """A sandbox with one upload and one finished edit, so that each stage can be asked for by itself."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox, self.client = sandbox, Client(sandbox)
        self.record = self.client.finished(self.client.edit(format="png"))
        self.image = self.record["aiRecordDetail"]["promptObject"]["imageUrl"]

    def ask(self, stage: str, **options: Any) -> requests.Response:
        """One request of the stage. options: of requests.request."""
        client = self.client
        if stage == "upload":
            options["files"] = {"asset": ("a.png", encoded(PICTURE), "image/png")}
        if stage == "submit":
            options["json"] = client.body(self.image, format="png")
        method, path = {
            "upload": ("POST", "/api/assets"),
            "submit": ("POST", "/api/features"),
            "poll": ("GET", f"/api/results/{self.record['uuid']}"),
            "models": ("GET", "/models?feature=IMAGE_EDITOR"),
            "download": ("GET", self.record["temporaryUrl"].removeprefix(client.base_url)),
        }[stage]
        headers = {} if stage == "download" else client.headers
        return requests.request(method, client.base_url + path, headers=headers, **{"timeout": 5, **options})

    def strike(self, stage: str, kind: str, **options: Any) -> requests.Response:
        """The reply of the stage under the fault, which strikes this once."""
        self.sandbox.faults.append(Fault(stage, kind))
        return self.ask(stage, **options)

    def was_taken(self) -> bool:
        """Whether the one submit since the scene was set has been carried out."""
        return self.sandbox.taken == 2

    def struck_by(self, kind: str) -> bool:
        return self.sandbox.requests[-1].fault == kind and self.sandbox.fault is None


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Sandbox(effect="echo") as sandbox:
        yield Scene(sandbox)


def everywhere(*kinds: str) -> pytest.MarkDecorator:
    """Each kind at each of its stages."""
    pairs = [(stage, kind) for kind in kinds for stage in KINDS[kind].stages]
    return pytest.mark.parametrize(("stage", "kind"), pairs, ids=[":".join(pair) for pair in pairs])


@everywhere("refuse", "reset", "reset_after_taken")
def test_the_connection_is_cut(scene: Scene, stage: str, kind: str) -> None:
    # A client that is still sending when the door shuts may see the end of the connection instead of the RST.
    seen = "Connection reset by peer" + ("|Broken pipe|RemoteDisconnected" if kind == "refuse" else "")
    with pytest.raises(requests.ConnectionError, match=seen):
        scene.strike(stage, kind)
    scene.sandbox.wait_until(lambda s: s.at(stage)[-1].fault == kind)
    assert scene.was_taken() == (stage == "submit" and kind == "reset_after_taken")
    assert (scene.sandbox.requests[-1].body == b"") == (kind == "refuse" or stage not in ("upload", "submit"))
    assert scene.ask(stage).status_code == 200


@everywhere("silence", "silence_after_taken")
def test_no_answer_comes(scene: Scene, stage: str, kind: str) -> None:
    with pytest.raises(requests.ReadTimeout):
        scene.strike(stage, kind, timeout=0.1)
    assert scene.was_taken() == (stage == "submit" and kind == "silence_after_taken")
    assert scene.ask(stage).status_code == 200


@everywhere("slow_drip")
def test_the_right_reply_comes_drop_by_drop(scene: Scene, stage: str, kind: str) -> None:
    scene.sandbox.drip_interval = 0.02
    right = scene.ask("models").content
    started = time.monotonic()
    with scene.strike(stage, kind, stream=True) as reply:
        assert (reply.status_code, int(reply.headers["Content-Length"]) > 6) == (200, True)
        first = reply.raw.read(6)
    assert time.monotonic() - started >= 5 * 0.02
    if stage == "models":
        assert first == right[:6]
    assert scene.was_taken() == (stage == "submit")


@everywhere("truncated")
def test_the_reply_ends_before_its_length(scene: Scene, stage: str, kind: str) -> None:
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        scene.strike(stage, kind)
    assert scene.was_taken() == (stage == "submit")


@everywhere("wrong_length")
def test_the_length_says_less_than_is_sent(scene: Scene, stage: str, kind: str) -> None:
    right = scene.ask("download").content
    reply = scene.strike(stage, kind)
    assert reply.status_code == 200
    if stage == "download":
        assert reply.content == right[: len(right) // 2]
    else:
        with pytest.raises(requests.JSONDecodeError):
            reply.json()


@everywhere("html", "html_403", "html_503", "http_522")
def test_the_edge_answers_in_html(scene: Scene, stage: str, kind: str) -> None:
    reply = scene.strike(stage, kind)
    status = {"html": 200, "html_403": 403, "html_503": 503, "http_522": 522}[kind]
    assert (reply.status_code, reply.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert ("error code: 1010" in reply.text) == (kind == "html_403")
    assert scene.was_taken() == (stage == "submit" and kind in ("html", "http_522"))
    assert scene.struck_by(kind)


@everywhere("json_shape", "not_json")
def test_the_reply_is_not_what_it_says(scene: Scene, stage: str, kind: str) -> None:
    reply = scene.strike(stage, kind)
    assert (reply.status_code, reply.headers["Content-Type"].split(";")[0]) == (200, "application/json")
    if kind == "json_shape":
        assert not {"aiRecord", "asset", "models"} & set(reply.json())
    else:
        with pytest.raises(requests.JSONDecodeError):
            reply.json()
    assert scene.was_taken() == (stage == "submit")


@everywhere("text_plain")
def test_the_right_reply_calls_itself_text(scene: Scene, stage: str, kind: str) -> None:
    reply = scene.strike(stage, kind)
    assert (reply.status_code, reply.headers["Content-Type"].split(";")[0]) == (200, "text/plain")
    assert {"aiRecord", "asset", "models"} & set(reply.json())
    assert scene.was_taken() == (stage == "submit")


ERRORS = {
    "http_500": (500, "HTTP_EXCEPTION", "Internal server error"),
    "rate_limit": (429, "HTTP_EXCEPTION", "Too Many Requests"),
    "rate_limit_bare": (429, "HTTP_EXCEPTION", "Too Many Requests"),
    "unauthorized": (401, "HTTP_EXCEPTION", "API Key is not active"),
    "key_deleted": (401, "HTTP_EXCEPTION", "API Key has been deleted"),
    "no_credits": (406, "INSUFFICIENT_CREDITS", "only has 46 credits"),
    "unsupported_model": (400, "UNSUPPORTED_MODEL", "is not supported for feature"),
    "unsupported_feature": (400, "UNKNOWN_ERROR", "Unsupported feature type"),
    "missing_fields": (400, "MISSING_REQUIRED_FIELDS", "imageUrl is required"),
    "busy": (400, "EXTERNAL_API_RESPONSE_WITH_ERROR", "a bit busy"),
    "error_envelope": (400, "INVALID_REQUEST", "could not be handled"),
}


@everywhere(*ERRORS)
def test_a_typed_error(scene: Scene, stage: str, kind: str) -> None:
    status, code, words = ERRORS[kind]
    reply = scene.strike(stage, kind)
    assert (reply.status_code, words in reply.text or stage == "download") == (status, True)
    if stage == "download":
        assert reply.headers["Content-Type"].startswith("application/xml")
    elif kind == "error_envelope":
        assert (reply.json()["success"], reply.json()["error"]["code"]) == (False, code)
    else:
        assert reply.json()["errorCode"] == code
    assert reply.headers.get("Retry-After") == ("1" if kind == "rate_limit" else None)
    assert not scene.was_taken()
    assert scene.struck_by(kind)
    assert scene.ask(stage).status_code == 200


def test_async_unsupported_refuses_async_and_takes_the_plain_call(scene: Scene) -> None:
    scene.sandbox.fault = "async_unsupported"
    body = scene.client.body(scene.image)
    refused = scene.client.submit(body)
    assert (refused.status_code, "async" in refused.json()["message"], scene.was_taken()) == (400, True, False)
    del body["async"]
    assert scene.client.submit(body).json()["aiRecord"]["status"] == "SUCCESS"


def test_async_ignored_answers_async_with_the_finished_record(scene: Scene) -> None:
    assert scene.strike("submit", "async_ignored").json()["aiRecord"]["status"] == "SUCCESS"


def test_upload_forgotten_refuses_what_was_uploaded_before_and_takes_it_anew(scene: Scene) -> None:
    scene.sandbox.fault = "upload_forgotten"
    for _ in range(2):
        refused = scene.ask("submit")
        assert (refused.status_code, scene.image in refused.json()["details"]) == (400, True)
    assert scene.client.edit()["status"] == "PROCESSING"


@pytest.mark.parametrize("stage", ["submit", "poll"])
def test_failure_ends_in_a_failure_record(scene: Scene, stage: str) -> None:
    scene.sandbox.faults.append(Fault(stage, "failure"))
    record = scene.client.finished(scene.client.edit())
    assert record["status"] == "FAILURE"
    assert record["aiRecordDetail"]["resultObject"] == ["The model could not edit this picture."]
    assert scene.client.look_up(record["uuid"])["status"] == "FAILURE"


def test_failure_reaches_the_plain_call_too(scene: Scene) -> None:
    scene.sandbox.fault = "submit:failure"
    assert scene.client.edit(wait=True)["status"] == "FAILURE"


def test_failure_at_once_answers_async_with_a_failure_record(scene: Scene) -> None:
    assert scene.strike("submit", "failure_at_once").json()["aiRecord"]["status"] == "FAILURE"


@pytest.mark.parametrize("stage", ["submit", "poll"])
@pytest.mark.parametrize(
    ("kind", "result", "has_url"),
    [
        ("no_credits_200", {"code": "INSUFFICIENT_CREDITS", "message": ".* credits"}, False),
        ("result_string", r"images/\w+\.png", True),
        ("result_dict_url", {"url": "http://.*Signature=.*"}, False),
        ("result_absolute_url", ["http://.*Signature=.*"], False),
        ("no_temporary_url", [r"images/\w+\.png"], False),
        ("private_url", [r"images/\w+\.png"], True),
    ],
)
def test_a_finished_record_of_another_shape(scene: Scene, stage: str, kind: str, result: Any, has_url: bool) -> None:
    scene.sandbox.faults.append(Fault(stage, kind))
    record = scene.client.finished(scene.client.edit(format="png"))
    assert (record["status"], "temporaryUrl" in record) == ("SUCCESS", has_url)
    assert matches(record["aiRecordDetail"]["resultObject"], result)
    if kind == "private_url":
        assert record["temporaryUrl"] == scene.sandbox.private_url


def matches(value: Any, pattern: Any) -> bool:
    """Whether a JSON value has the pattern's shape, its strings being regular expressions."""
    if isinstance(pattern, dict):
        return value.keys() == pattern.keys() and all(matches(value[name], each) for name, each in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(matches(one, each) for one, each in zip(value, pattern, strict=True))
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def test_the_url_in_an_odd_result_leads_to_the_picture(scene: Scene) -> None:
    scene.sandbox.fault = "result_dict_url"
    record = scene.client.finished(scene.client.edit(format="png"))
    reply = requests.get(record["aiRecordDetail"]["resultObject"]["url"], timeout=5)
    assert (decoded(reply.content) == PICTURE).all()


@everywhere("unknown_status", "record_null")
def test_a_record_that_says_nothing_of_use_comes_once(scene: Scene, stage: str, kind: str) -> None:
    record = scene.strike(stage, kind).json()["aiRecord"]
    assert record is None if kind == "record_null" else record["status"] == "ARCHIVED"
    assert scene.was_taken() == (stage == "submit")
    assert scene.ask("poll").json()["aiRecord"]["status"] == "SUCCESS"


def test_other_size_changes_size_and_aspect(scene: Scene) -> None:
    scene.sandbox.fault = "other_size"
    result = decoded(scene.client.download(scene.client.finished(scene.client.edit())))
    assert result.shape == (PICTURE.shape[0] // 2, PICTURE.shape[1] * 3 // 4, 3)


@pytest.mark.parametrize(("kind", "status"), [("model_disabled", ["DISABLED"]), ("model_gone", [])])
def test_the_model_is_not_offered(scene: Scene, kind: str, status: list[str]) -> None:
    listed = scene.strike("models", kind).json()["models"]
    assert [model["status"] for model in listed if model["modelId"].endswith("flux-depth-pro")] == status


@everywhere("redirect_other_host")
def test_another_host_answers_and_remembers_what_it_was_told(scene: Scene, stage: str, kind: str) -> None:
    reply = scene.strike(stage, kind)
    assert (reply.status_code, [hop.status_code for hop in reply.history]) == (200, [307])
    assert reply.url.startswith("http://localhost:")
    told = scene.sandbox.elsewhere
    # This plain client hands its key on. That is what a test of a better one looks for.
    assert [("API-KEY" in request.headers, request.stage) for request in told] == [(stage != "download", stage)]
    assert not scene.was_taken()


@everywhere("redirect_http", "redirect_loop")
def test_a_redirect_that_must_not_be_followed(scene: Scene, stage: str, kind: str) -> None:
    if kind == "redirect_http":
        target = scene.strike(stage, kind, allow_redirects=False).headers["Location"]
        assert target.startswith("http://storage.fluxdepth.invalid/")
    else:
        scene.sandbox.fault = f"{stage}:{kind}"
        with pytest.raises(requests.TooManyRedirects):
            scene.ask(stage)
    assert not scene.was_taken()


def test_a_download_that_is_no_picture(scene: Scene) -> None:
    right = scene.ask("download").content
    expired = scene.strike("download", "expired_url")
    assert (expired.status_code, "<Message>Request has expired</Message>" in expired.text) == (403, True)
    no_image = scene.strike("download", "result_not_image")
    assert (no_image.headers["Content-Type"], no_image.content[:4]) == ("image/png", b"This")
    assert scene.strike("download", "result_truncated").content == right[: len(right) // 2]
    assert scene.strike("download", "result_empty").content == b""
    bomb = scene.strike("download", "result_bomb").content
    with pytest.raises(Image.DecompressionBombError):
        Image.open(io.BytesIO(bomb))
    assert len(bomb) < 1000
    with scene.strike("download", "result_huge", stream=True) as huge:
        assert "Content-Length" not in huge.headers
        assert sum(len(chunk) for chunk, _ in zip(huge.iter_content(1 << 20), range(20), strict=False)) > 10 << 20
    assert scene.ask("download").content == right


def test_a_download_of_another_kind_than_asked_for(scene: Scene) -> None:
    right = decoded(scene.ask("download").content)
    tail = scene.strike("download", "result_tail").content
    assert tail.startswith(b"\xff\xd8") and b"\xff\xd9" not in tail[-2000:]
    assert decoded(tail).shape == right.shape
    avif = scene.strike("download", "result_avif").content
    assert avif[4:12] == b"ftypavif" and decoded(avif).shape == right.shape


def test_a_fault_strikes_as_often_as_it_was_armed_for(scene: Scene) -> None:
    scene.sandbox.faults += [Fault("models", "html_503", times=2), Fault("models", "rate_limit")]
    assert [scene.ask("models").status_code for _ in range(4)] == [503, 503, 429, 200]
    scene.sandbox.fault = "models:http_500"
    assert [scene.ask("models").status_code for _ in range(3)] == [500] * 3
    assert scene.ask("poll").status_code == 200
    scene.sandbox.fault = None
    assert scene.ask("models").status_code == 200


def test_a_fault_without_a_stage_strikes_at_each(scene: Scene) -> None:
    scene.sandbox.fault = "html_403"
    assert {scene.ask(stage).status_code for stage in KINDS["html_403"].stages} == {403}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("busy", Fault("any", "busy", None)),
        ("submit:busy", Fault("submit", "busy", None)),
        ("poll:rate_limit*3", Fault("poll", "rate_limit", 3)),
        ("upload_forgotten", Fault("any", "upload_forgotten", 1)),
        ("upload_forgotten*2", Fault("any", "upload_forgotten", 2)),
    ],
)
def test_a_name_is_read(name: str, expected: Fault) -> None:
    assert Fault.parse(name) == expected


@pytest.mark.parametrize("name", ["", "nothing", "poll:no_credits", "somewhere:busy", "busy*x", "submit:"])
def test_a_name_that_means_nothing_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        Fault.parse(name)


def test_every_kind_is_tested_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in KINDS if not re.search(rf'[":]{name}"', source)] == []
