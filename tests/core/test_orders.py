"""Several jobs as one order: asked about as one, placed at once, and only what failed is sent again."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from shared.cancel import CancelToken
from shared.errors import Cancelled, LargeOrderError, LimitError, NextStep, SameEditError
from shared.jobs.orders import together
from shared.jobs.orders.order import Order
from shared.jobs.request import EditRequest
from shared.jobs.ticket import State, Ticket
from shared.pictures.encoded import EncodedImage
from shared.service import offers
from shared.storage import settings
from tests.core.conftest import Bench, DeskHost, finish, until


def requests(bench: Bench, photo: EncodedImage, count: int = 3, variations: int = 1) -> list[EditRequest]:
    """Of as many layers, whose pictures differ in nothing but the seed that they are edited with."""
    return [bench.request(photo, variations, seed=100 * number) for number in range(count)]


class Watching(DeskHost):
    """Notes, for each placing that begins, what of the order is still on its way."""

    def __init__(self) -> None:
        super().__init__()
        self.on_their_way: list[int] = []

    def place(self, ticket: Ticket) -> Iterator[None]:
        self.on_their_way.append(sum(one.on_its_way for one in ticket.together))
        yield from super().place(ticket)


def test_they_are_placed_when_none_is_on_its_way_any_more(bench: Bench, photo: EncodedImage) -> None:
    host = Watching()
    desk = bench.desk(host)
    bench.sandbox.latency = 0.3
    # More than are made side by side, so that the last come later than the others.
    several = [dataclasses.replace(one, confirmed=True) for one in requests(bench, photo, 3, variations=2)]
    tickets = together.start(desk, several)
    until(desk, lambda: any(ticket.state is State.ARRIVING for ticket in tickets))
    assert any(ticket.on_its_way for ticket in tickets) and not host.placed
    finish(desk)
    assert [ticket.state for ticket in tickets] == [State.ARRIVED] * 3
    assert host.on_their_way == [0, 0, 0]
    assert len(host.placed) == 6


def test_a_failed_one_is_sent_again_alone(bench: Bench, photo: EncodedImage) -> None:
    host = DeskHost()
    desk = bench.desk(host)
    bench.sandbox.fault = "submit:unauthorized*1"
    tickets = together.start(desk, requests(bench, photo))
    finish(desk)
    (failed,) = (ticket for ticket in tickets if ticket.state is State.FAILED)
    assert len(host.placed) == 2
    assert [ticket.unpaid for ticket in tickets] == [ticket is failed for ticket in tickets]
    assert together.retry(desk, tickets) == [failed]
    finish(desk)
    assert failed.state is State.ARRIVED
    assert len(host.placed) == 3
    assert len(bench.sandbox.at("submit")) == 4
    assert together.retry(desk, tickets) == []


def test_what_may_have_been_billed_is_not_unpaid(bench: Bench, photo: EncodedImage) -> None:
    desk = bench.desk(DeskHost())
    bench.sandbox.fault = "submit:reset_after_taken*1"
    (ticket,) = together.start(desk, requests(bench, photo, 1))
    assert not ticket.unpaid  # it is under way
    finish(desk)
    assert ticket.state is State.FAILED and not ticket.unpaid


def test_the_question_counts_all_and_is_asked_before_the_first_is_paid(bench: Bench, photo: EncodedImage) -> None:
    desk = bench.desk()
    tickets = together.start(desk, requests(bench, photo, 3, variations=2))
    finish(desk)
    assert all(isinstance(ticket.error, LargeOrderError) for ticket in tickets)
    assert {str(ticket.error) for ticket in tickets} == {str(tickets[0].error)}
    assert "6 paid edits" in str(tickets[0].error)
    assert not bench.sandbox.at("submit")
    together.retry(desk, tickets, confirmed=True)
    finish(desk)
    assert [ticket.state for ticket in tickets] == [State.ARRIVED] * 3
    assert len(bench.sandbox.at("submit")) == 6


def test_a_part_asks_for_the_whole_order(bench: Bench, photo: EncodedImage) -> None:
    desk = bench.desk()
    (ticket,) = together.start(desk, requests(bench, photo, 1), Order(6))
    finish(desk)
    assert isinstance(ticket.error, LargeOrderError) and "6 paid edits" in str(ticket.error)
    assert not bench.sandbox.at("submit")


def test_copies_are_asked_about_before_anything_is_sent(bench: Bench, photo: EncodedImage) -> None:
    desk = bench.desk()
    one, other = requests(bench, photo, 2, variations=2)
    copy = dataclasses.replace(one, destination=other.destination)
    with pytest.raises(SameEditError, match=r"2 layers show the same picture.*Nothing was billed\.") as asked:
        together.start(desk, [one, other, copy])
    assert asked.value.next_step is NextStep.EDIT_ANYWAY
    assert not desk.tickets and not bench.sandbox.requests
    tickets = together.start(desk, [dataclasses.replace(each, confirmed=True) for each in (one, other, copy)])
    finish(desk)
    assert [ticket.state for ticket in tickets] == [State.ARRIVED] * 3
    assert len(bench.sandbox.at("submit")) == 6


def test_each_alone_would_not_have_been_asked_about(bench: Bench, photo: EncodedImage) -> None:
    desk = bench.desk()
    tickets = [desk.start(request) for request in requests(bench, photo, 3, variations=2)]
    finish(desk)
    assert [ticket.state for ticket in tickets] == [State.ARRIVED] * 3


def test_the_limit_of_the_month_counts_all(bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLUXDEPTH_BASE_URL", bench.sandbox.base_url)
    offers.asked()
    desk = bench.desk()
    for limit, states in ((120_000, [State.FAILED] * 3), (150_000, [State.ARRIVED] * 3)):  # 50,000 each
        settings.save(dataclasses.replace(settings.load(), monthly_limit=limit))
        tickets = together.start(desk, requests(bench, photo))
        finish(desk)
        assert [ticket.state for ticket in tickets] == states, [ticket.error for ticket in tickets]
    assert len(bench.sandbox.at("submit")) == 3


def test_the_limit_counts_what_was_spent_since_the_order_began(
    bench: Bench, photo: EncodedImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts of a list go one after the other; another program may have spent meanwhile."""
    monkeypatch.setenv("FLUXDEPTH_BASE_URL", bench.sandbox.base_url)
    offers.asked()
    settings.save(dataclasses.replace(settings.load(), monthly_limit=120_000))
    first, elsewhere, second = requests(bench, photo)  # 50,000 each
    order, desk, another = Order(2), bench.desk(), bench.desk()
    together.start(desk, [first], order)
    finish(desk)
    together.start(another, [elsewhere])
    finish(another)
    (ticket,) = together.start(desk, [second], order)
    finish(desk)
    assert isinstance(ticket.error, LimitError)
    assert len(bench.sandbox.at("submit")) == 2


