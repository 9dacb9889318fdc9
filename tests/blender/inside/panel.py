"""Runs inside Blender, without a window: what the panels draw and what their buttons do, and that every word fits."""

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
from drawing import drawn as _drawn
from harness import EXTENSION, OUT, edit, module as _module, refusal, settings
from layouts import Layout

KEY = os.environ["FLUXDEPTH_API_KEY"]
HOME = Path(os.environ["FLUXDEPTH_HOME"])
SIDEBARS = (220, 271)  # px: Blender's own, in the image editor and in the 3D viewport
LONG = "The cube in front is sharp, everything far behind it is softly blurred and a little paler than it was before"


def _grid(name="grid", size=(48, 32)):
    image = bpy.data.images.new(name, *size)
    image.generated_type = "COLOR_GRID"
    return image


@contextlib.contextmanager
def _without_a_key():
    del os.environ["FLUXDEPTH_API_KEY"]
    service = _module("operators.service")
    try:
        yield bpy.context.preferences.addons[EXTENSION].preferences
    finally:
        os.environ["FLUXDEPTH_API_KEY"] = KEY
        (HOME / "key").unlink(missing_ok=True)
        service.take_key("")
        service.fresh = False


def _ticket(state, **attributes):
    """A row of the panel, as it looks in that state."""
    elsewhere = _module("shared.storage.entries").Destination("blender", "/projects/another one/shot_0010_v003.blend")
    edit_of_it = _module("shared.model.edit").DepthEdit.checked({"prompt": LONG})
    ticket = _module("session").desk.open(edit_of_it, 8, elsewhere)
    ticket.state = _module("shared.jobs.ticket").State[state]
    for name, value in attributes.items():
        setattr(ticket, name, value)
    return ticket


def _every_state():
    """Fills the panel with all that it may say at once."""
    errors = _module("shared.errors")
    request = _module("shared.jobs.request")
    edit(source="IMAGE", image=_grid(), seed_exact="4294967295", prompt=LONG)
    running = _ticket("RUNNING", job_id="1", _stage=request.Stage.GENERATING)
    running._last = {0: request.Event("1", 0, request.Stage.GENERATING, usual=123.0)}
    assert "123" in running.progress.text  # what is usual is told
    _ticket("PREPARING", preparing="Rendering 12 s")
    _ticket("FAILED", error=errors.KeyRejectedError("The service did not accept the key (401)."))
    _ticket("STOPPED", error=errors.Cancelled.after_submit())
    _ticket("KEPT")
    _ticket(
        "ARRIVED", images=["a"] * 8, warnings=["The result could not be kept."], failures=(errors.TimedOutError("x"),)
    )


def check_only_what_the_model_has_is_drawn():
    chosen = settings()
    offered, offers = _module("operators.offered"), _module("shared.service.offers")
    table = _module("shared.model.models")
    for model in table.MODELS:
        chosen.model = model.name
        names = {name for panel in ("main", "more") for name, _ in _drawn(panel).used}
        own = {one.name for one in model.parameters}
        assert own <= names, (model.name, own - names)
        assert not {one.name for one in table.union()} - own & names, model.name
        cut = [word for panel in ("main", "more") for word in _drawn(panel, 220).cut()]
        assert not cut, (model.name, cut)
    chosen.model, chosen.variations = "flux-depth-pro", 4
    prices = {"black-forest-labs/flux-depth-pro": 50000, "black-forest-labs/flux-kontext-pro": None}
    try:
        offered.known = offers.Offers("", 0.0, prices)
        assert "4 paid edits · 200,000 credits" in _drawn().all_words()
        del prices["black-forest-labs/flux-depth-pro"]
        words = _drawn().all_words()
        assert "does not offer Flux Depth Pro any more" in words and "Flux Kontext Pro" in words
        assert "changes the one thing" in words
        assert not _drawn(width=220).cut()
    finally:
        offered.known = None


