"""The stand-in behaves as the service is known to behave. Faults have their own file."""

import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image, JpegImagePlugin

from tests.sandbox import KINDS, Sandbox, replies
from tests.sandbox.client import PICTURE, Client, decoded, encoded
from tests.sandbox.pictures import Effect

ROOT = Path(__file__).parents[2]


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(effect="echo") as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Client:
    return Client(sandbox)


def test_an_upload_is_stored_under_the_key_that_it_answers(sandbox: Sandbox, client: Client) -> None:
    told = client.upload(b"any bytes", "my holiday, 1.PNG").json()
    assert told["fileContent"]["path"] == told["asset"]["key"]
    assert told["asset"]["key"].startswith("images/") and told["asset"]["key"].endswith("_my_holiday_1.PNG")
    assert sandbox.uploads == {told["asset"]["key"]: b"any bytes"}


def test_an_upload_without_an_extension_is_refused(sandbox: Sandbox, client: Client) -> None:
    reply = client.upload(b"x", "picture")
    assert (reply.status_code, sandbox.uploads) == (400, {})
    assert "file type isn't supported" in reply.json()["message"]


def test_an_upload_above_50_mb_is_refused(sandbox: Sandbox, client: Client) -> None:
    assert client.upload(bytes(50 * 1024 * 1024), "a.png").status_code == 200
    assert client.upload(bytes(50 * 1024 * 1024 + 1), "a.png").status_code == 413
    assert len(sandbox.uploads) == 1


def test_async_answers_at_once_and_is_finished_after_the_latency(sandbox: Sandbox, client: Client) -> None:
    sandbox.latency = 0.3
    started = time.monotonic()
    record = client.edit()
    assert (record["status"], record["aiRecordDetail"]["resultObject"]) == ("PROCESSING", [])
    assert "temporaryUrl" not in record
    assert client.look_up(record["uuid"])["status"] == "PROCESSING"
    finished = client.finished(record)
    assert time.monotonic() - started >= 0.3
    assert finished["aiRecordDetail"]["resultObject"] == list(sandbox.results)
    assert finished["aiRecordDetail"]["promptObject"] == record["aiRecordDetail"]["promptObject"]
    assert "stand-in" in finished["metadata"]["note"]


def test_the_plain_call_holds_until_the_record_is_finished(sandbox: Sandbox, client: Client) -> None:
    sandbox.latency = 0.2
    started = time.monotonic()
    record = client.edit(wait=True)
    assert time.monotonic() - started >= 0.2
    assert record["status"] == "SUCCESS"
    assert client.look_up(record["uuid"])["uuid"] == record["uuid"]


def test_leaving_does_not_wait_for_edits_that_run() -> None:
    with Sandbox(latency=3600) as sandbox:
        Client(sandbox).edit()
        left = time.monotonic()
    assert time.monotonic() - left < 10


def test_an_unknown_id_is_null(client: Client) -> None:
    assert client.look_up("00000000-0000-4000-8000-000000000000") is None


def test_what_is_no_id_is_refused(client: Client) -> None:
    assert client.get("/api/results/7").status_code == 400


@pytest.mark.parametrize("headers", [{}, {"API-KEY": "wrong"}, {"API-KEY": "Schlüssel".encode()}])
def test_a_wrong_key_is_refused_everywhere_but_at_the_models(sandbox: Sandbox, headers: Any) -> None:
    stranger = Client(sandbox, headers)
    for reply in (
        stranger.upload(b"x", "a.png"),
        stranger.submit({}),
        stranger.get(f"/api/results/{replies.Team().user_id}"),
    ):
        assert (reply.status_code, reply.json()["errorCode"]) == (401, "HTTP_EXCEPTION")
    assert stranger.get("/models?feature=IMAGE_EDITOR").status_code == 200
    assert sandbox.uploads == {} and sandbox.taken == 0


def test_the_model_is_listed_as_it_was_really_seen(client: Client) -> None:
    listed = client.get("/models?feature=IMAGE_EDITOR").json()
    assert listed["total"] == len(listed["models"]) == 14
    ours = [model for model in listed["models"] if model["modelId"] == "black-forest-labs/flux-depth-pro"]
    assert [("status" in model, model["creditMetadata"]) for model in ours] == [(False, {"ALL": 50000})]
    assert client.get("/models?feature=TEXT_TO_VIDEO").json() == {"models": [], "total": 0}


