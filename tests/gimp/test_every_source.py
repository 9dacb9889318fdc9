"""Every source × every kind of picture × every kind of result, chosen and started in the dialog, in GIMP 3.0.

The service gives back what it gets: where the result lies over the source, the canvas looks as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.screen import wait_until
from tests.sandbox import Sandbox

from .canvas import difference
from .conftest import tell_at_the_end
from .desk import Desk
from .kinds import KINDS, SOURCES, Kind
from .test_seen import Sent, bound_of, desk, gimp, seen, service, shown  # noqa: F401
from .test_stopped import plug_in
from .test_windows import EDIT

pytestmark = pytest.mark.full

NAMES = (
    *("RGB u8 non-linear", "RGB u16 non-linear", "RGB float linear", "Adobe RGB u16 non-linear"),
    *("gray u8 non-linear", "indexed", "alpha", "mask", "filter, blur", "group", "opacity", "text"),
    *("layer with an offset", "layer larger than the canvas", "hidden layer", "larger than what is sent"),
)
# Where the result is transparent as its source is, both are seen, one through the other; a layer that is hidden or
# covers a part is not what the canvas shows.
SEEN_TWICE = {"opacity", "alpha", "mask"}
NOT_SEEN = {"text", "hidden layer"}
RESULTS = {"layer": "New layer", "image": "New image"}
SOURCE_WORDS = {"layer": "Layer “", "selection": "Selection of layer", "visible": "Visible image"}


def fitting(name: str) -> Kind:
    found = [kind for kind in KINDS if kind.name.lower() == name.lower()]
    assert found, f"no {name!r} in {[kind.name for kind in KINDS]}"
    return found[0]


def ask_for(desk: Desk, source: str, result: str, name_of_picture: str) -> None:  # noqa: F811
    """Choose both with the keyboard in the dialog, where they are not as the last edit left them, and press Edit."""
    desk.command("Depth Edit…")
    desk.window(EDIT)
    prompt = wait_until(lambda: desk.find("text", "") and desk.see("text", "Prompt"), 30, "the prompt")
    if not prompt.text:
        desk.click("text", "Prompt")
        desk.write("Every source, far", EDIT)
    if desk.find("label", SOURCE_WORDS[source]) is None:
        down = ["Down"] * SOURCES.index(source)
        desk.press_until(lambda: desk.find("label", SOURCE_WORDS[source]), EDIT, "alt+u", "Home", *down)
    desk.press_until(lambda: desk.find("label", "Result as"), EDIT, "alt+m")
    other = next(words for name, words in RESULTS.items() if name != result)
    if desk.find("combo box", other):
        desk.click("combo box", other)
        desk.press("Down" if result == "image" else "Up", "Return")
        desk.see("combo box", RESULTS[result])
    seed = desk.see("spin button", "Seed").words  # the same picture with the same one is asked about
    desk.press_until(lambda: desk.find("spin button", seed) is None, EDIT, "alt+n")
    if name_of_picture:
        desk.window_picture(name_of_picture, EDIT)
    desk.press_in(EDIT, "ctrl+Return")


@pytest.fixture(autouse=True)
def no_window_is_left(desk: Desk) -> Iterator[None]:  # noqa: F811
    """Else what has failed once fails all that follows."""
    yield
    if desk.find("dialog", "Depth Edit"):
        desk.close(EDIT, "Depth Edit")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("source", SOURCES)
def test_through_the_window(source: str, result: str, name: str, desk: Desk, service: Sandbox) -> None:  # noqa: F811
    kind = fitting(name)
    jobs = desk.inside.data_folder / "jobs"
    known = set(jobs.iterdir()) if jobs.exists() else set[Path]()
    with shown(desk, kind.steps, kind.size) as size:
        if source == "selection":
            desk.ask("select")
        before = seen(desk, size) if source != "selection" else None
        source_layers = len(desk.ask("look")["layers"])
        ask_for(desk, source, result, f"{source}-gray-{desk.gimp.series}" if name.startswith("gray") else "")
        (job,) = desk.wait_for(lambda: set(jobs.iterdir()) - known if jobs.exists() else (), "the job")
        desk.gone(EDIT)
        # GIMP 3.0 crashes when an image is closed in the moment in which a plug-in that has returned its layer ends.
        wait_until(lambda: plug_in(desk.inside.data_folder) is None, 20, "the plug-in to end")
        sent = Sent(desk, service, job.name)
        assert sent.place["source"] == source
        place = sent.place
        box = [place["x"], place["y"], place["width"], place["height"]]
        found: dict[str, Any] = desk.ask("look")
        told = ""
        if result == "layer":
            assert (len(found["layers"]), found["others"]) == (source_layers + 1, [])
            (new,) = [one for one in found["layers"] if one["name"].startswith("Every source")]
            assert new["place"] == box
            assert new["mask"] == (source == "selection")
            if before is not None and name not in SEEN_TWICE and (source == "visible" or name not in NOT_SEEN):
                off = difference(seen(desk, size), before)
                told = f"{off.mean:5.2f} {off.most:4d}"
                assert off.mean <= 2 * bound_of(kind)
        else:
            (other,) = found["others"]
            assert len(found["layers"]) == source_layers
            assert other["size"] == box[2:]
            assert other["precision"] == found["precision"]
            assert other["layers"][0]["place"] == [0, 0, *box[2:]]
            assert other["type"] == "RGB" and other["dirty"]
            assert "Every source, far" in other["name"]
    tell_at_the_end("Through the window", f"GIMP {desk.gimp.version}", source, result, name, told)
