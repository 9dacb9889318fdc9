"""The contract itself: it accepts the vendor's own examples and refuses the typical mistakes."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import requests
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.service import contract

EXAMPLES = Path(__file__).parent / "examples"
HEADERS = {"API-KEY": "a key", "Content-Type": "application/json"}

Body = dict[str, Any]


@pytest.fixture
def submit() -> Body:
    """The request of the vendor's page."""
    return json.loads((EXAMPLES / "submit.json").read_text(encoding="utf-8"))


@pytest.fixture
def reply() -> Body:
    """The reply of the vendor's page."""
    return json.loads((EXAMPLES / "record.json").read_text(encoding="utf-8"))


def check_submit(body: Any, headers: dict[str, str] = HEADERS) -> None:
    contract.check_request("POST", "/api/features", headers, json.dumps(body).encode())


def check_record(body: Any, status: int = 200) -> None:
    contract.check_reply("POST", "/api/features", status, HEADERS, json.dumps(body).encode())


def problems(check: Callable[[], None]) -> set[tuple[str, str]]:
    with pytest.raises(contract.ContractError) as caught:
        check()
    assert all(problem.message in str(caught.value) for problem in caught.value.problems)
    return {(problem.field, problem.rule) for problem in caught.value.problems}


def test_the_description_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(contract.description()).validate()


def test_the_pages_example_request_passes(submit: Body) -> None:
    check_submit(submit)
    check_submit({**submit, "async": True})
    check_submit({**submit, "promptObject": {"imageUrl": "images/a.png", "prompt": "p"}})


MODELS = sorted((EXAMPLES / "models").glob("*.json"))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_each_models_example_passes_and_another_models_field_does_not(path: Path, reply: Body) -> None:
    body = json.loads(path.read_text(encoding="utf-8"))
    check_submit(body)
    record = deepcopy(reply)
    record["aiRecord"]["model"] = body["model"]
    record["aiRecord"]["aiRecordDetail"]["promptObject"] = body["promptObject"]
    check_record(record)
    strange = "num_inference_steps" if "steps" in body["promptObject"] else "steps"
    body["promptObject"][strange] = 28
    assert problems(lambda: check_submit(body)) == {(f"promptObject.{strange}", "additionalProperties")}
    record["aiRecord"]["aiRecordDetail"]["promptObject"] = body["promptObject"]
    assert problems(lambda: check_record(record))


@pytest.mark.parametrize(
    ("model", "name", "value", "rule"),
    [
        ("flux-depth-dev", "megapixels", "2", "enum"),
        ("flux-kontext-dev", "go_fast", 0, "type"),
        ("flux-depth-dev", "output_quality", 0, "minimum"),
        ("flux-depth-dev", "go_fast", False, "additionalProperties"),
        ("flux-depth-dev", "format", "jpeg", "enum"),
        ("flux-kontext-pro", "format", "jpg", "enum"),
        ("flux-kontext-max", "guidance", 3.5, "additionalProperties"),
        ("flux-kontext-dev", "num_inference_steps", 51, "maximum"),
        ("flux-2-pro", "steps", 14, "minimum"),
        ("flux-2-max", "guidance", 5.5, "maximum"),
        ("flux-2-max", "output_format", "jpg", "enum"),
        ("flux-2-flex", "format", "png", "additionalProperties"),
        ("flux-2-flex", "aspect_ratio", "21:9", "enum"),
    ],
)
def test_a_wrong_parameter_of_each_model_is_refused(model: str, name: str, value: object, rule: str) -> None:
    body = json.loads((EXAMPLES / "models" / f"{model}.json").read_text(encoding="utf-8"))
    body["promptObject"][name] = value
    assert problems(lambda: check_submit(body)) == {(f"promptObject.{name}", rule)}