EXAMPLES = sorted((Path(__file__).parents[1] / "service" / "examples" / "models").glob("*.json"))


@pytest.mark.parametrize("effect", ["depth", "echo"])
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_model_is_answered_until_it_is_withdrawn(
    sandbox: Sandbox, client: Client, path: Path, effect: Effect
) -> None:
    body = json.loads(path.read_text("utf-8"))
    body["promptObject"]["imageUrl"] = client.uploaded()
    sandbox.effect = effect
    record = client.finished(client.submit(body).json()["aiRecord"])
    assert (record["status"], record["model"]) == ("SUCCESS", body["model"])
    assert record["aiRecordDetail"]["promptObject"] == body["promptObject"]
    asked = body["promptObject"].get("format") or body["promptObject"]["output_format"]
    assert Image.open(io.BytesIO(client.download(record))).format == asked.upper().replace("JPG", "JPEG")
    sandbox.withdrawn = {path.stem}
    try:
        assert client.submit(body).json()["errorCode"] == "UNSUPPORTED_MODEL"
        listed = client.get("/models?feature=IMAGE_EDITOR").json()
        assert body["model"] not in [one["modelId"] for one in listed["models"]]
        assert listed["total"] == 13
    finally:
        sandbox.withdrawn = set()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "IMAGE_PAINTER"}, "UNKNOWN_ERROR"),
        ({"model": "flux"}, "UNSUPPORTED_MODEL"),
        ({"prompt": None}, "MISSING_REQUIRED_FIELDS"),
        ({"seed": "1"}, "MISSING_REQUIRED_FIELDS"),
        ({"strength": 1}, "MISSING_REQUIRED_FIELDS"),
        ({"steps": 0}, "EXTERNAL_API_RESPONSE_WITH_ERROR"),
        ({"guidance": 20.5}, "EXTERNAL_API_RESPONSE_WITH_ERROR"),
        ({"format": "gif"}, "EXTERNAL_API_RESPONSE_WITH_ERROR"),
    ],
)
def test_a_wrong_submit_gets_the_services_400(sandbox: Sandbox, client: Client, change: Any, code: str) -> None:
    body = client.body(client.uploaded())
    (body if {"type", "model"} & set(change) else body["promptObject"]).update(change)
    reply = client.submit(body)
    assert (reply.status_code, reply.json()["errorCode"], sandbox.taken) == (400, code, 0)
    assert [violation.what for violation in sandbox.contract_violations] == ["request"]


def test_the_400_names_the_field_in_a_json_string(client: Client) -> None:
    body = client.body(client.uploaded(), prompt=None)
    del body["promptObject"]["prompt"]
    details = json.loads(client.submit(body).json()["details"])
    assert details == [{"field": "promptObject.prompt", "message": "prompt is missing"}]
    body = client.body(client.uploaded(), steps=0)
    details = json.loads(client.submit(body).json()["details"])
    assert "promptObject.steps" in details["response"]["data"]["message"]


def test_a_lenient_sandbox_serves_and_notes_what_it_would_refuse(sandbox: Sandbox, client: Client) -> None:
    sandbox.strict = False
    assert client.finished(client.edit(strength=1, seed="7"))["status"] == "SUCCESS"
    assert [violation.what for violation in sandbox.contract_violations] == ["request"]


def test_an_image_that_is_not_there_is_refused_by_name(sandbox: Sandbox, client: Client) -> None:
    reply = client.submit(client.body("images/nobody.png"))
    assert reply.json()["errorCode"] == "EXTERNAL_API_RESPONSE_WITH_ERROR"
    assert (reply.status_code, sandbox.taken) == (400, 0)
    assert "images/nobody.png" in reply.json()["details"]


def test_an_upload_that_is_no_picture_is_refused_when_it_is_used(sandbox: Sandbox, client: Client) -> None:
    key = client.upload(b"no picture", "a.png").json()["asset"]["key"]
    assert (client.submit(client.body(key)).status_code, sandbox.taken) == (400, 0)


