"""`build.py check-live` against the sandbox: what an owner of a key sees, and that nothing is paid without --pay."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import live
from tests.sandbox import Sandbox


@pytest.fixture(autouse=True)
def service(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setenv("FLUXDEPTH_API_KEY", sandbox.api_key)
    monkeypatch.setenv("FLUXDEPTH_BASE_URL", sandbox.base_url)
    return sandbox


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["check-live", *arguments])
    return live.main()


def test_it_asks_without_paying(
    service: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch) == 0
    out = capsys.readouterr().out
    assert "Key accepted · model offered" in out and service.api_key not in out
    assert service.submits == 0


def test_a_bad_key_is_a_failure_in_words(
    service: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FLUXDEPTH_API_KEY", "a-wrong-key-for-sure")
    assert call(monkeypatch) == 1
    assert "did not accept the key (401)" in capsys.readouterr().err


def test_a_model_that_is_gone_is_a_failure(service: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    service.fault = "models:model_gone"
    assert call(monkeypatch, "--pay") == 1
    assert service.submits == 0


def test_pay_makes_one_edit_and_keeps_it(service: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(live, "OUT", tmp_path / "live")
    monkeypatch.setattr(live, "ROOT", tmp_path)
    assert call(monkeypatch, "--pay") == 0
    assert service.taken == 1
    (kept,) = (tmp_path / "live").iterdir()
    assert kept.name == "coffee.jpg"