def test_the_pages_example_reply_passes(reply: Body) -> None:
    check_record(reply)
    contract.check_reply("GET", f"/api/results/{reply['aiRecord']['uuid']}", 200, HEADERS, json.dumps(reply).encode())


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("seed", "42", "type"),
        ("seed", 42.0, "type"),
        ("seed", 42.5, "type"),
        ("seed", True, "type"),
        ("seed", None, "type"),
        ("seed", -1, "minimum"),
        ("seed", 4294967296, "maximum"),
        ("steps", 0, "minimum"),
        ("steps", 51, "maximum"),
        ("steps", 28.5, "type"),
        ("steps", True, "type"),
        ("prompt_upsampling", 1, "type"),
        ("prompt_upsampling", "true", "type"),
        ("guidance", 0.9, "minimum"),
        ("guidance", 20.5, "maximum"),
        ("guidance", "3.5", "type"),
        ("guidance", True, "type"),
        ("safety_tolerance", 0, "minimum"),
        ("safety_tolerance", 7, "maximum"),
        ("safety_tolerance", 2.0, "type"),
        ("format", "jpeg", "enum"),
        ("format", "JPG", "enum"),
        ("prompt", "", "minLength"),
        ("prompt", 7, "type"),
        ("imageUrl", "", "minLength"),
        ("output_format", "jpg", "additionalProperties"),
        ("image", "a.png", "additionalProperties"),
    ],
)
def test_a_wrong_parameter_is_refused(submit: Body, name: str, value: object, rule: str) -> None:
    submit["promptObject"][name] = value
    assert problems(lambda: check_submit(submit)) == {(f"promptObject.{name}", rule)}


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("seed", 0, 4294967295), ("steps", 1, 50), ("guidance", 1, 20.0), ("safety_tolerance", 1, 6)],
)
def test_both_ends_of_a_range_are_in_it(submit: Body, name: str, low: float, high: float) -> None:
    for value in (low, high):
        submit["promptObject"][name] = value
        check_submit(submit)


@pytest.mark.parametrize("name", ["imageUrl", "prompt"])
def test_a_missing_parameter_is_named(submit: Body, name: str) -> None:
    del submit["promptObject"][name]
    assert problems(lambda: check_submit(submit)) == {(f"promptObject.{name}", "required")}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"type": "IMAGE_GENERATOR"}, ("type", "const")),
        ({"model": "flux-depth-pro"}, ("model", "enum")),
        ({"async": "true"}, ("async", "type")),
        ({"async": 1}, ("async", "type")),
        ({"stream": True}, ("stream", "additionalProperties")),
        ({"promptObject": []}, ("promptObject", "type")),
    ],
)
def test_a_wrong_envelope_is_refused(submit: Body, change: Body, expected: tuple[str, str]) -> None:
    assert problems(lambda: check_submit({**submit, **change})) == {expected}


def test_every_mistake_is_told_at_once(submit: Body) -> None:
    submit["promptObject"] |= {"steps": 0, "format": "gif"}
    del submit["model"]
    assert problems(lambda: check_submit(submit, {"Content-Type": "application/json"})) == {
        ("header.API-KEY", "security"),
        ("model", "required"),
        ("promptObject.steps", "minimum"),
        ("promptObject.format", "enum"),
    }


def test_what_is_no_json_is_refused() -> None:
    def check(body: bytes, content_type: str = "application/json") -> set[tuple[str, str]]:
        headers = {"API-KEY": "k", "Content-Type": content_type}
        return problems(lambda: contract.check_request("POST", "/api/features", headers, body))

    assert check(b"{") == {("", "content")}
    assert check(b'{"guidance": NaN}') == {("", "content")}
    assert check(b"{}", "text/plain") == {("header.Content-Type", "content")}


def upload(field: str, *file: Any) -> set[tuple[str, str]]:
    """The problems of an upload as `requests` writes it."""
    sent = requests.Request("POST", "http://127.0.0.1/api/assets", files=[(field, file)]).prepare()
    assert isinstance(sent.body, bytes)
    headers, body = {"API-KEY": "k", **sent.headers}, sent.body
    try:
        contract.check_request("POST", "/api/assets", headers, body)
    except contract.ContractError as error:
        return {(problem.field, problem.rule) for problem in error.problems}
    file_seen = contract.uploaded_file(headers, body)
    assert (file_seen.name, file_seen.content) == (file[0], file[1])
    return set()


