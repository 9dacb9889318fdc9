"""Prompts with choices: what each variation asks for, from the text to the record, and lists of prompts."""

from __future__ import annotations

import json

import pytest

from shared.errors import ParameterError
from shared.jobs.request import EditRequest
from shared.jobs.ticket import State
from shared.model import prompts
from shared.model.edit import PLACE, DepthEdit
from shared.pictures.encoded import EncodedImage
from shared.storage.entries import EditState
from shared.storage.library.index import recent_prompts
from tests.core.conftest import HERE, Bench, DeskHost, finish

COLOURS = "a {red|blue|green} car"
RED, BLUE, GREEN = "a red car", "a blue car", "a green car"


@pytest.mark.parametrize(
    ("prompt", "count", "expected"),
    [
        ("a car", 3, ["a car"] * 3),
        (COLOURS, 3, [RED, BLUE, GREEN]),
        (COLOURS, 2, [RED, BLUE]),
        (COLOURS, 5, [RED, BLUE, GREEN, RED, BLUE]),
        (COLOURS, 1, [RED]),
        ("{a|b} {c|d}", 5, ["a c", "a d", "b c", "b d", "a c"]),
        ("{ red | blue }, soft", 2, ["red, soft", "blue, soft"]),
        ("a {|red} car", 2, ["a car", "a red car"]),
        ("near\n{x|y}  far", 1, ["near\nx far"]),
        ("{one}", 2, ["{one}"] * 2),
        ("{}{", 1, ["{}{"]),
        (f"{PLACE} in {{fog|rain}}", 2, [f"{PLACE} in fog", f"{PLACE} in rain"]),
        ('{"json": "a|b"', 1, ['{"json": "a|b"']),
        ("a  car", 1, ["a  car"]),
    ],
)
def test_each_variation_takes_the_next_combination(prompt: str, count: int, expected: list[str]) -> None:
    assert prompts.expanded(prompt, count) == expected


@pytest.mark.parametrize(("prompt", "count"), [("a car", 1), (COLOURS, 3), ("{a|b}{c|d|e}", 6), (PLACE, 1)])
def test_how_many_prompts_there_are_can_be_told_before(prompt: str, count: int) -> None:
    assert prompts.combinations(prompt) == count
    assert len(set(prompts.expanded(prompt, 8))) == min(count, 8)


def test_endless_combinations_cost_no_time() -> None:
    prompt = "{a|b}" * 200
    assert prompts.combinations(prompt) == 2**200
    assert prompts.expanded(prompt, 3) == ["a" * 200, "a" * 199 + "b", "a" * 198 + "ba"]
    assert not prompts.may_be_empty(prompt)


@pytest.mark.parametrize("prompt", ["{|red}", " {a|} {b| } ", "{|}"])
def test_a_combination_that_says_nothing_is_refused_before_anything_is_paid(prompt: str) -> None:
    with pytest.raises(ParameterError, match="The prompt is empty"):
        DepthEdit.checked({"prompt": prompt})
    DepthEdit.checked({"prompt": prompt + " car"})


def test_variations_have_their_prompts_and_their_seeds() -> None:
    edits = DepthEdit.checked({"prompt": COLOURS, "seed": 2**32 - 1}).variations(4)
    assert [(edit.prompt, edit.seed) for edit in edits] == [(RED, 2**32 - 1), (BLUE, 0), (GREEN, 1), (RED, 2)]


def test_what_is_sent_recorded_and_written_is_each_ones_own(bench: Bench, photo: EncodedImage) -> None:
    results = bench.run(photo, 3, prompt=COLOURS).results
    sent = [json.loads(request.body)["promptObject"] for request in bench.sandbox.at("submit")]
    assert sorted((one["seed"], one["prompt"]) for one in sent) == [(0, RED), (1, BLUE), (2, GREEN)]
    assert [(one.record()["settings"]["prompt"], one.record()["variations"]) for one in results] == [
        *((RED, 3), (BLUE, 3), (GREEN, 3)),
    ]
    (job,) = bench.journal.entries()
    assert [job.asked(entry).prompt for entry in job.edits] == [RED, BLUE, GREEN]
    assert job.pattern == COLOURS
    bench.run(photo, prompt="no choices")
    assert recent_prompts(bench.journal.summaries(), 10) == ["no choices", COLOURS]


def test_what_is_recovered_keeps_its_own_prompt(bench: Bench, photo: EncodedImage) -> None:
    bench.run(photo, 2, prompt=COLOURS)
    (job,) = bench.journal.entries()
    for entry in job.edits:
        assert entry.result_file
        entry.result_file.unlink()
        bench.journal.mark(job.id, [entry.index], state=EditState.TAKEN, result_file=None)
    (job,) = bench.journal.entries()
    again = [bench.recover(job, entry) for entry in job.edits]
    assert [(one.edit.prompt, one.record()["settings"]["prompt"]) for one in again] == [(RED, RED), (BLUE, BLUE)]


def test_the_desk_knows_them_before_anything_is_sent_and_a_retry_repeats_them(
    bench: Bench, photo: EncodedImage
) -> None:
    desk = bench.desk(DeskHost())
    ticket = desk.start(bench.request(photo, 3, prompt=COLOURS))
    assert [edit.prompt for edit in ticket.edits] == [RED, BLUE, GREEN]
    finish(desk)
    assert ticket.state is State.ARRIVED
    assert [result.edit for result in ticket.results] == list(ticket.edits)


def test_edits_that_are_known_already_are_made_as_they_are(bench: Bench, photo: EncodedImage) -> None:
    edits = DepthEdit.checked({"prompt": COLOURS}).variations(3)[1:]
    desk = bench.desk(DeskHost())
    ticket = desk.start(EditRequest(edits[0], photo, HERE, len(edits), edits=tuple(edits), confirmed=True))
    finish(desk)
    assert [(one.edit.prompt, one.edit.seed) for one in ticket.results] == [(BLUE, 1), (GREEN, 2)]


def test_a_text_is_a_list_of_prompts() -> None:
    text = "\N{ZERO WIDTH NO-BREAK SPACE}# looks\r\n\r\n  haze far behind \n\t\n#soft\nrain, #2 of 3\n{red|blue} car"
    assert prompts.listed(text) == ["haze far behind", "rain, #2 of 3", "{red|blue} car"]
    assert prompts.listed("\n# nothing\n") == []