def check_every_word_has_room():
    """At Blender's own widths of the sidebar, on an ordinary and on a fine screen."""
    _every_state()
    settings(longest_side=256, image=_grid("large", (6000, 4000)), source="IMAGE")
    cut = {}
    try:
        for width in SIDEBARS:
            for scale in (1.0, 2.0):
                for panel in ("main", "more", "results"):
                    cut[f"{panel} {width} × {scale}"] = _drawn(panel, width, scale).cut()
        with _without_a_key() as preferences:
            preferences.api_key = "not a key"
            cut["first run"] = _drawn(width=220).cut()
            cut["preferences"] = _drawn(width=480, preferences=True).cut()
        bpy.context.preferences.system.use_online_access = False
        cut["offline"] = _drawn(width=220).cut()
    finally:
        bpy.context.preferences.system.use_online_access = True
        for ticket in list(_module("session").desk.tickets):
            ticket.state = _module("shared.jobs.ticket").State.STOPPED
            _module("session").desk.dismiss(ticket)
    assert not any(cut.values()), json.dumps({where: words for where, words in cut.items() if words}, indent=1)


def check_long_prompt_can_be_read():
    settings(prompt=LONG)
    assert "softly blurred" in _drawn(width=220).all_words()
    settings(prompt="Haze")
    assert "Haze" not in _drawn(width=220).all_words(), "its field shows it"


def check_words_that_explain_are_not_dimmed():
    """Blender's light theme shows what is not active at 1.9:1."""
    edit(source="IMAGE", image=_grid())
    dim = [text for panel in ("main", "results") for text, _, _, active in _drawn(panel).everything() if not active]
    dim += [text for text, _, _, active in _drawn(preferences=True).everything() if not active]
    assert not dim, dim


def check_key_that_is_none_stays_and_says_why():
    with _without_a_key() as chosen:
        chosen.api_key = "my key with spaces"
        assert chosen.api_key == "my key with spaces"
        assert not (HOME / "key").exists()
        bpy.ops.wm.save_userpref()
        written = Path(os.environ["BLENDER_USER_RESOURCES"]).rglob("*.blend")
        assert not [path for path in written if b"my key with" in path.read_bytes()]
        assert "no API key" in _drawn().all_words()
        chosen.api_key = "a-key-that-could-be-one"
        assert chosen.api_key == ""
        assert "The key is saved" in _drawn().all_words(), "and there is the button that tests it"
        bpy.ops.fluxdepth.test_service()
        assert _module("operators.service").said in _drawn().all_words()


def check_key_is_asked_with_the_ways_to_get_and_to_test_one():
    with _without_a_key():
        used = _drawn().used
    assert ("wm.url_open", {"url": "https://app.1min.ai/api"}) in used
    assert "fluxdepth.test_service" in [name for name, _ in used]
    used = _drawn(preferences=True).used
    assert ("wm.url_open", {"url": "https://app.1min.ai/api"}) in used
    assert [name for name, _ in used].count("fluxdepth.open_data") == 2


def check_data_folder_and_log_can_be_opened():
    opened, kept = [], subprocess.check_call
    subprocess.check_call = opened.append
    try:
        bpy.ops.fluxdepth.test_service()
        assert bpy.ops.fluxdepth.open_data(what="FOLDER") == {"FINISHED"}
        assert bpy.ops.fluxdepth.open_data(what="LOG") == {"FINISHED"}
    finally:
        subprocess.check_call = kept
    assert [command[1] for command in opened] == [str(HOME), str(HOME / "log" / "fluxdepth.log")]


def check_words_name_what_blender_has():
    with _without_a_key():
        assert "in Preferences" in refusal(source="IMAGE", image=_grid())
    words = " ".join(_drawn(panel).all_words() for panel in ("main", "more", "results"))
    assert "Settings" not in words + _drawn(preferences=True).all_words()