def test_an_upload_is_one_file_named_asset() -> None:
    assert upload("asset", "a b.png", b"\r\n--\x00\xff\r\n", "image/png") == set()
    assert upload("file", "a.png", b"x") == {("asset", "required"), ("file", "additionalProperties")}
    assert upload("asset", None, b"x") == {("asset", "multipart")}


def test_a_broken_upload_is_refused() -> None:
    headers = {"API-KEY": "k", "Content-Type": "multipart/form-data"}
    assert problems(lambda: contract.check_request("POST", "/api/assets", headers, b"")) == {
        ("header.Content-Type", "multipart")
    }
    headers["Content-Type"] += "; boundary=b"
    assert problems(lambda: contract.check_request("POST", "/api/assets", headers, b"--b\r\n")) == {("", "multipart")}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/api/feature", ("", "path")),
        ("GET", "/api/features", ("", "method")),
        ("GET", "/api/results/1", ("path.uuid", "format")),
        ("GET", "/models", ("query.feature", "required")),
        ("GET", "/models?feature=IMAGE_EDITOR&page=1", ("query.page", "additionalProperties")),
    ],
)
def test_a_wrong_address_is_refused(method: str, path: str, expected: tuple[str, str]) -> None:
    assert problems(lambda: contract.check_request(method, path, {"API-KEY": "k"}, b"")) == {expected}


def test_the_model_list_needs_no_key() -> None:
    contract.check_request("GET", "/models?feature=IMAGE_EDITOR", {}, b"")


def with_result(reply: Body, result: object, **record: object) -> Body:
    changed = deepcopy(reply)
    changed["aiRecord"] |= record
    changed["aiRecord"]["aiRecordDetail"]["resultObject"] = result
    return changed


def test_the_shapes_of_a_result_that_were_seen_pass(reply: Body) -> None:
    for result in (
        ["images/a.jpg"],
        "images/a.jpg",
        ["https://asset.1min.ai/images/a.jpg"],
        {"url": "https://asset.1min.ai/images/a.jpg?X-Amz-Expires=1"},
        {"code": "INSUFFICIENT_CREDITS", "message": "…"},
    ):
        check_record(with_result(reply, result))
    assert problems(lambda: check_record(with_result(reply, [])))
    assert problems(lambda: check_record(with_result(reply, None)))


def test_an_unfinished_record_has_no_result(reply: Body) -> None:
    unfinished = with_result(reply, [], status="PROCESSING")
    assert problems(lambda: check_record(unfinished)) == {("aiRecord", "false")}
    del unfinished["aiRecord"]["temporaryUrl"]
    check_record(unfinished)
    failed = with_result(unfinished, ["It was refused."], status="FAILURE")
    check_record(failed)
    assert problems(lambda: check_record({"aiRecord": {**unfinished["aiRecord"], "status": "DONE"}}))


def test_an_unknown_id_is_null_in_a_look_up_only(reply: Body) -> None:
    body = json.dumps({"aiRecord": None}).encode()
    contract.check_reply("GET", f"/api/results/{reply['aiRecord']['uuid']}", 200, HEADERS, body)
    assert problems(lambda: check_record({"aiRecord": None})) == {("aiRecord", "type")}


def test_an_error_has_one_of_the_known_shapes() -> None:
    check_record({"errorCode": "INSUFFICIENT_CREDITS", "message": "…"}, 406)
    check_record({"errorCode": "MISSING_REQUIRED_FIELDS", "message": "…", "details": "[]"}, 400)
    check_record({"success": False, "error": {"code": "X", "message": "…"}}, 400)
    assert problems(lambda: check_record({"errorCode": "X", "message": "…", "details": "not JSON"}, 400))
    assert problems(lambda: check_record({"errorCode": "X", "message": "…", "details": []}, 400))
    assert problems(lambda: check_record({"error": "…"}, 400))
    assert problems(lambda: check_record({"errorCode": "X", "message": "…"}, 418)) == {("", "status")}
