"""The meaning of every reply that is known of the service, without a network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shared.errors import (
    AsyncUnsupportedError,
    CreditsError,
    EditFailedError,
    FluxDepthError,
    KeyRejectedError,
    ModelUnavailableError,
    RateLimitedError,
    RequestRejectedError,
    ServiceDownError,
    UnexpectedReplyError,
)
from shared.service.replies import Status, error_of, is_refusal, offered, parse_record, upload_path

EXAMPLES = Path(__file__).parents[1] / "service" / "examples"
JSON_TYPE = "application/json; charset=utf-8"


def record(status: str = "SUCCESS", result: Any = (), **more: Any) -> dict[str, Any]:
    return {"aiRecord": {"uuid": "u-1", "status": status, "aiRecordDetail": {"resultObject": result}, **more}}


def test_the_pages_record() -> None:
    parsed = parse_record(json.loads((EXAMPLES / "record.json").read_text("utf-8")))
    assert parsed and parsed.status is Status.SUCCESS
    assert parsed.uuid == "ac32acf4-0b2e-400e-9edf-cb3086c30a2c"
    assert parsed.addresses[0].startswith("https://s3.us-east-1.amazonaws.com/asset.1min.ai/")
    assert parsed.keys == ("development/images/2025_10_27_15_43_26_155_702365.jpg",)


@pytest.mark.parametrize(
    ("result", "addresses", "keys"),
    [
        (["images/a.png"], (), ("images/a.png",)),
        ("images/a.png", (), ("images/a.png",)),
        (["https://x.y/a.png"], ("https://x.y/a.png",), ()),
        ({"url": "https://x.y/a.png"}, ("https://x.y/a.png",), ()),
        ([{"path": "images/a.png"}], (), ("images/a.png",)),
        (None, (), ()),
        ([], (), ()),
        ({}, (), ()),
    ],
)
def test_the_loose_shapes_of_the_result(result: Any, addresses: tuple[str, ...], keys: tuple[str, ...]) -> None:
    parsed = parse_record(record(result=result))
    assert parsed and (parsed.addresses, parsed.keys) == (addresses, keys)
    with_url = parse_record(record(result=result, temporaryUrl="https://s3/t?X=1"))
    assert with_url and with_url.addresses == ("https://s3/t?X=1", *addresses)


def test_a_failure_keeps_the_services_words() -> None:
    parsed = parse_record(record("FAILURE", ["The prompt was flagged"]))
    assert parsed
    error = parsed.failure()
    assert isinstance(error, EditFailedError)
    assert "The prompt was flagged." in error.message


def test_missing_credits_in_place_of_the_result() -> None:
    parsed = parse_record(record(result={"code": "INSUFFICIENT_CREDITS", "message": "The feature requires 4800"}))
    assert parsed and parsed.status is Status.FAILURE
    assert isinstance(parsed.failure(), CreditsError)


def test_an_unknown_state_is_kept_and_not_taken_for_another() -> None:
    parsed = parse_record(record("QUEUED"))
    assert parsed and (parsed.status, parsed.status_text) == (Status.UNKNOWN, "QUEUED")


def test_a_null_record_is_none() -> None:
    assert parse_record({"aiRecord": None}) is None


@pytest.mark.parametrize("reply", [None, [], {}, "x", 3, {"aiRecord": []}, {"aiRecord": {}}, {"aiRecord": {"uuid": 4}}])
def test_any_other_shape_is_an_error(reply: Any) -> None:
    with pytest.raises(UnexpectedReplyError):
        parse_record(reply)


def typed(code: str, message: str, details: Any = None) -> bytes:
    body = {"errorCode": code, "message": message}
    return json.dumps(body if details is None else {**body, "details": json.dumps(details)}).encode()


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, typed("HTTP_EXCEPTION", "API Key has been deleted"), KeyRejectedError, "deleted. Check it in Settings"),
        (401, b"{}", KeyRejectedError, "did not accept the key"),
        (406, typed("INSUFFICIENT_CREDITS", "requires 4800 credits"), CreditsError, "requires 4800 credits. Add"),
        (400, typed("UNSUPPORTED_MODEL", "Model x is not supported"), ModelUnavailableError, "not offer this model"),
        (400, typed("UNKNOWN_ERROR", "Unsupported feature type: X"), RequestRejectedError, "Unsupported feature type"),
        (400, typed("BAD_REQUEST", "property async should not exist"), AsyncUnsupportedError, "waiting mode"),
        (400, typed("EXTERNAL_API_RESPONSE_WITH_ERROR", "busy", {"stack": "at async run"}), ServiceDownError, "busy"),
        (
            400,
            b'{"statusCode": 400, "message": ["seed is odd", "steps too"]}',
            RequestRejectedError,
            "seed is odd steps",
        ),
        (413, b"<html>", RequestRejectedError, "too large for the service (413). Choose a smaller longest side"),
        (
            400,
            typed("MISSING_REQUIRED_FIELDS", "Missing", [{"field": "promptObject.prompt", "message": "it is empty"}]),
            RequestRejectedError,
            "it is empty.",
        ),
        (
            400,
            typed(
                "EXTERNAL_API_RESPONSE_WITH_ERROR",
                "The service is a bit busy",
                {"response": {"status": 422, "data": {"message": "guidance is too high", "field": "guidance"}}},
            ),
            RequestRejectedError,
            "guidance is too high",
        ),
        (
            400,
            typed(
                "EXTERNAL_API_RESPONSE_WITH_ERROR",
                "The service is a bit busy",
                {"response": {"status": 503, "data": {"message": "overloaded"}}},
            ),
            ServiceDownError,
            "overloaded",
        ),
        (400, typed("EXTERNAL_API_RESPONSE_WITH_ERROR", "a bit busy"), ServiceDownError, "a bit busy"),
        (400, b'{"success":false,"error":{"code":"X","message":"no"}}', RequestRejectedError, "no."),
        (429, b"", RateLimitedError, "429"),
        (500, typed("INTERNAL", "oops"), ServiceDownError, "oops"),
        (404, b"", UnexpectedReplyError, "without a word"),
        (302, b"", UnexpectedReplyError, "another address"),
    ],
)
def test_typed_errors(status: int, body: bytes, error: type[FluxDepthError], words: str) -> None:
    made = error_of(status, JSON_TYPE, body)
    assert type(made) is error
    assert words in str(made)
    assert f"HTTP {status}" in made.detail


def test_a_field_that_the_service_names_is_the_models() -> None:
    body = typed("MISSING_REQUIRED_FIELDS", "Missing", [{"field": "promptObject.prompt", "message": "x"}])
    assert error_of(400, JSON_TYPE, body).field == "prompt"


@pytest.mark.parametrize(
    ("status", "words"), [(403, "turned this computer away"), (503, "gateway (503)"), (522, "gateway (522)")]
)
def test_pages_of_the_edge(status: int, words: str) -> None:
    error = error_of(status, "text/html", b"<html>error code: 1010</html>")
    assert isinstance(error, ServiceDownError)
    assert words in str(error)


def test_retry_after_is_read_in_seconds() -> None:
    error = error_of(429, JSON_TYPE, b"", "7")
    assert isinstance(error, RateLimitedError) and error.retry_after == 7.0
    dated = error_of(429, JSON_TYPE, b"", "Wed, 21 Oct 2026 07:28:00 GMT")
    assert isinstance(dated, RateLimitedError) and dated.retry_after is None


@pytest.mark.parametrize(
    ("status", "content_type", "body", "refusal"),
    [
        (400, JSON_TYPE, typed("X", "no"), True),
        (401, JSON_TYPE, typed("X", "no"), True),
        (429, "text/html", b"", True),
        (401, JSON_TYPE, b"{}", True),
        (403, "text/html", b"error code: 1010", True),
        (400, "text/html", b"<html>", False),
        (400, JSON_TYPE, b"{}", False),
        (500, JSON_TYPE, typed("X", "no"), False),
        (522, "text/html", b"", False),
        (302, JSON_TYPE, typed("X", "no"), False),
    ],
)
def test_only_a_typed_4xx_proves_that_nothing_was_taken(
    status: int, content_type: str, body: bytes, refusal: bool
) -> None:
    assert is_refusal(status, content_type, body) is refusal


def test_the_path_of_an_upload() -> None:
    assert upload_path({"fileContent": {"path": "images/a.png"}, "asset": {"key": "other"}}) == "images/a.png"
    assert upload_path({"asset": {"key": "images/a.png"}}) == "images/a.png"
    for reply in (None, [], {}, {"fileContent": {"path": ""}}, {"fileContent": {"path": 3}}):
        with pytest.raises(UnexpectedReplyError):
            upload_path(reply)


@pytest.mark.parametrize(
    ("credits", "price"),
    [
        ({"ALL": 50000}, 50000),
        ({"IMAGE_EDITOR": 40000}, 40000),
        ({"ALL": 1, "IMAGE_EDITOR": 2}, 1),
        ({"INPUT": 3, "OUTPUT": 4}, None),
        ({"ALL": True}, None),
        ({"ALL": "50000"}, None),
        (None, None),
        ([], None),
    ],
)
def test_the_offer_and_its_price(credits: Any, price: int | None) -> None:
    models = {"models": [{"modelId": "m", "creditMetadata": credits}], "total": 1}
    assert offered(models, "IMAGE_EDITOR") == {"m": price}
    with pytest.raises(UnexpectedReplyError):
        offered([], "IMAGE_EDITOR")


@pytest.mark.parametrize(("status", "listed"), [("ACTIVE", True), ("DISABLED", False), (None, False)])
def test_a_status_counts_where_there_is_one(status: str | None, listed: bool) -> None:
    reply = {"models": [{"modelId": "m", "status": status}], "total": 1}
    assert offered(reply, "IMAGE_EDITOR") == ({"m": None} if listed else {})


def test_the_list_of_models_as_it_was_really_seen() -> None:
    seen = json.loads((EXAMPLES / "models.json").read_text("utf-8"))
    assert offered(seen, "IMAGE_EDITOR") == {"black-forest-labs/flux-depth-pro": 50000}


def test_long_and_ragged_words_of_the_service_become_one_line() -> None:
    error = error_of(400, JSON_TYPE, typed("X", "a\n b  " + "c" * 500))
    assert "\n" not in str(error) and len(error.message) < 400
