"""GIMP in German, the plug-in in German and in a language that nobody speaks: nothing is English, nothing is cut."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared.storage.journal import Journal
from tests import translations
from tests.hosts import Gimp
from tests.hosts.place import Root
from tests.sandbox import Sandbox

from .conftest import Inside
from .desk import Desk
from .test_history import every_kind
from .words import of_the_host

# What is nobody's to translate: what the test itself and its pictures are called, and names.
DATA = {
    *("Photo", "Haze far behind the cat", "FLUXDEPTH_BASE_URL", "https://api.1min.ai", "http"),
    *("Häuser.xcf", "hall.blend", "frame-0001.png", "The service did not accept the picture (400)."),
}
ROLES = ("label", "button", "toggle button", "check box", "radio button", "text", "combo box", "menu item", "frame")
TOLD = """
import json
told = {}
pdb = Gimp.get_pdb()
for name in ("edit", "again", "compare", "recover", "history", "settings"):
    procedure = pdb.lookup_procedure("plug-in-fluxdepth-" + name)
    told[name] = [procedure.get_menu_label(), procedure.get_blurb(), procedure.get_help()]
    for one in procedure.get_arguments():
        if one.name not in ("run-mode", "image", "drawables"):
            told[name + " " + one.name] = [one.nick, one.blurb]
open(OUT, "w").write(json.dumps(told))
"""


@pytest.fixture
def german(gimp30: Gimp, package: Path, tmp_path: Path) -> Inside:
    return _in_german(gimp30, package, tmp_path)


@pytest.fixture
def pseudo(gimp30: Gimp, package: Path, tmp_path: Path) -> Inside:
    """The plug-in in the pseudo-language, in a German GIMP."""
    return _in_german(gimp30, translations.in_pseudo(package, tmp_path / package.name), tmp_path)


def _in_german(gimp: Gimp, package: Path, folder: Path) -> Inside:
    home = gimp.new_home(folder / "home", color_scheme="light")
    gimp.install(package, home)
    rc = gimp.profile_folder(home) / "gimprc"
    rc.write_text(rc.read_text().replace('(prev-language "C.UTF-8")', '(prev-language "de")') + '(language "de")\n')
    (folder / "out").mkdir()
    return Inside(gimp, home, folder / "out")


def test_what_gimp_is_told_is_translated(pseudo: Inside) -> None:
    told = pseudo.out / "told.json"
    done = pseudo.gimp.batch(f"OUT = {str(told)!r}\n{TOLD}", pseudo.home, env=pseudo.environment)
    assert told.exists(), done.stdout + done.stderr
    said = json.loads(told.read_text())
    assert len(said) > 20
    assert not {where: text for where, texts in said.items() for text in texts if translations.forgotten(text, DATA)}


@contextmanager
def opened(inside: Inside, service: Sandbox, spoken: Callable[[str], str]) -> Iterator[Callable[[str, str], None]]:
    """``look(window, procedure)`` opens one of our windows, takes its picture, which is judged, and finds English."""
    env = {"FLUXDEPTH_BASE_URL": service.base_url}
    own = of_the_host(inside.gimp.place.folder) if isinstance(inside.gimp.place, Root) else frozenset()
    with Desk(inside, size=(1366, 768), env=env, setup={"answers": "opening"}) as desk:
        desk.open_image()

        def look(window: str, procedure: str) -> None:
            title = re.escape(spoken(window))
            inside.ask("open", procedure=procedure)
            desk.window(title)
            name = f"{inside.gimp.series}-{'pseudo' if spoken is translations.pseudo else 'german'}-{procedure[18:]}"
            desk.window_picture(name, title)
            seen = [one for one in desk.look() if one.role in ROLES and one.window == spoken(window)]
            assert len(seen) > 5
            prompts = {edit.prompt for job in Journal(inside.data_folder).summaries() for edit in job.edits}
            wrong = {
                text
                for one in seen
                for text in (one.name, one.text)
                if text.replace("_", "") not in own and translations.forgotten(text, DATA | prompts)
            }
            assert spoken is not translations.pseudo or not wrong, f"{window}: {wrong}"
            desk.press_until(lambda: all(one.window != spoken(window) for one in desk.look()), title, "Escape")
            inside.answer(20)

        yield look


def in_german(text: str) -> str:
    return str(translations.catalogue("de")[text].string)


@pytest.fixture
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="depth") as sandbox:
        yield sandbox


@pytest.mark.full
@pytest.mark.parametrize("spoken", [in_german, translations.pseudo], ids=["german", "pseudo"])
def test_windows(spoken: Callable[[str], str], service: Sandbox, request: pytest.FixtureRequest) -> None:
    inside: Inside = request.getfixturevalue("german" if spoken is in_german else "pseudo")
    with opened(inside, service, spoken) as look:
        look("Depth Edit", "plug-in-fluxdepth-edit")  # of an artist without a key
        every_kind(inside.data_folder)
        (inside.data_folder / "key").write_text(service.api_key)
        look("Depth Edit", "plug-in-fluxdepth-edit")
        look("Flux Depth Settings", "plug-in-fluxdepth-settings")
        look("Flux Depth History", "plug-in-fluxdepth-history")