def check_list_of_prompts_and_choices_are_shown_before_they_are_paid_for():
    chosen = settings(prompt="a {red|blue|green} cube, far", variations=2)
    layout = _drawn(width=220)
    words = layout.all_words()
    assert "3 different prompts" in words and "a red cube" in words and "a blue cube" in words
    assert "a green cube" not in words and "Make All 3 as Variations" in words
    assert not layout.cut(), layout.cut()
    assert bpy.ops.fluxdepth.all_choices() == {"FINISHED"}
    words = _drawn(width=220).all_words()
    assert chosen.variations == 3 and "a green cube" in words and "Make All" not in words
    settings(prompt="{a|b}{c|d}{e|f}{g|h} far", variations=1)
    assert "8 Variations, the Most at Once" in _drawn().all_words()
    chosen.prompt_text = bpy.data.texts.new("list")
    chosen.prompt_text.write("# of the day\nmist, far\n\nrain, near\nsnow\nfog\nhail\n")
    chosen.variations = 2
    assert "2 paid edits" in _drawn().all_words() and "5 prompts" not in _drawn().all_words()
    chosen.prompt_list = True
    layout = _drawn(width=220)
    words = layout.all_words()
    assert "5 prompts" in words and "rain, near" in words and "of the day" not in words and "and 1 more" in words
    assert "10 paid edits" in words
    assert not layout.cut(), layout.cut()
    chosen.prompt_text.clear()
    assert "no prompt in it yet" in _drawn().all_words()


def check_menu_has_use_cases_own_presets_and_what_manages_them():
    presets, ui = _module("shared.storage.library.preset_files"), _module("ui.presets")
    menu, managing = Layout(300), Layout(320)
    presets.save("Zebra", None, {"steps": 12})
    (HOME / "presets" / "newer.json").write_text('{"version": 99}')
    try:
        ui.FLUXDEPTH_MT_presets.draw(SimpleNamespace(layout=menu), bpy.context)
        ui.FLUXDEPTH_PT_own_presets.draw(SimpleNamespace(layout=managing), bpy.context)
    finally:
        (HOME / "presets" / "newer.json").unlink()
        presets.delete(presets.read().find("Zebra"))
    applied = [told["preset"] for name, told in menu.used if name == "fluxdepth.apply_preset"]
    assert applied == [one.name for one in _module("shared.model.presets").PRESETS] + ["Zebra"]
    names = [name for name, _ in menu.used]
    assert names[-3:] == ["fluxdepth.save_preset", "wm.call_panel", "fluxdepth.reuse_file"]
    for name in ("rename_preset", "export_preset", "delete_preset"):
        assert (f"fluxdepth.{name}", {"preset": "Zebra"}) in managing.used
    assert "newer version" in managing.all_words() and not menu.cut()


def check_own_preset_wins_over_a_text():
    chosen = settings(prompt="the field's")
    bpy.ops.fluxdepth.new_prompt_text()
    assert chosen.prompt_text.as_string() == "the field's"
    chosen.prompt_text.clear()
    chosen.prompt_text.write("the text's,\nin two lines")
    assert bpy.ops.fluxdepth.save_preset(name="Of A Text") == {"FINISHED"}
    try:
        chosen.prompt_text.clear()
        bpy.ops.fluxdepth.apply_preset(preset="of a text")
        assert _module("properties").prompt_of(chosen) == "the text's,\nin two lines"
        assert chosen.prompt_text is None
    finally:
        bpy.ops.fluxdepth.delete_preset(preset="Of A Text")
    assert not list((HOME / "presets").glob("*.json"))


def check_text_can_be_made_where_it_is_chosen():
    assert ("prompt_text", {"new": "fluxdepth.new_prompt_text", "open": "text.open"}) in _drawn("more").used


def check_all_that_made_a_result_is_used_again():
    made = {"variations": 2, "longest_side": 256, "upload_format": "webp", "keep_transparency": False}
    made |= {"seed": 5, "steps": 31, "format": "webp"}
    images = edit(source="IMAGE", image=_grid(), **made)
    chosen = settings(variations=1, longest_side=0, upload_format="png", keep_transparency=True, seed=1, steps=3)
    first = next(image for image in images if json.loads(image["fluxdepth_edit"])["settings"]["seed"] == 5)
    assert bpy.ops.fluxdepth.reuse_settings(name=first.name) == {"FINISHED"}
    assert {name: getattr(chosen, name) for name in made} == made


