"""What becomes of a job in a Blender with a window: stopped, tried again, undone, in another file, killed.

Every result arrives where it belongs, and nothing is paid for that nobody asked for.
"""

from __future__ import annotations

import io
import shutil
import signal
import time
import uuid
from pathlib import Path

import pytest
from PIL import Image

import build
from shared.model.edit import DepthEdit
from shared.pictures.encoded import sniff
from shared.storage.entries import Destination, EditState
from shared.storage.journal import Journal
from tests.hosts import VirtualScreen
from tests.sandbox import Fault, Sandbox

from .conftest import IDLE, Installed
from .window import SET_UP, Window

SCREENS = build.ROOT / "build" / "screens"
RESULTS = "[image.name for image in bpy.data.images if 'fluxdepth_edit' in image]"
PROMPTS = """
import json
found = [image["fluxdepth_edit"] for image in bpy.data.images if "fluxdepth_edit" in image]
answer = [json.loads(record)["settings"]["prompt"] for record in found]
"""
GENERATING = "desk.tickets and desk.tickets[-1].progress.text.startswith('Generating')"
ROWS = "[ticket.state.name for ticket in desk.tickets]"
CYCLES = """
scene = bpy.context.scene
scene.render.engine = "CYCLES"
scene.cycles.samples, scene.cycles.use_denoising = {samples}, False
scene.render.resolution_x, scene.render.resolution_y = 320, 180
bpy.context.preferences.view.render_display_type = "NONE"
chosen.source = "RENDER_NOW"
"""


@pytest.fixture
def work(fresh: Window, host: Installed) -> Path:
    """The open file, saved."""
    path = host.out / "work.blend"
    fresh.do(f"bpy.ops.wm.save_as_mainfile(filepath={str(path)!r})")
    return path


@pytest.fixture
def other(fresh: Window, host: Installed) -> Path:
    """Another file on the disk."""
    path = host.out / "other.blend"
    if not path.exists():
        fresh.do(f"bpy.ops.wm.save_as_mainfile(filepath={str(path)!r}, copy=True)")
    return path


def open_file(window: Window, path: Path) -> None:
    window.do(f"bpy.ops.wm.open_mainfile(filepath={str(path)!r})")


def error(window: Window) -> str:
    return str(window.do("answer = str(desk.tickets[-1].error or '')"))


def picture(window: Window, host: Installed, name: str) -> None:
    window.open_sidebar()
    window.wait_for(IDLE)
    window.picture(SCREENS / f"blender-{host.host.series}-{name}.png")


