"""Found by typing."""

from __future__ import annotations

import pytest

from shared.model import search


@pytest.mark.parametrize(
    ("typed", "text", "expected"),
    [
        ("", "anything", True),
        ("  ", "anything", True),
        ("red car", "A car, bright Red", True),
        ("red car", "A car, bright blue", False),
        ("CA", "a car", True),
        ("uber", "Über den Dächern", True),
        ("ÜBER", "uber", True),
        ("strasse", "Straße", True),
        ("STRAßE", "strasse", True),
        ("fi", "eﬁne", True),
        ("夕焼け", "海の夕焼け", True),
        ("istanbul", "İstanbul", True),
        ("café", "cafe\N{COMBINING ACUTE ACCENT}", True),
        ("a.c", "abc", False),
    ],
)
def test_words_in_any_order_whatever_their_case_and_accents(typed: str, text: str, expected: bool) -> None:
    assert search.matches(typed, text) is expected


def test_words_may_stand_in_different_texts_but_none_across_two() -> None:
    assert search.matches("red house", "a red car", "house.xcf")
    assert not search.matches("carhouse", "a red car", "house.xcf")


def test_what_is_found_keeps_its_order() -> None:
    assert search.found("re", ["three", "red", "blue", "Tree"]) == ["three", "red", "Tree"]
