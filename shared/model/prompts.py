"""Prompts with choices, ``a {red|blue} car``, and lists of prompts. Plain texts in and out; knows no model.

Each variation takes the next combination of choices, in the order in which one would read them: with several groups the
last one changes first. Fewer variations than combinations take the first ones; more begin anew, with other seeds. A
choice may be empty. What has no ``|`` between its braces is no group, so ``{subject}`` stays what it is; groups within
groups are none either.
"""

from __future__ import annotations

import math
import re

_GROUP = re.compile(r"\{([^{}]*\|[^{}]*)\}")


def combinations(prompt: str) -> int:
    """How many different prompts ``prompt`` stands for; 1 when it has no choices."""
    return math.prod(group.count("|") + 1 for group in _GROUP.findall(prompt))


def may_be_empty(prompt: str) -> bool:
    """Whether one of the combinations says nothing."""
    always = "".join(_GROUP.split(prompt)[::2])
    return not always.strip() and all(
        any(not choice.strip() for choice in group.split("|")) for group in _GROUP.findall(prompt)
    )


def expanded(prompt: str, count: int) -> list[str]:
    """The prompts of ``count`` variations of ``prompt``."""
    return [_combination(prompt, number % combinations(prompt)) for number in range(count)]


def _combination(prompt: str, number: int) -> str:
    if not _GROUP.search(prompt):
        return prompt
    parts = _GROUP.split(prompt)  # text, group, text, group, …, text
    for at in range(len(parts) - 2, 0, -2):
        choices = parts[at].split("|")
        number, choice = divmod(number, len(choices))
        parts[at] = choices[choice].strip()
    return re.sub(" {2,}", " ", "".join(parts)).strip()  # an empty choice leaves two spaces


def listed(text: str) -> list[str]:
    """The prompts in ``text``, one a line; empty lines and those that begin with ``#`` are none."""
    lines = (line.strip() for line in text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").splitlines())
    return [line for line in lines if line and not line.startswith("#")]
