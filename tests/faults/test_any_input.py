"""Whatever comes in: replies of any JSON, prompts of any letters, results of any bytes, entries of any content.

What is not understood ends in a typed error in words and never in a traceback; what was paid for is kept.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings, strategies as st
from PIL import Image

from shared.cancel import CancelToken
from shared.errors import CreditsError, FluxDepthError, KeyMissingError, ParameterError, PictureError, ResultError
from shared.jobs import owed
from shared.jobs.pipeline import recover, trim
from shared.model.edit import DepthEdit
from shared.pictures import imaging
from shared.pictures.encoded import declared_pixels, sniff_or_raw
from shared.pictures.finishing import finished
from shared.service import retrying
from shared.service.client import Client
from shared.service.replies import error_of, offered, parse_json, parse_record, upload_path
from shared.service.results import Arrivals
from shared.storage.entries import EditState
from shared.storage.journal import Journal
from shared.storage.library.index import recent_prompts
from tests.core.conftest import DATA, HERE, Bench
from tests.faults import Cells, Recovered
from tests.faults.samples import PICTURES, encoded

# A few in each run of CI, many with --full.
AMOUNT = pytest.mark.parametrize("amount", [20, pytest.param(1200, marks=pytest.mark.full)])


def on_many(amount: int, **given_by: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], None]:
    """Runs the check that it decorates on ``amount`` examples."""

    def decorated(check: Callable[..., None]) -> None:
        quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
        whole = given(**given_by)(check)
        # The few are the same ones each time; the many are new ones.
        chosen = settings(
            max_examples=amount, derandomize=amount < 100, deadline=None, database=None, suppress_health_check=quiet
        )
        chosen(whole)()

    return decorated


# Any JSON, and JSON that is nearly right: made of the words that the service uses.

TEXTS = st.text() | st.text(st.characters())  # the latter with halves of surrogate pairs
WORDS = st.sampled_from(
    ["", "SUCCESS", "PROCESSING", "FAILURE", "INSUFFICIENT_CREDITS", "UNSUPPORTED_MODEL", "MISSING_REQUIRED_FIELDS"]
    + ["EXTERNAL_API_RESPONSE_WITH_ERROR", "async", "images/a.png", "https://x.example/y", "HTTPS://[bad", "[" * 9000]
)
KEYS = st.sampled_from(
    ["aiRecord", "uuid", "status", "aiRecordDetail", "resultObject", "temporaryUrl", "code", "message", "details"]
    + ["errorCode", "error", "success", "field", "fileContent", "path", "asset", "key", "url", "response", "data"]
    + ["models", "modelId", "creditMetadata", "ALL"]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | WORDS
ANY = st.recursive(SCALARS, lambda one: st.lists(one, max_size=4) | st.dictionaries(KEYS | TEXTS, one, max_size=6))
DETAIL = st.fixed_dictionaries({}, optional={"resultObject": ANY})
RECORD = st.fixed_dictionaries(
    {"uuid": TEXTS | WORDS | ANY, "status": WORDS | ANY},
    optional={"aiRecordDetail": DETAIL | ANY, "temporaryUrl": ANY | WORDS},
)
REPLIES = ANY | st.fixed_dictionaries({"aiRecord": RECORD}, optional={"message": ANY, "code": ANY})
BODIES = st.builds(
    lambda value, ascii: json.dumps(value, ensure_ascii=ascii).encode("utf-8", "replace"), REPLIES, st.booleans()
)
BODIES |= st.binary(max_size=200) | st.integers(1, 9000).map(lambda depth: b"[" * depth + b"]" * depth)
STATUSES = st.sampled_from([200, 201, 204, 301, 307, 400, 401, 403, 404, 406, 413, 422, 429, 500, 503, 522, 599])


@AMOUNT
def test_any_reply_is_understood_or_an_error_in_words(amount: int) -> None:
    @on_many(amount, body=BODIES, status=STATUSES, retry_after=st.none() | st.text(st.characters(codec="latin-1")))
    def check(body: bytes, status: int, retry_after: str | None) -> None:
        for read in (parse_record, upload_path, lambda reply: offered(reply, "f")):
            with contextlib.suppress(FluxDepthError):
                read(parse_json("application/json", body))
        error = error_of(status, "application/json", body, retry_after)
        assert str(error).encode() and len(error.message) < 700


class Scripted(requests.adapters.BaseAdapter):
    """A transport that answers each call with the next reply of a list, the last one for ever."""

    def __init__(self, replies: list[tuple[int, bytes, dict[str, str]]]) -> None:
        super().__init__()
        self._replies = replies
        self.submits: list[int] = []  # what each was answered with
        self.keys_elsewhere = 0

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]
        while request.body is not None and hasattr(request.body, "read") and request.body.read(65536):
            pass
        status, body, headers = self._replies[0]
        if len(self._replies) > 1:
            del self._replies[0]
        if request.path_url == "/api/features":
            self.submits.append(status)
        if not (request.url or "").startswith("https://api.example/"):
            self.keys_elsewhere += "API-KEY" in request.headers
        response = requests.Response()
        response.status_code, response.url, response.request = status, request.url or "", request
        response.headers.update(headers)
        import urllib3

        response.raw = urllib3.HTTPResponse(io.BytesIO(body), headers, status, preload_content=False)
        return response

    def close(self) -> None:
        """Nothing to close."""


REPLY = st.tuples(
    st.just(200) | STATUSES,
    BODIES | st.just((DATA / "rocket.jpg").read_bytes()),
    st.fixed_dictionaries({}, optional={"Location": st.text(st.characters(codec="ascii")), "Retry-After": WORDS}),
)
GOOD = [
    (200, b'{"asset": {"key": "images/a.jpg"}}', {}),
    (200, b'{"aiRecord": {"uuid": "u-1", "status": "SUCCESS", "temporaryUrl": "https://store.example/a"}}', {}),
]


@AMOUNT
def test_replies_in_any_order_pay_at_most_once_and_lose_no_id(
    amount: int, quick: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first ones may be right, so that each stage meets what comes then."""
    monkeypatch.setattr(retrying, "ATTEMPTS", 2)
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 0.0)
    picture = sniff_or_raw((DATA / "rocket.jpg").read_bytes())
    homes = (tmp_path / f"{number}" for number in range(10**9))

    @on_many(amount, good=st.integers(0, 2), replies=st.lists(REPLY, min_size=1, max_size=6))
    def check(good: int, replies: list[tuple[int, bytes, dict[str, str]]]) -> None:
        wire = Scripted(GOOD[:good] + replies)
        bench = Bench.__new__(Bench)
        bench.journal, bench.cancel, bench.events = Journal(next(homes)), CancelToken(), []
        bench.client = Client("https://api.example", "some-key-of-mine", adapter=wire)
        monkeypatch.setattr("shared.jobs.polling.WAIT_DEADLINE", 0.1)
        error: FluxDepthError | None = None
        try:
            bench.run(picture)
        except FluxDepthError as exc:
            error = exc
            assert str(exc).encode() and "Something went wrong" not in str(exc)
        assert wire.keys_elsewhere == 0
        # A submit is repeated only after one that the service turned down in its own words.
        assert all(400 <= status < 500 for status in wire.submits[:-1])
        (job,) = bench.journal.entries()
        (entry,) = job.edits
        if good == 2:
            assert entry.uuid == "u-1" and len(wire.submits) == 1
        if wire.submits and wire.submits[-1] < 300 and not entry.paid:
            assert error is not None
            final = error.final or isinstance(error, CreditsError)
            assert final or entry.state is EditState.UNCERTAIN, (error, entry)

    del check