def check_file_is_of_the_kind_that_its_name_says():
    from PIL import Image

    (image,) = edit(source="IMAGE", image=_grid(), format="jpg")
    data = bytes(image.packed_file.data)
    kinds = {"same.jpg": "JPEG", "same.JPEG": "JPEG", "x.png": "PNG", "x.webp": "WEBP"}
    for name, kind in kinds.items():
        assert bpy.ops.fluxdepth.save_as(name=image.name, filepath=str(OUT / name)) == {"FINISHED"}
        with Image.open(OUT / name) as saved:
            assert (saved.format, saved.size) == (kind, (48, 32)), name
        assert _module("shared.pictures.embedded").settings_in((OUT / name).read_bytes())["settings"]["format"] == "jpg"
    with Image.open(OUT / "same.jpg") as saved, Image.open(io.BytesIO(data)) as came:
        assert saved.tobytes() == came.tobytes()
    assert (OUT / "same.jpg").read_bytes() == (OUT / "same.JPEG").read_bytes()
    for name in ("plain", "scan.tif"):
        bpy.ops.fluxdepth.save_as(name=image.name, filepath=str(OUT / name))
        assert not (OUT / name).exists()
        assert (OUT / f"{name}.jpg").read_bytes() == (OUT / "same.jpg").read_bytes()
    with contextlib.suppress(RuntimeError):
        bpy.ops.fluxdepth.save_as(name=image.name, filepath=str(OUT / "same.jpg" / "x.png"))
        raise AssertionError("it was written nowhere")


def check_variations_are_listed_in_their_order():
    edit(source="IMAGE", image=_grid(), seed=1)
    images = edit(source="IMAGE", image=_grid(), seed=7, variations=4)
    for image, late in zip(images, (4, 1, 3, 2), strict=True):  # as the service happened to finish them
        record = json.loads(image["fluxdepth_edit"])
        image["fluxdepth_edit"] = json.dumps({**record, "created": record["created"] + late})
    found = [record["settings"]["seed"] for _, record in _module("pictures.results").all_results()]
    assert found == [7, 8, 9, 10, 1]


def check_row_of_a_kept_result_says_whose_it_is():
    entries, desk = _module("shared.storage.entries"), _module("session").desk
    ticket = _ticket("KEPT")
    try:
        words = _drawn(width=400).all_words()
        assert "shot_0010_v003.blend" in words and "comes in by itself when that is opened" in words
        ticket.destination = entries.Destination("blender", session="1#1", title="Untitled")
        assert "closed before it had a name" in _drawn(width=400).all_words()
    finally:
        desk.dismiss(ticket)


def check_no_bar_for_what_can_not_be_known():
    """A render tells nobody how far it is: its seconds are counted."""
    session = _module("session")
    ticket = _ticket("PREPARING", preparing="Rendering 12 s")
    try:
        layout = _drawn()
        assert "Rendering 12 s" in layout.all_words()
        assert "progress" not in [name for name, _ in layout.used]
    finally:
        ticket.state = _module("shared.jobs.ticket").State.STOPPED
        session.desk.dismiss(ticket)


def check_result_follows_its_file_to_another_name():
    """Begun before the file had a name; the artist saves it, opens another one, and comes back."""
    session = _module("session")
    chosen = settings(source="IMAGE", image=_grid(), upload_format="png")
    (ticket,) = session.submit(bpy.context, chosen)
    while ticket.state.name == "PREPARING":
        _module("ticker").step()
        time.sleep(0.01)
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "named.blend"))
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    session.finish([ticket])
    assert ticket.state.name == "KEPT"
    assert "named.blend" in _module("shared.jobs.wording").where(ticket.destination)
    assert json.loads((HOME / "jobs" / ticket.job_id / "job.json").read_text())["destination"]["path"]
    bpy.ops.wm.open_mainfile(filepath=str(OUT / "named.blend"))
    session.finish([ticket])
    assert ticket.state.name == "ARRIVED"
    assert [one for one in bpy.data.images if "fluxdepth_edit" in one]


if __name__ == "__main__":
    harness.run(sys.modules["__main__"])
