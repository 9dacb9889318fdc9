"""History… and what Settings… says of it: edits of every state, of both hosts and the command, in the real window."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from shared.model.edit import DepthEdit
from shared.pictures.encoded import EncodedImage, sniff
from shared.storage.entries import Destination, EditState, Job
from shared.storage.journal import Journal
from tests.hosts import Gimp
from tests.sandbox import Sandbox

from .conftest import PHOTO, Inside
from .desk import Desk
from .test_windows import HISTORY, SETTINGS

QUESTION = "^Flux Depth$"
XCF = Destination("gimp", "/pictures/Häuser.xcf", "gimp#1", "Häuser.xcf")
SCENE = Destination("blender", "/scenes/hall.blend", "blender#1", "hall.blend")
FRAMES = Destination("command", "/scenes/shot.blend", "command#1", "shot.blend", {}, ("/out/frame-0001.png",))
HERE = "Photo"  # what the open image is called while it has no file


def result(side: tuple[int, int], turn: int = 0, format: str = "png", alpha: bool = False) -> EncodedImage:
    """The photo, other colours for each ``turn``, transparent in the middle with ``alpha``."""
    data = io.BytesIO()
    with Image.open(PHOTO) as photo:
        hue, *rest = photo.convert("RGB").resize(side).convert("HSV").split()
        turned = Image.merge("HSV", (hue.point(lambda value: (value + turn) % 256), *rest)).convert("RGB")
    if alpha:
        turned.putalpha(Image.radial_gradient("L").resize(side))
    turned.save(data, {"jpg": "JPEG"}.get(format, format))
    return sniff(data.getvalue())


def kept(
    journal: Journal, prompt: str, destination: Destination, picture: EncodedImage | None = None, **changes: Any
) -> Job:
    """An edit of the history; done and safe where it has a ``picture`` and nothing else is said."""
    edits = [DepthEdit.checked({"prompt": prompt, "seed": len(prompt)})]
    writer = journal.create(edits, address="https://x", destination=destination)
    if picture:
        writer.keep_result(0, picture)
    writer.update_edit(0, **{"safe": picture is not None, "uuid": f"id-{len(prompt)}", **changes})
    writer.close()
    return writer.job


def every_kind(home: Path) -> Journal:
    """The newest last: all states, both hosts and the command, three formats, portrait and landscape."""
    journal = Journal(home)
    kept(journal, "A failed edit", XCF, state=EditState.FAILED, error="The service did not accept the picture (400).")
    kept(journal, "Stopped early", XCF, state=EditState.STOPPED)
    kept(journal, "Nobody knows of it", XCF, state=EditState.UNCERTAIN)
    kept(journal, "To be fetched from the service", SCENE, state=EditState.TAKEN, uuid="5f0c6d3e-4e0c-4d55-9a3b-77aa")
    kept(journal, "Given up long ago", XCF, state=EditState.TAKEN, discarded=True)
    kept(journal, "Rain on the old town", FRAMES, result((640, 360), 40, "webp"))
    kept(journal, "Haze in the hall of columns", SCENE, result((600, 400), 90, alpha=True))
    kept(journal, "A portrait in the evening light, the wall far behind it dark", XCF, result((300, 520), 150, "jpg"))
    kept(journal, "Bäume im Nebel, the near ones sharp", XCF, result((600, 400), 200), starred=True)
    return journal


@pytest.fixture
def service() -> Iterator[Sandbox]:
    with Sandbox(effect="depth") as sandbox:
        yield sandbox
        assert sandbox.taken == 0  # nothing here is paid for


def tiles(desk: Desk) -> list[str]:
    """What the tiles in sight say, in their order."""
    return [one.name for one in desk.look() if one.role == "list item"]


def edits(desk: Desk) -> dict[str, Any]:
    """The edits of the history by their prompts."""
    jobs = Journal(desk.inside.data_folder).entries()
    return {job.asked(edit).prompt: edit for job in jobs for edit in job.edits}


def chosen(desk: Desk, prompt: str) -> None:
    """Click a tile; its prompt then stands beside the grid, in a label of its own."""
    desk.click("list item", prompt)

    def stands_there() -> bool:
        labels = [one.name for one in desk.look() if one.role == "label"]
        return any(words.startswith(prompt) and "\n" not in words for words in labels)

    desk.wait_for(stands_there, f"{prompt!r} to be chosen")


def can_press(desk: Desk, button: str) -> bool:
    return "SENSITIVE" in desk.see("button", button).states


def test_the_history_of_both_hosts_and_the_command(
    gimp30: Gimp, package: Path, service: Sandbox, tmp_path: Path
) -> None:
    """Looked at, searched, filtered, starred, inserted, deleted and given up, on a small screen."""
    home = gimp30.new_home(tmp_path / "home", color_scheme="light")
    gimp30.install(package, home)
    (tmp_path / "out").mkdir()
    inside = Inside(gimp30, home, tmp_path / "out")
    every_kind(inside.data_folder)
    with Desk(inside, size=(1366, 768), env={"FLUXDEPTH_BASE_URL": service.base_url}) as desk:
        desk.open_image()
        desk.command("History…")
        desk.window(HISTORY)
        desk.see("list item", "★ Bäume im Nebel")
        small = [
            "A portrait in the evening light, the wall far behind it dark",
            *("Bäume im Nebel, the near ones sharp", "Haze in the hall of columns", "Rain on the old town"),
        ]

        def made() -> bool:
            found = {edit.prompt for edit in Journal(inside.data_folder).summaries() for edit in edit.edits}
            files = list(inside.data_folder.glob("jobs/*/thumbnail-1.jpg"))
            return len(found) == 9 and len([one for one in files if one.stat().st_size]) == len(small)

        desk.wait_for(made, "the thumbnails")
        for file in inside.data_folder.glob("jobs/*/thumbnail-1.jpg"):
            with Image.open(file) as thumbnail:
                assert thumbnail.format == "JPEG" and max(thumbnail.size) == 256, file
        names = tiles(desk)
        assert [one.split(",")[0].removeprefix("★ ") for one in names][:3] == [
            *("Bäume im Nebel", "A portrait in the evening light", "Haze in the hall of columns"),
        ]
        assert any("Uncertain, may be billed" in one for one in names) or len(names) < 9
        desk.window_picture("history-light", HISTORY)
        # Search.
        desk.press_in(HISTORY, "ctrl+f")
        desk.type("hall haze")
        desk.wait_for(lambda: len(tiles(desk)) == 1, "what was typed to be found")
        desk.press("ctrl+a")
        desk.type("nowhere")
        desk.see("label", "Nothing is found for “nowhere”.")
        desk.press("Escape")
        desk.wait_for(lambda: len(tiles(desk)) > 6, "all of it again")
        # What is unfinished.
        desk.click("radio button", "Unfinished")
        desk.wait_for(lambda: len(tiles(desk)) == 2, "what is unfinished")
        chosen(desk, "To be fetched from the service")
        assert can_press(desk, "Fetch") and can_press(desk, "Discard") and not can_press(desk, "Delete")
        desk.see("label", "Id at the service: 5f0c6d3e-4e0c-4d55-9a3b-77aa")
        chosen(desk, "Nobody knows of it")
        assert not can_press(desk, "Fetch" if desk.find("button", "Fetch") else "Insert")
        desk.press_in(HISTORY, "alt+d")
        desk.window(QUESTION)
        desk.press_in(QUESTION, "alt+d")
        desk.wait_for(lambda: len(tiles(desk)) == 1, "it to be given up")
        assert edits(desk)["Nobody knows of it"].discarded
        # A favourite.
        desk.click("radio button", "All")
        desk.see("list item", "Rain on the old town")
        chosen(desk, "Rain on the old town")
        desk.press_in(HISTORY, "alt+s")
        desk.see("label", "result-1.webp")  # nothing here opens a folder: it is told where the file is
        desk.press_in(HISTORY, "alt+f")
        desk.see("list item", "★ Rain on the old town")
        assert edits(desk)["Rain on the old town"].starred
        desk.click("radio button", "Favourites")
        desk.wait_for(lambda: len(tiles(desk)) == 2, "both favourites")
        desk.click("radio button", "This Image")
        desk.see("label", "No edit of this image")
        desk.click("radio button", "All")
        # Inserted into this image: it fills it, on top.
        desk.see("list item", "Haze in the hall")
        chosen(desk, "Haze in the hall of columns")
        desk.press_in(HISTORY, "Return")
        desk.wait_for(lambda: len(desk.layers()) == 2, "Blender's result")
        new = (desk.images() or [[]])[0][0]
        assert new["name"].startswith("Haze in the hall of columns") and new["place"] == [0, 0, 600, 400]
        # Deleted, after a question.
        desk.window(HISTORY)
        chosen(desk, "A portrait in the evening light")
        for answer, left in (("Escape", 9), ("alt+d", 8)):
            desk.click("list item", "A portrait in the evening light")
            desk.press_in(HISTORY, "Delete")
            desk.window(QUESTION)
            desk.press_in(QUESTION, answer)
            desk.gone(QUESTION)
            desk.see("label", f"{left} edits")
        assert len(edits(desk)) == 8
        desk.close(HISTORY, "Flux Depth History")
        desk.menu("Settings…")
        desk.window(SETTINGS)
        desk.see("label", "Now 8 edits · ")
        desk.window_picture("history-kept", SETTINGS)
        desk.close(SETTINGS, "Flux Depth Settings")
        assert "Traceback" not in (home / "gimp.log").read_text()


@pytest.mark.full
def test_what_is_starred_unfinished_or_unsaved_is_never_dropped(inside: Inside, sandbox: Sandbox) -> None:
    """There are more than “Edits kept”: after an edit of its own the plug-in drops the oldest of the others."""
    journal = Journal(inside.data_folder)
    picture = result((60, 40))
    stays = [
        kept(journal, "starred", XCF, picture, starred=True),
        kept(journal, "to be fetched", XCF, state=EditState.TAKEN),
        kept(journal, "not inserted", SCENE, picture, safe=False),
        kept(journal, "not saved", XCF, picture, safe=False, arrived=5.0),
        kept(journal, "of unknown fate", XCF, state=EditState.UNCERTAIN),
    ]
    others = []
    for number in range(14):
        others.append(kept(journal, f"number {number}", XCF, picture))
        time.sleep(0.002)  # the next one is newer
    (inside.data_folder / "settings.json").write_text(
        json.dumps({"service_address": sandbox.base_url, "history_limit": 10})
    )
    (inside.data_folder / "key").write_text(sandbox.api_key)
    notes = inside.run("trimmed.py")
    assert notes["edit"]["status"] == "success", notes
    left = {job.id for job in journal.entries()}
    new = left - {job.id for job in (*stays, *others)}
    assert len(new) == 1
    assert left - new == {job.id for job in (*stays, *others[4:])}