# Prompts.

PROMPTS = st.text(min_size=1).filter(str.strip) | st.sampled_from(
    ["🏔️ far 👩‍🚀 near", "מרחוק ערפל \u202e right to left", "نص من اليمين", "a\0b", "\ufeffx", "x\r\ny\u2028z"]
)


@pytest.mark.parametrize("amount", [8, pytest.param(300, marks=pytest.mark.full)])
def test_any_prompt_reaches_the_service_as_it_was_written(bench: Bench, amount: int, cell: Cells) -> None:
    photo = sniff_or_raw((DATA / "rocket.jpg").read_bytes())

    @on_many(amount, prompt=PROMPTS)
    def check(prompt: str) -> None:
        bench.sandbox.requests.clear()
        bench.run(photo, prompt=prompt)
        (submit,) = bench.sandbox.at("submit")
        assert submit.json["promptObject"]["prompt"] == prompt.strip()
        job = bench.journal.entries()[0]
        assert job.edits[0].settings["prompt"] == prompt.strip()
        assert recent_prompts(bench.journal.summaries(), 1) == [prompt.strip()]
        trim(bench.journal)

    del check
    with cell("core", "whole", "prompts of any letters, up to 100,000") as found:
        bench.sandbox.requests.clear()
        (result,) = bench.run(photo, prompt="🏔️\0" + "ערפל" * 25_000).results
        (served,) = list(bench.sandbox.results.values())[-1:]
        found.end(submits=bench.sandbox.submits, recovered=Recovered.ARRIVED, equal=result.image.data == served)


