"""Chosen faults through Blender's real windows: the real button, the panel's *Recover*, a window killed -9."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults import Cells, Recovered, data_folder
from tests.faults.moments import HERE, MOMENTS, TAKEN, is_there, killed, stage_of
from tests.faults.ways import FULL, named, over
from tests.hosts import VirtualScreen
from tests.hosts.place import running
from tests.sandbox import Sandbox

from .conftest import IDLE, Installed
from .controls import SCREENS, Controls
from .live import PROGRAM
from .test_faults import BRING_IN, UNCERTAIN
from .test_jobs import RESULTS, ROWS
from .window import Window

KIND = "image with alpha"
MAKE = """
import numpy as np
picture = bpy.data.images.new("picture", 320, 180, alpha=True)
values = np.zeros((180, 320, 4), np.float32)
values[..., 0], values[..., 1] = np.linspace(0, 1, 320), np.linspace(0, 1, 180)[:, None]
values[..., 3] = np.linspace(0.2, 1, 320)
picture.pixels.foreach_set(values.ravel())
picture.pack()
chosen = bpy.context.scene.fluxdepth
chosen.source, chosen.image, chosen.prompt, chosen.seed = "IMAGE", picture, "Fog far behind", 7
chosen.format = chosen.upload_format = "png"
"""
# How far what came is from the picture that was sent (the service sends back what it got): the largest
# differences, of 255, of colour and of transparency; the size of both is the same, or there is an error.
FACTS = f"""
import numpy as np
def read(image):
    values = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(values)
    return values.reshape(-1, 4) * 255
(name,) = {RESULTS}
assert list(bpy.data.images[name].size) == [320, 180]
answer = np.abs(read(bpy.data.images[name]) - read(bpy.data.images["picture"])).max(axis=0).tolist()
"""
WORDS = """
def words(layout):
    told = [one[0] for one in layout.words]
    return told + [word for child in layout.children for word in words(child)]
answer = " ".join(word for layout, _ in drawn.values() for word in words(layout))
"""


class Sidebar:
    """The sidebar of a Blender that has its own file open, which it may be killed and started anew with."""

    def __init__(self, host: Installed, screen: VirtualScreen, service: Sandbox, test: str) -> None:
        self._host, self._screen, self._service, self._test = host, screen, service, test
        self.file, self.home = host.out / "work.blend", host.data_folder

    @contextmanager
    def opened(self) -> Iterator[Controls]:
        argv = [self.file] if self.file.exists() else []
        env = self._host.environment(self._service)
        with Window(self._host.host, self._screen, self._host.profile, env, tuple(argv)) as window:
            if not argv:
                window.do(MAKE + f"bpy.ops.wm.save_as_mainfile(filepath={str(self.file)!r})")
            window.do("bpy.context.preferences.view.show_splash = False; session.look()")
            controls = Controls(window)
            controls.watch(self._test)
            controls.open("VIEW_3D")
            window.wait_for(IDLE)
            controls.settle()
            yield controls

    def kill(self, window: Window) -> None:
        for pid in running(f"FLUXDEPTH_TEST_OUT={self._host.out}", PROGRAM):
            os.kill(pid, signal.SIGKILL)
        window.process.wait(20)


@pytest.fixture
def sidebar(host: Installed, screen: VirtualScreen, sandbox: Sandbox, tmp_path: Path) -> Sidebar:
    sandbox.effect = "echo"
    own = host.beside(tmp_path)
    data_folder.fresh(own.data_folder, sandbox)
    return Sidebar(own, screen, sandbox, f"faults-{host.host.series}")


def settled(controls: Controls, sandbox: Sandbox, *, fetched: bool) -> dict[str, Any]:
    """What the panel says, once the fault is over; its *Recover* is pressed where something is owed."""
    told = controls.window.do(WORDS)
    if UNCERTAIN in told:
        assert BRING_IN not in told, told
        return {"submits": sandbox.taken, "recovered": Recovered.UNCERTAIN}
    if fetched:
        assert BRING_IN in told, told
        controls.use("operator", "fluxdepth.recover")
    controls.window.wait_for(f"len({RESULTS}) == 1")
    equal = max(off := controls.window.do(FACTS)) < 2.5  # what transparency costs at 8 bits
    assert equal, off
    controls.window.wait_for("desk.here() == []")
    recovered = Recovered.FETCHED if fetched else Recovered.ARRIVED
    return {"submits": sandbox.taken, "recovered": recovered, "equal": equal}


@pytest.mark.parametrize("moment", ["upload", TAKEN, "wait", "download", HERE, "unsaved"])
@FULL
def test_the_window_is_killed(sidebar: Sidebar, sandbox: Sandbox, cell: Cells, moment: str) -> None:
    with cell("blender", stage_of(moment), killed("Blender's window", moment, KIND)) as found:
        with sidebar.opened() as controls:
            planned = MOMENTS.get(moment)
            if planned:
                sandbox.faults += planned.faults
                sandbox.latency = planned.latency
            controls.use("operator", "fluxdepth.edit")
            if planned:
                is_there(lambda: controls.window.process.poll() is None, lambda: planned.reached(sidebar.home, sandbox))
            else:
                controls.window.wait_for(f"len({RESULTS}) == 1")
            sidebar.kill(controls.window)
        over(sandbox)
        with sidebar.opened() as controls:
            assert controls.window.do(f"answer = {RESULTS}") == []
            controls.judged(SCREENS / f"blender-killed-{stage_of(moment)}.png", ("operator", "fluxdepth.edit"))
            if moment == "upload":
                assert sandbox.taken == 0 and BRING_IN not in controls.window.do(WORDS)
                found.end(submits=0, recovered=Recovered.NOTHING)
            else:
                found.end(**settled(controls, sandbox, fetched=True))


@pytest.mark.parametrize("fault", ["submit:reset_after_taken", "poll:html*2", "download:wrong_length"])
@FULL
def test_a_fault_on_the_way(sidebar: Sidebar, sandbox: Sandbox, cell: Cells, fault: str) -> None:
    stage, what = named(fault)
    with cell("blender", stage, f"{what}, in the window") as found, sidebar.opened() as controls:
        sandbox.fault = fault
        controls.use("operator", "fluxdepth.edit")
        controls.window.wait_for(f"{ROWS} in (['FAILED'], ['ARRIVED'])")
        over(sandbox)
        controls.window.wait_for(IDLE)
        controls.settle()
        failed = controls.window.do(f"answer = {ROWS} == ['FAILED']")
        controls.judged(SCREENS / f"blender-fault-{stage}.png", ("operator", "fluxdepth.edit"))
        found.end(**settled(controls, sandbox, fetched=failed))
