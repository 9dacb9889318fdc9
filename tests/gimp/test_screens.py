"""Pictures of every window of ours in the light and the dark theme and at 200 %, to be looked at by people."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosts import Gimp
from tests.sandbox import Sandbox

from .conftest import Inside
from .desk import Desk
from .test_windows import EDIT, HISTORY, SETTINGS, finished, start_edit

pytestmark = pytest.mark.full

LOOKS = [("light", 1), ("dark", 1), ("light", 2), ("dark", 2)]
SIZES = [(1366, 768), (1920, 1080)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize(("theme", "scale"), LOOKS)
def test_screens(theme: str, scale: int, size: tuple[int, int], gimp30: Gimp, package: Path, tmp_path: Path) -> None:
    home = gimp30.new_home(tmp_path / "home", color_scheme=theme)  # type: ignore[arg-type]
    gimp30.install(package, home)
    (tmp_path / "out").mkdir()
    look = f"{theme}-{scale}00" + ("-small" if size[1] < 1000 else "")
    with (
        Sandbox(effect="depth") as service,
        Desk(
            Inside(gimp30, home, tmp_path / "out"), size=size, scale=scale, env={"FLUXDEPTH_BASE_URL": service.base_url}
        ) as desk,
    ):
        desk.open_image()
        desk.command("Depth Edit…")
        desk.window(EDIT)
        desk.see("label", "Sent as PNG, 600×400 px, 0.")
        pictures = [desk.window_picture(f"first-run-{look}", EDIT)]
        desk.type(service.api_key)
        desk.press("alt+m")
        desk.see("label", "Longest side sent")
        pictures.append(desk.window_picture(f"more-{look}", EDIT))
        desk.press("Escape")
        desk.gone(EDIT)
        (desk.inside.data_folder).mkdir(exist_ok=True)
        (desk.inside.data_folder / "key").write_text(service.api_key)
        service.latency = 4.0
        start_edit(desk, "Haze far behind the cat, the near side sharp")
        desk.see("label", "Generating")
        pictures.append(desk.window_picture(f"working-{look}", EDIT))
        finished(desk, 2)
        service.latency = 0.0
        for fault, words, name in (
            ("submit:no_credits", "Add credits", "error"),
            ("submit:unauthorized", "Check it in Settings.", "wrong-key"),
        ):
            service.fault = fault
            start_edit(desk, "Fog far away")
            desk.see("label", words)
            pictures.append(desk.window_picture(f"{name}-{look}", EDIT))
            desk.press("Escape")
            desk.gone(EDIT)
        for command, title in (("Settings…", SETTINGS), ("History…", HISTORY)):
            desk.command(command)
            desk.window(title)
            pictures.append(desk.window_picture(f"{command[:-1].lower()}-{look}", title))
            desk.press("Escape")
            desk.gone(title)
    assert len({picture.read_bytes() for picture in pictures}) == len(pictures)
