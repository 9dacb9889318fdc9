"""Blender in a language that nobody speaks: what was forgotten is English, and what is cut has no room."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import translations
from tests.sandbox import Sandbox

from .conftest import HEADLESS, Installed, installed

# What the panels show that is nobody's to translate: prompts, names of files and of data-blocks, ids.
DATA = {
    "The cube in front is sharp",
    "shot_0010_v003.blend",
    "Untitled",
}


@pytest.fixture(scope="module", params=HEADLESS)
def spoken(
    request: pytest.FixtureRequest, package: Path, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    folder = tmp_path_factory.mktemp(request.param)
    package = translations.in_pseudo(package, folder / package.name)
    host = installed(request.getfixturevalue(request.param), package, folder, "pseudo")
    host.run("languages.py", sandbox, LANGUAGE="de", LANG="de_DE.UTF-8")
    return host


def test_everything_that_blender_is_told_once_is_translated(spoken: Installed) -> None:
    shown = spoken.note("check_what_blender_is_told")
    assert not {where: text for where, text in shown.items() if translations.forgotten(text)}


def test_every_word_in_the_panels_is_translated(spoken: Installed) -> None:
    drawn = spoken.note("check_what_panels_draw")
    wrong = {
        f"{where}: {text}" for where, words in drawn.items() for text in words if translations.forgotten(text, DATA)
    }
    assert not wrong


def test_longer_words_have_room(spoken: Installed) -> None:
    assert not {where: words for where, words in spoken.note("check_what_has_no_room").items() if words}
