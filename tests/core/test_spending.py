"""Prices and limits: what the service's list said, what is asked before a large order, what is spent."""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path

import pytest

from shared.cancel import CancelToken
from shared.errors import LargeOrderError, LimitError
from shared.jobs import pipeline, spending
from shared.jobs.request import EditRequest
from shared.jobs.wording import order
from shared.model.edit import DepthEdit
from shared.model.models import DEFAULT, named
from shared.pictures.encoded import sniff
from shared.service import offers
from shared.service.client import Client
from shared.storage import settings
from shared.storage.entries import Destination
from shared.storage.journal import Journal
from tests.core.conftest import DATA
from tests.sandbox import Sandbox


@pytest.fixture
def service(home: Path, monkeypatch: pytest.MonkeyPatch):
    with Sandbox(effect="echo") as running:
        monkeypatch.setenv("FLUXDEPTH_BASE_URL", running.base_url)
        yield running


def run(service: Sandbox, count: int = 1, confirmed: bool = False, path: str = "/a/photo.xcf") -> None:
    request = EditRequest(
        DepthEdit.checked({"prompt": "mist far behind", "seed": int(time.time_ns() % 2**31)}),
        sniff((DATA / "rocket.jpg").read_bytes()),
        Destination("gimp", path),
        count,
        confirmed=confirmed,
    )
    client = Client(service.base_url, service.api_key)
    pipeline.run(request, client=client, journal=Journal(), on_event=lambda _: None, cancel=CancelToken())


def test_the_list_is_asked_once_a_day_without_a_key(service: Sandbox, home: Path) -> None:
    assert offers.known() is None
    first = offers.asked()
    assert (first.price(DEFAULT), first.price(named("flux-kontext-pro"))) == (50000, 40000)
    assert first.price(named("flux-2-pro")) is None and first.has(named("flux-2-pro"))
    assert offers.asked() == first == offers.known()
    (request,) = service.at("models")
    assert "API-KEY" not in request.headers
    stored = json.loads((home / "models.json").read_text())
    (home / "models.json").write_text(json.dumps({**stored, "asked": time.time() - 86401}))
    assert offers.known() is None
    offers.asked()
    assert len(service.at("models")) == 2
    for damaged in ("", "[]", "{}", '{"address": 1, "asked": "x", "prices": []}'):
        (home / "models.json").write_text(damaged)
        assert offers.known() is None


def test_a_model_that_is_gone_is_not_among_the_offered(service: Sandbox) -> None:
    service.withdrawn = {"flux-depth-pro"}
    known = offers.asked()
    assert not known.has(DEFAULT)
    assert len(known.models) == 8


def test_the_service_saying_otherwise_is_believed_at_once(service: Sandbox) -> None:
    offers.asked()
    service.withdrawn = {"flux-depth-pro"}
    with pytest.raises(Exception, match="not offer this model"):
        run(service)
    assert offers.known() is None


def test_an_order_in_words() -> None:
    assert order(4, 50000) == "4 paid edits · 200,000 credits"
    assert order(1, None) == "1 paid edit"


def test_a_large_order_is_asked_about_once_with_its_price(service: Sandbox) -> None:
    offers.asked()
    run(service, 4)
    with pytest.raises(LargeOrderError, match="5 paid edits · 250,000 credits") as asked:
        run(service, 5)
    assert "Nothing was billed" in str(asked.value)
    assert service.taken == 4
    run(service, 5, confirmed=True)
    settings.save(dataclasses.replace(settings.load(), ask_above=0))
    run(service, 8)
    assert service.taken == 17


def test_credits_by_document_day_and_month_outlive_the_history(service: Sandbox, home: Path) -> None:
    run(service)  # nobody has asked for the price
    offers.asked()
    run(service, 2)
    run(service, path="/b/other.xcf")
    journal = Journal()
    found = spending.spent(journal)
    today = time.strftime("%Y-%m-%d")
    assert (dict(found.days), dict(found.months), found.unpriced) == ({today: 150000}, {today[:7]: 150000}, 1)
    assert found.documents == {"“photo.xcf” in GIMP": 100000, "“other.xcf” in GIMP": 50000}
    for job in journal.entries():
        journal.mark(job.id, [edit.index for edit in job.edits], safe=True)
    spending.trim(journal, 1)
    assert len(journal.entries()) == 1
    assert spending.spent(journal) == found
    words = " ".join(found.lines())
    assert "Today 150,000 credits, this month 150,000." in words and "1 edit more" in words


def test_the_monthly_limit_refuses_with_a_clear_word(service: Sandbox) -> None:
    offers.asked()
    settings.save(dataclasses.replace(settings.load(), monthly_limit=120000))
    run(service, 2)
    with pytest.raises(LimitError) as refused:
        run(service, confirmed=True)
    assert "100,000 of the 120,000 credits of your monthly limit are used" in str(refused.value)
    assert "1 paid edit · 50,000 credits" in str(refused.value)
    assert "Nothing was billed" in str(refused.value)
    assert service.taken == 2