def test_a_loopback_url_is_fetched_and_any_other_is_not(sandbox: Sandbox, client: Client) -> None:
    url = client.finished(client.edit(format="png"))["temporaryUrl"]
    again = client.finished(client.submit(client.body(url, format="png")).json()["aiRecord"])
    assert np.array_equal(decoded(client.download(again)), PICTURE)
    outside = client.submit(client.body("https://example.invalid/a.png"))
    assert (outside.status_code, "InvalidURL" in outside.json()["details"]) == (400, True)
    assert client.submit(client.body(f"{sandbox.base_url}/asset/none.png")).status_code == 400


@pytest.mark.parametrize(("file_format", "name"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")])
def test_echo_gives_the_picture_back_in_the_asked_format(client: Client, file_format: str, name: str) -> None:
    result = client.download(client.finished(client.edit(format=file_format)))
    with Image.open(io.BytesIO(result)) as picture:
        assert (picture.format, picture.mode, picture.size) == (name, "RGB", (PICTURE.shape[1], PICTURE.shape[0]))
        if isinstance(picture, JpegImagePlugin.JpegImageFile):
            assert JpegImagePlugin.get_sampling(picture) == 0
    difference = np.abs(decoded(result).astype(int) - PICTURE)
    assert difference.max() == 0 if file_format == "png" else difference.mean() < 3


def test_jpg_is_the_format_when_none_is_asked_for(client: Client) -> None:
    body = client.body(client.uploaded())
    del body["promptObject"]["format"]
    record = client.finished(client.submit(body).json()["aiRecord"])
    assert client.download(record).startswith(b"\xff\xd8")


def test_alpha_is_kept_out(client: Client) -> None:
    clear = np.dstack([PICTURE, np.zeros(PICTURE.shape[:2], np.uint8)])
    key = client.upload(encoded(clear), "a.png").json()["asset"]["key"]
    record = client.finished(client.submit(client.body(key, format="png")).json()["aiRecord"])
    assert np.array_equal(decoded(client.download(record)), PICTURE)


def test_the_result_may_be_given_another_size(sandbox: Sandbox, client: Client) -> None:
    sandbox.result_size = (40, 30)
    assert decoded(client.download(client.finished(client.edit()))).shape == (30, 40, 3)


def test_the_depth_effect_changes_the_picture(sandbox: Sandbox, client: Client) -> None:
    sandbox.effect = "depth"
    result = decoded(client.download(client.finished(client.edit(format="png"))))
    assert result.shape == PICTURE.shape and not np.array_equal(result, PICTURE)


def test_the_result_url_takes_no_key(client: Client) -> None:
    record = client.finished(client.edit())
    for url in (record["temporaryUrl"], record["temporaryUrl"].split("?")[0]):
        reply = requests.get(url, headers={"API-KEY": "any"}, timeout=5)
        assert (reply.status_code, "API-KEY" in reply.text) == (400, True)


def test_the_result_url_is_signed(sandbox: Sandbox, client: Client) -> None:
    record = client.finished(client.edit())
    url, key = record["temporaryUrl"], record["aiRecordDetail"]["resultObject"][0]
    other_key = client.finished(client.edit())["aiRecordDetail"]["resultObject"][0]
    for forged in (
        url.replace("X-Amz-Signature=", "X-Amz-Signature=0"),
        url.replace("X-Amz-Expires=604800", "X-Amz-Expires=604801"),
        url.replace(key, other_key),
        url.split("?")[0],
    ):
        reply = requests.get(forged, timeout=5)
        assert (reply.status_code, reply.headers["Content-Type"]) == (403, "application/xml; charset=utf-8"), forged
    assert requests.get(f"{sandbox.base_url}/asset/{key}", timeout=5).content == sandbox.results[key]
    assert requests.get(f"{sandbox.base_url}/asset/images/none.png", timeout=5).status_code == 404


def test_the_result_url_expires_and_a_look_up_gives_a_new_one(sandbox: Sandbox, client: Client) -> None:
    sandbox.url_lifetime = 0
    record = client.finished(client.edit())
    reply = requests.get(record["temporaryUrl"], timeout=5)
    assert (reply.status_code, "expired" in reply.text) == (403, True)
    sandbox.url_lifetime = 60
    assert client.download(client.look_up(record["uuid"]))


def test_the_result_can_be_asked_for_by_head_and_in_ranges(client: Client) -> None:
    url = client.finished(client.edit())["temporaryUrl"]
    whole = requests.get(url, timeout=5)
    head = requests.head(url, timeout=5)
    assert head.headers["Content-Length"] == whole.headers["Content-Length"] == str(len(whole.content))
    part = requests.get(url, headers={"Range": "bytes=10-19"}, timeout=5)
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(whole.content)}"
    rest = requests.get(url, headers={"Range": "bytes=10-"}, timeout=5)
    assert rest.content == whole.content[10:]
    assert requests.get(url, headers={"Range": f"bytes={len(whole.content)}-"}, timeout=5).status_code == 416


def test_requests_are_recorded_as_they_came(sandbox: Sandbox, client: Client) -> None:
    record = client.edit(seed=7)
    client.look_up(record["uuid"])
    assert [request.stage for request in sandbox.requests] == ["upload", "submit", "poll"]
    submit = sandbox.at("submit")[0]
    assert (submit.method, submit.path, submit.json["promptObject"]["seed"]) == ("POST", "/api/features", 7)
    assert json.loads(submit.body) == submit.json
    assert submit.headers["api-key"] == sandbox.api_key
    assert (sandbox.submits, sandbox.taken) == (1, 1)
    sandbox.wait_until(lambda s: len(s.results) == 1)
    sandbox.reset()
    assert (sandbox.requests, sandbox.uploads, sandbox.results, sandbox.submits, sandbox.taken) == ([], {}, {}, 0, 0)
    assert client.look_up(record["uuid"]) is None


def test_waiting_for_what_never_comes_ends(sandbox: Sandbox) -> None:
    with pytest.raises(TimeoutError):
        sandbox.wait_until(lambda s: s.submits == 1, timeout=0.01)


def test_edits_above_the_concurrency_wait_for_a_place() -> None:
    with Sandbox(effect="echo", latency=0.1, max_concurrency=2) as sandbox:
        client = Client(sandbox)
        for record in [client.edit() for _ in range(5)]:
            assert client.finished(record)["status"] == "SUCCESS"
        assert sandbox.peak_in_flight == 2


def test_a_closed_door_refuses_connections_until_it_is_opened(sandbox: Sandbox) -> None:
    address = sandbox.base_url
    with requests.Session() as session:
        session.get(f"{address}/models?feature=IMAGE_EDITOR", timeout=5)
        sandbox.stop_listening()
        with pytest.raises(requests.ConnectionError, match="refused"):
            session.get(f"{address}/models?feature=IMAGE_EDITOR", timeout=5)
        sandbox.start_listening()
        assert sandbox.base_url == address
        assert session.get(f"{address}/models?feature=IMAGE_EDITOR", timeout=5).status_code == 200


def test_two_sandboxes_stand_side_by_side() -> None:
    with Sandbox() as one, Sandbox() as other:
        assert one.base_url != other.base_url and one.api_key != other.api_key


def test_a_port_that_is_taken_is_an_error(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="in use"), Sandbox(port=int(sandbox.base_url.rsplit(":", 1)[1])):
        pytest.fail("it served")


def test_a_reply_that_breaks_the_contract_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "models", lambda *_: {"models": []})
    with pytest.raises(AssertionError, match="total is missing"), Sandbox() as sandbox:
        assert Client(sandbox).get("/models?feature=IMAGE_EDITOR").status_code == 200


def test_a_failure_of_the_sandbox_itself_is_told_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "models", lambda *_: 1 // 0)
    with pytest.raises(ZeroDivisionError), Sandbox() as sandbox:
        assert Client(sandbox).get("/models?feature=IMAGE_EDITOR").status_code == 500


def test_the_command_serves_until_it_is_told_to_stop() -> None:
    command = [sys.executable, "-m", "tests.sandbox", "--effect", "echo", "--fault", "models:rate_limit*1"]
    with subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            assert told["api_key"]
            url = f"{told['base_url']}/models?feature=IMAGE_EDITOR"
            assert [requests.get(url, timeout=5).status_code for _ in range(2)] == [429, 200]
            process.send_signal(signal.SIGTERM)
            rest, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, rest) == (0, "")
    assert "not the model" in errors


def test_the_command_lists_the_faults_and_refuses_an_unknown_one() -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tests.sandbox", *arguments]
        return subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=30, check=False)

    listed = run("--list-faults")
    assert (listed.returncode, {line.split()[0] for line in listed.stdout.splitlines()}) == (0, set(KINDS))
    wrong = run("--fault", "nothing")
    assert (wrong.returncode, "no fault is called 'nothing'" in wrong.stderr) == (2, True)
