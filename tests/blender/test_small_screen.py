"""A fresh profile on 1366×768, with the mouse; clicks and typed words are counted and printed.

First result, another seed, four variations, an error and its way out. With the keyboard alone Blender reaches no field
of any panel: the mouse has to be over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.hosts import VirtualScreen
from tests.sandbox import Sandbox

from .conftest import IDLE, Installed, tell_at_the_end
from .controls import SCREENS, Controls
from .test_jobs import RESULTS, ROWS
from .window import Window

pytestmark = pytest.mark.full

PROMPT = "A cube of glass, the hills far behind it in haze"


class Counting:
    """Does what an artist does, and counts it; what is typed or pasted into a field counts as one."""

    def __init__(self, controls: Controls) -> None:
        self.controls, self.count = controls, 0

    def click(self, name: str) -> None:
        self.count += 1
        self.controls.use("operator", name)
        self.controls.settle()

    def write(self, name: str, text: str, expected: object = None) -> None:
        self.count += 2  # into the field, and the words
        self.controls.write(name, text, expected=expected)

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        self.count = 0
        yield
        tell_at_the_end("A fresh profile on 1366×768, clicks", "Blender", what, str(self.count))


@pytest.fixture(scope="module")
def screen(host: Installed) -> Iterator[VirtualScreen]:
    with VirtualScreen(host.host.place, 1366, 768) as one:
        yield one


def test_with_the_mouse(no_key: Window, host: Installed, sandbox: Sandbox) -> None:
    window, series = no_key, host.host.series
    window.do("chosen.prompt = ''")
    controls = Controls(window)
    controls.watch("small screen")
    controls.open("VIEW_3D")
    artist = Counting(controls)
    with artist.told("first result, beside N and the click on the tab"):
        artist.count += 2
        x, y = controls.see("property", "api_key")
        controls.click((x, y))
        controls.screen.xdotool("sleep", 0.5)
        controls.screen.type(sandbox.api_key)
        controls.screen.key("Return")
        window.wait_for("session.info.key_source == 'the key file'")
        controls.settle()
        artist.write("prompt", PROMPT)
        controls.judged(
            SCREENS / f"blender-{series}-small-ready.png", ("property", "prompt"), ("operator", "fluxdepth.edit")
        )
        artist.click("fluxdepth.edit")
        window.wait_for(f"len({RESULTS}) == 1")
    with artist.told("another seed"):
        artist.click("fluxdepth.dice")
        artist.click("fluxdepth.edit")
        window.wait_for(f"len({RESULTS}) == 2")
    seeds = [request.json["promptObject"]["seed"] for request in sandbox.at("submit")]
    assert seeds[0] != seeds[1]
    with artist.told("four variations"):
        artist.click("fluxdepth.dice")  # the first one's seed is made already
        artist.write("variations", "4", expected=4)
        controls.judged(SCREENS / f"blender-{series}-small-variations.png", ("operator", "fluxdepth.edit"))
        artist.click("fluxdepth.edit")
        window.wait_for(f"len({RESULTS}) == 6")
    assert sandbox.taken == 6
    controls.write("variations", "1", expected=1)
    sandbox.fault = "submit:failure_at_once*1"
    with artist.told("an error and its way out"):
        artist.click("fluxdepth.dice")
        artist.click("fluxdepth.edit")
        window.wait_for(f"{ROWS}[-1] == 'FAILED'")
        controls.settle()
        controls.judged(SCREENS / f"blender-{series}-small-error.png", ("operator", "fluxdepth.retry"))
        artist.click("fluxdepth.retry")
        window.wait_for(f"len({RESULTS}) == 7")
    window.wait_for(IDLE)