def test_half_a_letter_is_no_prompt() -> None:
    """As bytes of a command line become it that are no UTF-8: no window could show it."""
    with pytest.raises(ParameterError, match="prompt holds bytes that are no text"):
        DepthEdit.checked({"prompt": "far \udcff away"})


# Results.


SPOILED = st.builds(
    lambda data, end, at, patch: (data[: int(len(data) * at)] + patch + data[int(len(data) * at) + len(patch) :])[
        : int(len(data) * end)
    ],
    st.sampled_from(PICTURES),
    st.floats(0, 1) | st.just(1.0),
    st.floats(0, 1) | st.floats(0, 0.1),
    st.binary(max_size=12),
)


@AMOUNT
@pytest.mark.filterwarnings("ignore")
def test_any_result_is_a_picture_or_an_error_in_words(amount: int) -> None:
    mask = imaging.stored_alpha(Image.new("L", (9, 9), 128))
    sent = imaging.encode(Image.new("RGB", (9, 9)), format="png", longest_side=0)
    settings = {"keep_detail": True}

    @on_many(amount, data=SPOILED | st.binary(max_size=300))
    def check(data: bytes) -> None:
        image = sniff_or_raw(data)
        assert declared_pixels(data) >= 0 and image.data == data and bool(image.format) == bool(image.width)
        arrivals = Arrivals(None)
        for _ in range(2):
            with contextlib.suppress(ResultError):
                image = arrivals.take(data)
        for made in (
            lambda: imaging.as_kind(image, "png"),
            lambda: finished(image, settings, alpha=mask, source=data, sent=sent),
        ):
            with contextlib.suppress(PictureError):
                made()

    del check


@pytest.mark.parametrize("name", ["EPS", "PPM", "PDF", "PCX"])
def test_only_kinds_that_a_store_of_pictures_has_are_decoded(name: str) -> None:
    """Pillow has decoders that start other programs, and many that nobody has looked at for years."""
    with pytest.raises(PictureError):
        imaging.decode(encoded(name))


# Entries of the data folder.


def _places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(place for key, one in inner for place in _places(one, (*way, key)))]


def _with(entry: Any, way: tuple[Any, ...], value: Any) -> Any:
    if not way:
        return value
    changed = copy.deepcopy(entry)
    inner = changed
    for key in way[:-1]:
        inner = inner[key]
    inner[way[-1]] = value
    return changed


ODD = st.integers(10**400, 10**401) | st.sampled_from(["a\0b", "../../x", "ho/st/²/1", -1.0, 1e300, [[]], {}, True])


def no_client() -> Client:
    raise KeyMissingError


@AMOUNT
def test_an_entry_with_any_value_in_any_place_disturbs_nothing(amount: int, journal: Journal) -> None:
    writer = journal.create([DepthEdit.checked({"prompt": "x"})] * 2, address="https://x", destination=HERE)
    writer.update_edit(0, state=EditState.TAKEN, uuid="u", submitted=1.0)
    writer.keep_result(0, sniff_or_raw((DATA / "rocket.jpg").read_bytes()))
    writer.close()
    path = writer.job.folder / "job.json"
    whole = json.loads(path.read_text())

    @on_many(amount, way=st.sampled_from(_places(whole)), value=ODD | ANY)
    def check(way: tuple[Any, ...], value: Any) -> None:
        path.write_text(json.dumps(_with(whole, way, value)))
        standing = owed.read(journal, host="test", process="p", held=(), ours=())
        assert all(one.words for one in standing.owed)
        for problem in standing.problems:
            assert problem.endswith(".")
        for job in journal.entries():
            journal.usual_seconds(DepthEdit.checked({"prompt": "x"}))
            for entry in job.edits:
                journal.mark(job.id, [entry.index], arrived=None)
            with contextlib.suppress(FluxDepthError):
                recover(job, [0], client=no_client, journal=journal, on_event=lambda _: None, cancel=CancelToken())
        trim(journal)

    del check


def test_an_entry_that_is_deeper_than_any_is_left_alone(journal: Journal) -> None:
    folder = journal.home / "jobs" / "20200101-000000-x"
    folder.mkdir(parents=True)
    (folder / "job.json").write_text("[" * 100_000 + "]" * 100_000)
    assert journal.entries() == [] and "can't be read" in journal.problems[0]