def test_an_order_asks_for_all_once() -> None:
    order, asked = Order(6), []

    def check(count: int) -> int | None:
        asked.append(count)
        return 50

    assert [order.checked(check, 2) for _ in range(3)] == [50] * 3
    assert asked == [6, 2, 2, 2]


def test_no_more_are_made_side_by_side_than_of_one_job(bench: Bench, photo: EncodedImage) -> None:
    desk = bench.desk()
    bench.sandbox.latency = 0.3
    together.start(desk, [dataclasses.replace(one, confirmed=True) for one in requests(bench, photo, 3, variations=3)])
    most = 0

    def look() -> bool:
        nonlocal most
        most = max(most, len(bench.sandbox.at("submit")) - sum(len(ticket.finished_so_far) for ticket in desk.tickets))
        return False

    until(desk, look)
    assert len(bench.sandbox.at("submit")) == 9
    assert 2 <= most <= 5  # 4, and one whose end has not been seen yet


def test_waiting_for_a_turn_ends_with_stop() -> None:
    order, cancel = Order(9), CancelToken()
    turns = [order.turn(cancel) for _ in range(4)]
    for turn in turns:
        turn.__enter__()
    cancel.cancel()
    with pytest.raises(Cancelled), order.turn(cancel):
        raise AssertionError("there was no turn left")
