"""GIMP in German, the plug-in in German and in a language that nobody speaks: nothing is English, nothing is cut."""

from __future__ import annotations

import functools
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
    *(
        "Photo",
        "Haze far behind the cat",
        "Haze far behind the {cat|dog}",
        "FLUXDEPTH_BASE_URL",
        "https://api.1min.ai",
        "http",
    ),
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


Spoken = Callable[[str], str]


@contextmanager
def opened(inside: Inside, service: Sandbox, spoken: Spoken) -> Iterator[Callable[..., None]]:
    """``look(window, procedure, *steps)`` opens one of our windows, takes its picture, which is judged, finds English.

    Each step leads to something else that is looked at in the same way, and ends with the window that it was made in.
    """
    env = {"FLUXDEPTH_BASE_URL": service.base_url}
    own = of_the_host(inside.gimp.place.folder) if isinstance(inside.gimp.place, Root) else frozenset()
    with Desk(inside, size=(1366, 768), env=env, setup={"answers": "opening"}) as desk:
        desk.open_image()

        def read(window: str, name: str, picture: bool = True) -> None:
            if picture:
                language = "pseudo" if spoken is translations.pseudo else "german"
                desk.window_picture(f"{inside.gimp.series}-{language}-{name}", re.escape(spoken(window)))
            seen = [one for one in desk.look() if one.role in ROLES and one.window == spoken(window)]
            assert len(seen) > 5 or not picture
            prompts = {edit.prompt for job in Journal(inside.data_folder).summaries() for edit in job.edits}
            wrong = {
                text
                for one in seen
                for text in (one.name, one.text)
                if text.replace("_", "") not in own and translations.forgotten(text, DATA | prompts)
            }
            assert spoken is not translations.pseudo or not wrong, f"{window}, {name}: {wrong}"

        def look(window: str, procedure: str, *steps: Step) -> None:
            title = re.escape(spoken(window))
            inside.ask("open", procedure=procedure)
            desk.window(title)
            read(window, procedure[18:])
            for step in steps:
                step(desk, spoken, read)
                desk.window(title)
            desk.press_until(lambda: all(one.window != spoken(window) for one in desk.look()), title, "Escape")
            inside.answer(20)

        yield look


Read = Callable[..., None]
Step = Callable[[Desk, Spoken, Read], None]
EDIT = "Depth Edit"


def more(desk: Desk, spoken: Spoken, read: Read) -> None:
    """With the letter of the keyboard, as it may lie below what can be seen."""
    letter = spoken("_More").partition("_")[2][0].lower()
    there = functools.partial(desk.find, "combo box", spoken("Automatic"))
    desk.press_until(there, re.escape(spoken(EDIT)), f"alt+{letter}")
    read(EDIT, "more")


def an_error(desk: Desk, spoken: Spoken, read: Read) -> None:
    desk.press("ctrl+Return")
    desk.see("label", spoken("The prompt is empty."))
    read(EDIT, "error")
    desk.click("button", spoken("Change It"))  # which goes to the prompt


def presets(desk: Desk, spoken: Spoken, read: Read) -> None:
    for item, window in (("Save as Preset…", "Save as Preset"), ("Manage…", "Your Presets")):
        desk.click("toggle button", _plain(spoken("Prese_ts")))
        desk.see("menu item", spoken(item))
        read(EDIT, "menu", picture=False)
        desk.click("menu item", spoken(item))
        desk.window(re.escape(spoken(window)))
        read(window, window.replace(" ", "-").lower())
        desk.close(re.escape(spoken(window)), spoken(window))


def recent(desk: Desk, spoken: Spoken, read: Read) -> None:
    desk.click("toggle button", spoken("Recent"))
    desk.see("table cell")
    read(EDIT, "recent", picture=False)
    desk.press("Escape")


def several(desk: Desk, spoken: Spoken, read: Read) -> None:
    desk.click("text", spoken("Prompt"))
    desk.write("Haze far behind the {cat|dog}", re.escape(spoken(EDIT)))
    desk.see("label", "1. Haze far behind the cat")
    read(EDIT, "choices")


def _plain(label: str) -> str:
    """As AT-SPI tells it: without the mark of the letter for the keyboard."""
    return label.replace("_", "")


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
        look(EDIT, "plug-in-fluxdepth-edit")  # of an artist without a key
        every_kind(inside.data_folder)
        (inside.data_folder / "key").write_text(service.api_key)
        look(EDIT, "plug-in-fluxdepth-edit", presets, recent, an_error, several, more)
        look("Flux Depth Settings", "plug-in-fluxdepth-settings")
        look("Flux Depth History", "plug-in-fluxdepth-history")
