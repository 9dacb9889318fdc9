"""Errors say what they said when they were made; who knows more raises a copy. And the token that stops."""

from __future__ import annotations

import ast
import threading
import time
from pathlib import Path

import pytest

from shared.cancel import CancelToken
from shared.errors import (
    Billed,
    Cancelled,
    FluxDepthError,
    KeyMissingError,
    NextStep,
    ParameterError,
    RateLimitedError,
    SameEditError,
    TimedOutError,
    UncertainError,
)

ROOT = Path(__file__).parents[2]


def raised_from_a_cause() -> FluxDepthError:
    try:
        try:
            raise OSError("the cable")
        except OSError as exc:
            raise RateLimitedError("Too many.", field="seed", detail="HTTP 429", retry_after=7.0) from exc
    except FluxDepthError as exc:
        return exc


def test_the_place_of_the_key_has_the_host_s_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "in Settings" in str(KeyMissingError())
    monkeypatch.setattr(FluxDepthError, "settings_name", "Preferences")
    assert "in Preferences" in str(KeyMissingError())
    assert "Documents and Settings" in str(FluxDepthError("“C:/Documents and Settings/key” can't be read."))


def test_a_copy_says_otherwise_and_the_error_stays_as_it_was() -> None:
    error = raised_from_a_cause()
    said = str(error)
    copy = error.with_billing(Billed.YES).with_advice("Fetch it.").with_next_step(NextStep.RECOVER).with_detail("x")
    final = copy.as_final()
    assert str(copy) == str(final) == "Too many. Fetch it. Credits were used for this edit."
    assert (copy.next_step, copy.detail, copy.final, final.final) == (NextStep.RECOVER, "x", False, True)
    assert (str(error), error.billed, error.next_step, error.detail) == (
        said,
        Billed.NO,
        NextStep.TRY_AGAIN,
        "HTTP 429",
    )


def test_a_copy_keeps_the_class_the_cause_the_trace_and_the_rest() -> None:
    error = raised_from_a_cause()
    copy = error.with_billing(Billed.MAYBE)
    assert type(copy) is RateLimitedError
    assert isinstance(copy.__cause__, OSError) and copy.__traceback__ is error.__traceback__
    assert (copy.field, copy.retry_after, copy.args) == ("seed", 7.0, error.args)
    assert copy.__suppress_context__ is True
    assert TimedOutError("x").with_billing(Billed.YES).__suppress_context__ is False


def test_an_error_whose_constructor_takes_nothing_is_copied_too() -> None:
    copy = KeyMissingError().with_billing(Billed.YES)
    assert type(copy) is KeyMissingError and "no API key yet" in str(copy)
    assert type(ParameterError.unknown("x", ["a"]).as_final()) is ParameterError


def test_the_same_edit_asks_before_it_pays_twice() -> None:
    error = SameEditError()
    assert str(error).endswith("on its way already. Edit anyway pays for it a second time. Nothing was billed.")
    assert (error.billed, error.next_step) == (Billed.NO, NextStep.EDIT_ANYWAY)


def test_what_is_left_of_an_order_says_what_was_paid_beside_it() -> None:
    words = str(SameEditError().beside("1 of 2 is made and billed."))
    assert words.startswith("1 of 2 is made and billed. The same edit") and words.endswith(" Nothing more was billed.")
    assert str(UncertainError("Lost.", "").beside()) == "Lost. Credits may have been used."


def test_stopped_says_what_was_paid() -> None:
    assert (Cancelled.before_submit().billed, Cancelled.before_submit().next_step) == (Billed.NO, NextStep.TRY_AGAIN)
    assert (Cancelled.during_submit().billed, Cancelled.during_submit().next_step) == (Billed.MAYBE, NextStep.RECOVER)
    assert (Cancelled.after_submit().billed, Cancelled.after_submit().next_step) == (Billed.YES, NextStep.RECOVER)


def test_nothing_changes_an_error_that_was_made() -> None:
    own = {"billed", "next_step", "advice", "retry_after"}
    files = [path for folder in ("shared", "fluxdepth_gimp", "blender_addon") for path in (ROOT / folder).rglob("*.py")]
    changed = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for path in files
        if path != ROOT / "shared" / "errors.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in own
        if ast.unparse(node.value) != "self"
    ]
    assert changed == []


# The token.


def test_closing_the_submits_stops_what_is_paid_and_nothing_else() -> None:
    token = CancelToken()
    assert not (token.cancelled or token.submits_closed)
    token.close_submits()
    assert (token.cancelled, token.submits_closed, token.stops(), token.stops(paid=True)) == (False, True, False, True)
    token.raise_if_cancelled()
    with pytest.raises(Cancelled):
        token.raise_if_cancelled(paid=True)
    token.cancel()
    assert token.cancelled and token.stops()


@pytest.mark.parametrize(("paid", "stop"), [(False, "cancel"), (True, "cancel"), (True, "close_submits")])
def test_a_wait_ends_as_soon_as_it_is_stopped(paid: bool, stop: str) -> None:
    token = CancelToken()
    assert token.wait(0.01, paid) is False
    timer = threading.Timer(0.05, getattr(token, stop))
    timer.start()
    started = time.monotonic()
    assert token.wait(30, paid) is True
    assert time.monotonic() - started < 5
    timer.join()
    assert token.wait(-1.0, paid) is True


def test_listeners_hear_each_change_and_what_was_before_them() -> None:
    token, heard = CancelToken(), []
    with token.heard_by(lambda: heard.append("early")):
        token.close_submits()
        with token.heard_by(lambda: heard.append("late")):
            assert heard == ["early", "late"]
        token.cancel()
    token.cancel()
    assert heard == ["early", "late", "early"]


def test_a_signal_handler_may_stop_in_the_middle_of_the_token_itself() -> None:
    token = CancelToken()
    with token._changed:  # where a signal may find the very thread that its handler runs in
        token.close_submits()
    assert token.submits_closed
