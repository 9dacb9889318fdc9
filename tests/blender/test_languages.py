"""Blender in a language that nobody speaks: what was forgotten is English, and what is cut has no room."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from shared.storage.journal import Journal
from tests import translations
from tests.sandbox import Sandbox

from . import histories
from .conftest import WINDOWED, Installed, installed  # Blender as a module knows no languages

# What the panels show and is nobody's to translate: the prompt, and what the test itself says.
DATA = {
    "The cube in front is sharp, everything far behind it is softly blurred and a little paler than it was before",
    "The result could not be kept.",
    "The service did not accept the key (401).",
    *("The service made no picture of this.", "It broke. It may be billed.", "Of mine"),
    *("harbour.xcf", "shot_0010.blend", "film_0007.png", "id"),
}


@pytest.fixture(scope="module", params=WINDOWED)
def spoken(
    request: pytest.FixtureRequest, package: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    folder = tmp_path_factory.mktemp(request.param)
    package = translations.in_pseudo(package, folder / package.name)
    host = installed(request.getfixturevalue(request.param), package, folder, "pseudo")
    german = translations.install(folder / "german")
    edits = histories.of_every_kind(host.data_folder)
    DATA.update(edit.prompt for job in Journal(host.data_folder).summaries() for edit in job.edits)
    env = {"LANGUAGE": "de", "FLUXDEPTH_TEST_GERMAN": str(german), "FLUXDEPTH_TEST_EDITS": json.dumps(edits)}
    host.run("languages.py", sandbox, timeout=100, **env)
    return host


def test_everything_that_blender_is_told_once_is_translated(spoken: Installed) -> None:
    shown = spoken.note("check_what_blender_is_told")
    assert not {where: text for where, text in shown.items() if translations.forgotten(text)}


def test_every_word_in_the_panels_is_translated(spoken: Installed) -> None:
    drawn = spoken.note("check_what_panels_draw")
    wrong = {
        f"{where}: {text}"
        for where, words in drawn.items()
        for text in words
        if translations.forgotten(text, DATA) and not _begins_with_it(text)
    }
    assert not wrong


def _begins_with_it(text: str) -> bool:
    """Whether it is what fits of a prompt."""
    return text.endswith("…") and any(prompt.startswith(text[:-1]) for prompt in DATA)


@pytest.mark.parametrize("check", ["check_what_has_no_room", "check_what_has_no_room_in_german"])
def test_words_have_room(spoken: Installed, check: str) -> None:
    assert not {where: words for where, words in spoken.note(check).items() if words}