def test_undone_import_is_offered_again(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for(f"len({RESULTS}) == 1")
    fresh.wait_for(IDLE)
    fresh.do("bpy.ops.ed.undo()")
    assert fresh.do(f"answer = {RESULTS}") == []
    fresh.wait_for("len(desk.here()) > 0")
    picture(fresh, host, "unsaved")
    fresh.do("bpy.ops.fluxdepth.recover()")
    fresh.wait_for(f"len({RESULTS}) == 1")
    fresh.wait_for("not desk.here()")
    assert sandbox.taken == 1


def test_kept_result_comes_by_itself_when_its_file_is_opened(
    fresh: Window, host: Installed, sandbox: Sandbox, other: Path, work: Path
) -> None:
    sandbox.latency = 1.5
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for(GENERATING)
    open_file(fresh, other)
    fresh.wait_for(f"{ROWS} == ['KEPT']")
    picture(fresh, host, "kept")
    assert fresh.do(f"answer = {RESULTS}") == []
    open_file(fresh, work)
    fresh.wait_for(f"len({RESULTS}) == 1")
    fresh.wait_for(f"{ROWS} == ['ARRIVED']")
    assert sandbox.taken == 1


def test_kept_result_comes_into_another_file_when_the_artist_says_so(
    fresh: Window, sandbox: Sandbox, other: Path, work: Path
) -> None:
    sandbox.latency = 1.5
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for(GENERATING)
    open_file(fresh, other)
    fresh.wait_for(f"{ROWS} == ['KEPT']")
    fresh.do("bpy.ops.fluxdepth.bring_in_here(job=desk.tickets[0].job_id)")
    fresh.wait_for(f"len({RESULTS}) == 1")
    fresh.wait_for(f"{ROWS} == ['ARRIVED']")
    open_file(fresh, work)
    fresh.wait_for(IDLE)
    assert fresh.do(f"answer = {RESULTS}") == [], "it is in the other file"
    assert sandbox.taken == 1


def test_list_has_a_small_picture_in_every_engine(fresh: Window) -> None:
    """Blender makes none while the scene's engine has no preview."""
    fresh.do("""
bpy.context.scene.render.engine = "BLENDER_WORKBENCH"
chosen.format = "png"
bpy.ops.fluxdepth.edit()
""")
    fresh.wait_for(f"{ROWS} == ['ARRIVED']")
    fresh.do("""
import numpy as np
image = next(one for one in bpy.data.images if "fluxdepth_edit" in one)
width, height = image.preview.image_size
preview = np.empty(width * height * 4, np.float32)
image.preview.image_pixels_float.foreach_get(preview)
whole = np.empty(image.size[0] * image.size[1] * 4, np.float32)
image.pixels.foreach_get(whole)
halves = []
for pixels, rows in ((preview, height), (whole, image.size[1])):
    pixels = pixels.reshape(rows, -1)
    halves.append([float(half.mean()) for half in (pixels[: rows // 2], pixels[rows // 2 :])])
""")
    preview, whole = fresh.do("answer = halves")
    assert preview == pytest.approx(whole, abs=0.03), "it is not the result, upright"
    assert abs(whole[0] - whole[1]) > 0.05, "its halves are alike: this can't tell how it lies"


def test_try_again_sends_what_the_row_had_sent(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    """And in the same row; the panel says something else by now, and the image is gone."""
    sandbox.faults.append(Fault("submit", "http_500", times=9))
    sandbox.fault = "upload:http_500"
    fresh.do("chosen.prompt = 'what was meant'; bpy.ops.fluxdepth.edit()")
    fresh.wait_for(f"{ROWS} == ['FAILED']")
    picture(fresh, host, "try-again")
    sandbox.fault = None
    sandbox.faults.clear()
    fresh.do("chosen.prompt = 'something else'; chosen.image = None; bpy.data.images.remove(grid)")
    fresh.do("bpy.ops.fluxdepth.retry(job=desk.tickets[0].key)")
    fresh.wait_for(f"{ROWS} == ['ARRIVED']")
    assert fresh.do(PROMPTS) == ["what was meant"]
    assert sandbox.taken == 1


def test_second_press_asks(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    """The same picture with the same settings is on its way: a double-click must not pay twice."""
    sandbox.latency = 4.0
    fresh.do("bpy.ops.fluxdepth.edit(); bpy.ops.fluxdepth.edit()")
    fresh.wait_for("'FAILED' in " + ROWS)
    fresh.wait_for("any(ticket.progress.text.startswith('Generating') for ticket in desk.tickets if ticket.active)")
    picture_now(fresh, host, "same-edit")
    (key,) = fresh.do("answer = [ticket.key for ticket in desk.tickets if ticket.state.name == 'FAILED']")
    assert sandbox.taken == 1
    fresh.do(f"bpy.ops.fluxdepth.retry(job={key!r}, confirmed=True)")
    fresh.wait_for(f"{ROWS} == ['ARRIVED', 'ARRIVED']")
    assert sandbox.taken == 2
    # A question that nobody answered goes when what it asks about is here.
    sandbox.latency = 2.0
    fresh.do("chosen.seed = 7; bpy.ops.fluxdepth.edit(); bpy.ops.fluxdepth.edit()")
    fresh.wait_for("'FAILED' in " + ROWS)
    fresh.wait_for(f"{ROWS} == ['ARRIVED']")
    assert sandbox.taken == 3


def picture_now(window: Window, host: Installed, name: str) -> None:
    """While a job runs, and the panels are drawn again and again."""
    window.open_sidebar()
    window.wait_for("time.monotonic() > session.ticker._calm")
    window.picture(SCREENS / f"blender-{host.host.series}-{name}.png", settle=0)


def test_a_black_picture_asks(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    fresh.do("""
chosen.image = bpy.data.images.new("black", 64, 64)
bpy.ops.fluxdepth.edit()
""")
    fresh.wait_for("desk.tickets[-1].state.name == 'FAILED'")
    assert "one single colour" in fresh.do("answer = str(desk.tickets[-1].error)")
    assert sandbox.requests == []
    sidebar = fresh.open_sidebar()
    fresh.picture(SCREENS / f"blender-{host.host.series}-black.png")
    fresh.screen.click(*fresh.find_button(r"fluxdepth\.retry", sidebar))
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    assert len(sandbox.at("submit")) == 1


def test_result_is_compared_with_what_was_sent(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    """With the picture as it went out: the viewport's too, after the file was opened anew, whatever was rendered."""
    saved = host.out / "compared.blend"
    fresh.do("""
area = max((one for one in bpy.context.screen.areas if one.type == "VIEW_3D"), key=lambda one: one.width)
chosen.source = "VIEWPORT"
bpy.ops.fluxdepth.edit()
""")
    fresh.wait_for("desk.tickets[-1].state.name == 'ARRIVED'")
    fresh.do(f"bpy.ops.wm.save_as_mainfile(filepath={str(saved)!r})")
    fresh.do(f"bpy.ops.wm.open_mainfile(filepath={str(saved)!r})")
    fresh.do(SET_UP)
    shown = "bpy.context.window_manager.windows[0].screen.areas[0].spaces.active.image"
    fresh.do("""
bpy.context.window_manager.windows[0].screen.areas[0].type = "IMAGE_EDITOR"
result, = [image for image in bpy.data.images if "fluxdepth_edit" in image]
bpy.ops.fluxdepth.show(name=result.name)
bpy.ops.fluxdepth.compare(name=result.name)
""")
    fresh.wait_for(f"'fluxdepth_sent' in {shown}")
    (sent,) = (host.data_folder / "jobs").glob("*/sent.*")
    assert bytes(fresh.do(f"answer = list({shown}.packed_file.data)")) == sent.read_bytes()
    fresh.do("bpy.ops.fluxdepth.compare(name=result.name)")
    assert fresh.do(f"answer = {shown} == result")
    fresh.do("bpy.ops.fluxdepth.compare(name=result.name)")
    assert fresh.do(f"answer = 'fluxdepth_sent' in {shown}")
    fresh.do("bpy.data.images.remove(bpy.context.window_manager.windows[0].screen.areas[0].spaces.active.image)")
    shutil.rmtree(host.data_folder / "jobs")
    fresh.do("""
bpy.ops.fluxdepth.show(name=result.name)
bpy.ops.fluxdepth.compare(name=result.name)
""")
    fresh.wait_for("'not in this computer' in str(problem.standing(bpy.context) or '')")


def test_stop_brings_in_the_variations_that_are_here(fresh: Window, sandbox: Sandbox) -> None:
    sandbox.faults.append(Fault("download", "silence", times=1))
    fresh.do("chosen.variations = 2; bpy.ops.fluxdepth.edit()")
    fresh.wait_for("'1 of 2' in desk.tickets[-1].progress.text")
    fresh.do("bpy.ops.fluxdepth.cancel()")
    fresh.wait_for(f"len({RESULTS}) == 1")
    fresh.wait_for("len(desk.here()) > 0")
    sandbox.faults.clear()
    fresh.do("bpy.ops.fluxdepth.recover()")
    fresh.wait_for(f"len({RESULTS}) == 2")
    assert sandbox.taken == 2


def test_row_of_a_stopped_job_stays_until_its_result_is_here(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    """The stopped worker's look-up hangs for ever; Recover does not wait for it, nor say that there is nothing."""
    sandbox.latency = 1.0
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for(GENERATING)
    sandbox.faults.append(Fault("poll", "silence", times=1))
    sandbox.wait_until(lambda one: not one.faults or any(fault.times == 0 for fault in one.faults), timeout=20)
    fresh.do("bpy.ops.fluxdepth.cancel()")
    assert fresh.do(f"answer = {ROWS}") == ["STOPPED"]
    picture(fresh, host, "stopped")
    assert fresh.do("answer = list(bpy.ops.fluxdepth.recover())") == ["FINISHED"]
    assert "STOPPED" in fresh.do(f"answer = {ROWS}"), "the row goes when the result is here"
    fresh.wait_for(f"len({RESULTS}) == 1")
    fresh.wait_for(f"{ROWS} == ['ARRIVED']")
    assert sandbox.taken == 1


def test_killed_during_the_submit_it_is_shown_after_the_restart(
    host: Installed, screen: VirtualScreen, sandbox: Sandbox, work: Path
) -> None:
    """What may have been billed has a row that says so, until the artist takes it away."""
    sandbox.fault = "submit:silence"
    with Window(host.host, screen, host.profile, host.environment(sandbox), (work,)) as window:
        window.do(
            """
chosen = bpy.context.scene.fluxdepth
chosen.prompt, chosen.source, chosen.image = "far things soft", "IMAGE", bpy.data.images["grid"]
bpy.ops.fluxdepth.edit()
"""
        )
        sandbox.wait_until(lambda one: one.submits == 1, timeout=20)
        window.process.send_signal(signal.SIGKILL)
        window.process.wait(timeout=30)
    sandbox.fault = None
    with Window(host.host, screen, host.profile, host.environment(sandbox), (work,)) as window:
        window.open_sidebar()
        window.wait_for("len(desk.uncertain()) > 0")
        picture(window, host, "uncertain")
        words = window.do("answer = desk.uncertain()[0].words")
        assert "far things soft" in words
        assert "may have been billed" in words
        assert window.do("answer = list(bpy.ops.fluxdepth.recover())") == ["CANCELLED"]
        window.do("bpy.ops.fluxdepth.discard(job=desk.uncertain()[0].job.id)")
        window.wait_for("not desk.uncertain()")
        window.do("session.look()")
        window.wait_for(IDLE)
        assert window.do("answer = len(desk.uncertain())") == 0
    assert sandbox.submits == 1


def journalled(host: Installed, sandbox: Sandbox, prompt: str, destination: Destination) -> str:
    """A paid edit in the data folder whose result lies there, as another program left it. Returns the job's id."""
    edit = DepthEdit.checked({"prompt": prompt, "format": "png"})
    writer = Journal(host.data_folder).create([edit], address=sandbox.base_url, destination=destination)
    writer.update_edit(0, state=EditState.TAKEN, uuid=str(uuid.uuid4()), submitted=time.time())
    with io.BytesIO() as stream:
        Image.new("RGB", (32, 18), "orange").save(stream, "PNG")
        writer.keep_result(0, sniff(stream.getvalue()))
    writer.close()
    return writer.job.id


def test_what_belongs_elsewhere_is_listed_and_left_alone(
    fresh: Window, host: Installed, sandbox: Sandbox, other: Path
) -> None:
    """The command's and GIMP's are theirs. Another file of Blender's may be brought in, when the artist says so."""
    places = {
        "frame 7 of the shot": Destination("command", str(other), files=(str(host.out / "frame_0007.png"),)),
        "the sky in the photo": Destination("gimp", "/somewhere/photo.xcf", title="photo.xcf"),
        "the hall in the fog": Destination("blender", str(other), title="other.blend"),
    }
    ids = {prompt: journalled(host, sandbox, prompt, place) for prompt, place in places.items()}
    fresh.do("session.look()")
    fresh.wait_for("len(desk.elsewhere()) == 3")
    picture(fresh, host, "elsewhere")
    assert fresh.do("answer = list(bpy.ops.fluxdepth.recover())") == ["CANCELLED"]
    for prompt in ("frame 7 of the shot", "the sky in the photo"):
        fresh.do(f"bpy.ops.fluxdepth.bring_in_here(job={ids[prompt]!r})")
    fresh.wait_for(IDLE)
    assert fresh.do(f"answer = {RESULTS}") == []
    fresh.do(f"bpy.ops.fluxdepth.bring_in_here(job={ids['the hall in the fog']!r})")
    fresh.wait_for(f"len({RESULTS}) == 1")
    assert fresh.do(PROMPTS) == ["the hall in the fog"]
    fresh.wait_for("len(desk.elsewhere()) == 2")
    assert sandbox.requests == []


def test_edit_that_the_service_has_forgotten_can_be_let_go(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    """The id to quote to the vendor's support is there to be copied, and then it is off the list for good."""
    sandbox.latency = 60.0
    fresh.do("bpy.ops.fluxdepth.edit()")
    fresh.wait_for(GENERATING)
    fresh.do("bpy.ops.fluxdepth.cancel()")
    fresh.wait_for("len(desk.here()) == 1")
    sandbox.reset()
    fresh.do("bpy.ops.fluxdepth.recover()")
    fresh.wait_for("'FAILED' in " + ROWS)
    fresh.wait_for("len(desk.here()) == 1")
    picture(fresh, host, "forgotten")
    assert "no longer knows" in error(fresh)
    uuid_of_it = fresh.do("answer = desk.here()[0].entries[0].uuid")
    fresh.do("bpy.ops.fluxdepth.copy_id(ids=desk.here()[0].entries[0].uuid)")
    assert uuid_of_it
    assert fresh.do("answer = bpy.context.window_manager.clipboard") == uuid_of_it
    fresh.do("bpy.ops.fluxdepth.discard(job=desk.here()[0].job.id)")
    fresh.wait_for("len(desk.here()) == 0")
    fresh.do("session.look()")
    fresh.wait_for(IDLE)
    assert fresh.do("answer = len(desk.here())") == 0
    assert fresh.do("answer = list(bpy.ops.fluxdepth.recover())") == ["CANCELLED"]


def test_render_now_never_sends_another_file_s_scene(fresh: Window, sandbox: Sandbox, other: Path) -> None:
    fresh.do(CYCLES.format(samples=4000) + "bpy.ops.fluxdepth.edit()")
    fresh.wait_for("bpy.app.is_job_running('RENDER')")
    open_file(fresh, other)
    fresh.do(CYCLES.format(samples=1).replace("chosen", "bpy.context.scene.fluxdepth") + "bpy.ops.render.render()")
    fresh.wait_for(f"{ROWS} == ['FAILED']")
    assert "not open any more" in error(fresh)
    assert "Nothing was billed" in error(fresh)
    assert sandbox.requests == []


def test_render_that_does_not_start_says_why(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    fresh.do(CYCLES.format(samples=1) + "bpy.data.objects.remove(bpy.data.objects['Camera'])")
    said = fresh.do("""
try:
    bpy.ops.fluxdepth.edit()
except RuntimeError as exc:
    answer = str(exc)
""")
    assert "camera" in said
    assert "Nothing was billed" in said
    picture(fresh, host, "no-camera")
    # An add-on may make Blender's operator do nothing at all.
    fresh.do("""
rendering = sys.modules["bl_ext.user_default.fluxdepth.pictures.rendering"]
class NoRender:
    app, data, context = bpy.app, bpy.data, bpy.context
    class ops:
        class render:
            render = staticmethod(lambda _how: {"CANCELLED"})
rendering.bpy = NoRender
try:
    bpy.ops.fluxdepth.edit()
except RuntimeError as exc:
    answer = str(exc)
finally:
    rendering.bpy = bpy
""")
    assert "did not start" in fresh.do("answer = str(problem.standing(bpy.context))")
    assert sandbox.requests == []


def test_fault_of_ours_is_told_and_the_next_edit_works(fresh: Window, host: Installed, sandbox: Sandbox) -> None:
    """Blender drops a timer that raises; ours lives on, whatever a follow-up or an import does."""
    fresh.do("""
def broken(*_args):
    raise ValueError("a fault of ours")
ticker = session.ticker
ticker.after(lambda: 1, broken)
""")
    fresh.wait_for("str(problem.standing(bpy.context) or '')")
    assert "a fault of ours" in fresh.do("answer = str(problem.standing(bpy.context))")
    fresh.do("""
problem.note(None)
kept = session.results.bring_in
session.results.bring_in = broken
bpy.ops.fluxdepth.edit()
""")
    fresh.wait_for(f"{ROWS} == ['FAILED']")
    assert "Credits" in error(fresh)
    fresh.wait_for("len(desk.here()) > 0")
    picture(fresh, host, "fault")
    fresh.do("session.results.bring_in = kept; bpy.ops.fluxdepth.recover()")
    fresh.wait_for(f"len({RESULTS}) == 1")
    assert sandbox.taken == 1


def test_result_that_blender_refuses_says_that_it_is_paid_for(fresh: Window, sandbox: Sandbox) -> None:
    fresh.do("""
kept = session.results.bring_in
def refused(*_args):
    raise RuntimeError("Error: no memory")
session.results.bring_in = refused
bpy.ops.fluxdepth.edit()
""")
    fresh.wait_for(f"{ROWS} == ['FAILED']")
    assert "Credits were used" in error(fresh)
    assert "Nothing was billed" not in error(fresh)
    fresh.do("session.results.bring_in = kept; bpy.ops.fluxdepth.recover()")
    fresh.wait_for(f"len({RESULTS}) == 1")
    fresh.wait_for(f"{ROWS} == ['ARRIVED']")
    assert sandbox.taken == 1


def test_file_that_is_held_open_stops_nothing(fresh: Window, sandbox: Sandbox) -> None:
    """As Windows does it: what another program reads can't be removed."""
    sandbox.fault = "upload:silence"
    fresh.do(CYCLES.format(samples=1) + "bpy.ops.render.render(); chosen.source = 'RENDER'; bpy.ops.fluxdepth.edit()")
    fresh.do("""
import pathlib
unlink = pathlib.Path.unlink
def held_open(path, missing_ok=False):
    raise PermissionError(13, "it is being used by another process")
pathlib.Path.unlink = held_open
try:
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.fluxdepth")
finally:
    pathlib.Path.unlink = unlink
answer = [hasattr(bpy.types.Scene, "fluxdepth"), bpy.app.timers.is_registered(session.ticker._tick)]
""")
    assert fresh.do("answer = hasattr(bpy.types.Scene, 'fluxdepth')") is False
    sandbox.fault = None
