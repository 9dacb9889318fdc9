"""Runs inside Blender, without a window: what the operators promise to scripts, and what a result carries."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
from harness import OUT, edit, refusal, settings, small_render

KEY = os.environ["FLUXDEPTH_API_KEY"]
HOME = Path(os.environ["FLUXDEPTH_HOME"])
fluxdepth = "bl_ext.user_default.fluxdepth"


def _module(name: str):
    return sys.modules[f"{fluxdepth}.{name}"]


def _grid(name="grid", size=(48, 32)):
    image = bpy.data.images.new(name, *size)
    image.generated_type = "COLOR_GRID"
    return image


def _journal():
    return _module("shared.storage.journal").Journal()


def _job_of(image):
    """The journal's entry of a result."""
    job_id = json.loads(image["fluxdepth_edit"])["job"]
    return next(job for job in _journal().entries() if job.id == job_id)


def check_result_is_what_the_service_sent():
    """The exact bytes packed, kept on save, named by prompt and seed, with the settings that made it."""
    (image,) = edit(source="IMAGE", image=_grid(), seed=5, steps=31, guidance=3.3, format="jpg")
    job = _job_of(image)
    assert bytes(image.packed_file.data) == job.edits[0].result_file.read_bytes()
    assert image.source == "FILE"
    assert image.use_fake_user
    assert tuple(image.size) == (48, 32)
    assert image.colorspace_settings.name == "sRGB"
    assert image.name == "The background far behind is blurred · seed 5"
    assert image.filepath_raw.startswith("//")
    assert image.filepath_raw.endswith(".jpg")
    record = json.loads(image["fluxdepth_edit"])
    assert record["settings"]["guidance"] == 3.3  # Blender itself holds 3.299999952316284
    assert record["settings"]["seed"] == 5
    assert record["settings"]["steps"] == 31
    assert record["origin"]["image"] == "grid"
    assert job.edits[0].arrived
    assert not job.edits[0].safe, "the file was not saved with it"


def check_variations_have_seeds_of_their_own():
    images = edit(source="IMAGE", image=_grid(), seed_exact="4294967295", variations=3)
    seeds = [json.loads(image["fluxdepth_edit"])["settings"]["seed"] for image in images]
    assert sorted(seeds) == [0, 1, 4294967295], seeds


def check_name_of_a_long_prompt_fits():
    (image,) = edit(source="IMAGE", image=_grid(), prompt="Tiefenschärfe über Gräsern, " * 9 + "\nund Licht")
    assert len(image.name.encode()) <= 63
    assert image.name.endswith(" · seed 0")
    assert "\n" not in image.name


def check_prompt_of_a_text_block_wins():
    text = bpy.data.texts.new("prompt")
    text.write("Near things sharp,\nfar things soft")
    (image,) = edit(source="IMAGE", image=_grid(), prompt="not this one", prompt_text=text)
    assert json.loads(image["fluxdepth_edit"])["settings"]["prompt"] == "Near things sharp,\nfar things soft"


def check_settings_can_be_used_again():
    edit(source="IMAGE", image=_grid(), seed_exact="3000000000", steps=44, guidance=7.5, format="webp")
    chosen = settings(prompt="another", seed_exact="", seed=1, steps=3, guidance=2.0, format="png")
    assert bpy.ops.fluxdepth.reuse_settings() == {"FINISHED"}
    assert (chosen.seed_exact, chosen.steps, chosen.format) == ("3000000000", 44, "webp")
    assert chosen.prompt == "The background far behind is blurred"
    assert round(chosen.guidance, 1) == 7.5
    bpy.data.images[0]["fluxdepth_edit"] = "not JSON"
    with contextlib.suppress(RuntimeError):
        bpy.ops.fluxdepth.reuse_settings(name=bpy.data.images[0].name)
        raise AssertionError("a damaged record was taken over")


def check_submitting_is_not_undoable():
    for name in ("edit", "recover"):
        options = getattr(bpy.types, f"FLUXDEPTH_OT_{name}").bl_options
        assert options == {"REGISTER"}, "redo would submit, and pay, again"


def check_properties_come_from_the_table():
    table = _module("shared.model.models")
    chosen = bpy.context.scene.fluxdepth
    for parameter in table.DEFAULT.parameters:
        prop = chosen.bl_rna.properties[parameter.name]
        assert prop.name == parameter.label
        assert prop.description == parameter.help
        value = getattr(chosen, parameter.name)
        assert (round(value, parameter.decimals) if isinstance(value, float) else value) == parameter.default
    assert chosen.bl_rna.properties["seed"].hard_max == 2147483647
    assert [item.identifier for item in chosen.bl_rna.properties["source"].enum_items] == [
        *("RENDER", "RENDER_NOW", "IMAGE", "VIEWPORT", "DEPTH")
    ]


def check_wrong_values_are_refused_with_field_and_range():
    assert "0 to 4294967295" in refusal(source="IMAGE", image=_grid(), seed_exact="4294967296")
    assert "Seed" in refusal(source="IMAGE", image=_grid(), seed_exact="lucky")
    assert "The prompt is empty" in refusal(source="IMAGE", image=_grid(), seed_exact="", prompt="  ")
    assert "256 to 8192" in refusal(source="IMAGE", image=_grid(), prompt="far", longest_side=100)
    assert not _module("session").desk.tickets


def check_error_goes_with_its_cause():
    problem, image = _module("problem"), _grid()
    refusal(source="IMAGE", image=image, prompt=" ")
    assert problem.field(bpy.context) == "prompt"
    settings(prompt="far")
    assert problem.standing(bpy.context) is None
    refusal(source="RENDER")
    assert "no render yet" in str(problem.standing(bpy.context))
    small_render(32, 18)
    bpy.ops.render.render()
    assert problem.standing(bpy.context) is None
    refusal(source="IMAGE", image=None)
    assert problem.field(bpy.context) == "image"
    settings(image=image)
    assert problem.standing(bpy.context) is None


def check_size_that_is_told_is_the_one_that_is_sent():
    size_of = _module("pictures.sizes").size_of
    assert size_of(bpy.context, settings(source="RENDER")) is None
    assert size_of(bpy.context, settings(source="IMAGE", image=None)) is None
    render = small_render(101, 67).render
    for percentage, border, crop in ((100, 0, False), (49, 0, False), (100, 0.317, False), (73, 0.317, True)):
        render.resolution_percentage = percentage
        render.use_border, render.use_crop_to_border = border > 0, crop
        render.border_min_x, render.border_min_y = border, border / 2
        render.border_max_x, render.border_max_y = 0.9, 0.81
        told = size_of(bpy.context, settings(source="RENDER_NOW"))
        (result,) = edit(source="RENDER_NOW")
        assert told == tuple(result.size), (told, tuple(result.size))
        render.resolution_x, render.resolution_percentage = 1000, 100  # of the next render, which is not sent
        assert size_of(bpy.context, settings(source="RENDER")) == told
        (result,) = edit(source="RENDER")
        assert told == tuple(result.size)
        render.resolution_x = 101
    assert size_of(bpy.context, settings(source="IMAGE", image=_grid(size=(48, 32)))) == (48, 32)


def check_floats_of_a_source_go_as_soon_as_it_is_a_picture():
    image = bpy.data.images.new("floats", 512, 256, float_buffer=True)
    image.generated_type = "COLOR_GRID"
    snapshot = _module("pictures.sources").take(bpy.context, settings(source="IMAGE", image=image))
    worker = threading.Thread(target=snapshot.taken)
    worker.start()
    while worker.is_alive():
        snapshot.serve()
        time.sleep(0.01)
    large = [name for name, value in vars(snapshot).items() if hasattr(value, "__len__") and len(value) >= 512 * 256]
    assert large == []
    assert snapshot.taken().image.width == 512


def check_offline_nothing_is_sent():
    image = _grid()
    entries = len(_journal().entries())
    bpy.context.preferences.system.use_online_access = False
    for operator in (bpy.ops.fluxdepth.edit, bpy.ops.fluxdepth.recover, bpy.ops.fluxdepth.test_service):
        try:
            settings(source="IMAGE", image=image)
            operator()
        except RuntimeError as exc:
            assert "Online access is switched off" in str(exc)
            assert "--online-mode" in str(exc)
        else:
            raise AssertionError("it was not refused")
    assert len(_journal().entries()) == entries


def check_without_a_key_it_says_where_it_goes():
    del os.environ["FLUXDEPTH_API_KEY"]
    try:
        assert "no API key" in refusal(source="IMAGE", image=_grid())
    finally:
        os.environ["FLUXDEPTH_API_KEY"] = KEY


def check_preferences_keep_the_key_in_its_file_only():
    chosen = bpy.context.preferences.addons[fluxdepth].preferences
    del os.environ["FLUXDEPTH_API_KEY"]
    try:
        chosen.api_key = "a-key-that-was-pasted-in-preferences"
        assert chosen.api_key == ""
        assert (HOME / "key").read_text() == "a-key-that-was-pasted-in-preferences"
        assert (HOME / "key").stat().st_mode & 0o777 == 0o600
        bpy.ops.wm.save_userpref()
        bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "pasted.blend"), compress=False)
    finally:
        os.environ["FLUXDEPTH_API_KEY"] = KEY
        (HOME / "key").unlink()
    written = [*Path(os.environ["BLENDER_USER_RESOURCES"]).rglob("*.blend"), OUT / "pasted.blend"]
    assert any(path.name == "userpref.blend" for path in written)
    for path in written:
        assert b"a-key-that-was-pasted" not in path.read_bytes(), path


def check_preferences_are_the_core_s_settings():
    chosen = bpy.context.preferences.addons[fluxdepth].preferences
    stored = _module("shared.storage.settings")
    chosen.history_limit = 50
    chosen.waiting = "sync"
    assert (stored.load().history_limit, stored.load().waiting) == (50, "sync")
    chosen.service_address = "http://somewhere.example"  # not https: refused, said, not stored
    assert stored.load().service_address == "https://api.1min.ai"
    assert "https://" in _module("operators.service").said
    chosen.waiting = "async"


def check_service_can_be_tested_for_nothing():
    before = len(_journal().entries())
    bpy.ops.fluxdepth.test_service()
    assert "Key accepted" in _module("operators.service").said
    assert "model offered" in _module("operators.service").said
    assert len(_journal().entries()) == before


def check_use_cases_and_own_presets():
    chosen = settings(seed=77)
    bpy.ops.fluxdepth.apply_preset(preset="cinematic")
    assert chosen.prompt.startswith("{subject}, a cinematic")
    assert chosen.seed == 77
    settings(seed_exact="4000000000", guidance=3.3, variations=3)
    assert bpy.ops.fluxdepth.save_preset(name="My Look") == {"FINISHED"}
    (file,) = (HOME / "presets").glob("*.json")
    kept = json.loads(file.read_text())
    assert (kept["version"], kept["name"], kept["model"]) == (1, "My Look", "flux-depth-pro")
    assert (kept["values"]["seed"], kept["values"]["guidance"]) == (4000000000, 3.3)
    assert KEY not in file.read_text()
    settings(prompt="something else", seed_exact="", seed=1, variations=1, model="flux-2-pro")
    assert bpy.ops.fluxdepth.apply_preset(preset="My Look") == {"FINISHED"}
    assert (chosen.model, chosen.seed_exact, chosen.variations) == ("flux-depth-pro", "4000000000", 3)
    assert chosen.prompt == "The background far behind is blurred"
    settings(prompt="only this")
    with _refused("called “My Look” already"):
        bpy.ops.fluxdepth.save_preset(name="my look")
    with _refused("called “Cinematic” already"):
        bpy.ops.fluxdepth.save_preset(name="Cinematic", replace=True)
    only_prompt = {"keep_settings": False, "keep_seed": False, "keep_model": False}
    assert bpy.ops.fluxdepth.save_preset(name="My Look", replace=True, **only_prompt) == {"FINISHED"}
    assert json.loads(file.read_text())["values"] == {"prompt": "only this"}
    with _refused("Choose what the preset keeps"):
        bpy.ops.fluxdepth.save_preset(name="Nothing", keep_prompt=False, **only_prompt)
    with _refused("no preset called “Nobody's”"):
        bpy.ops.fluxdepth.apply_preset(preset="Nobody's")
    assert bpy.ops.fluxdepth.rename_preset(preset="My Look", name="Dawn") == {"FINISHED"}
    out = OUT / "dawn.json"
    assert bpy.ops.fluxdepth.export_preset(preset="Dawn", filepath=str(out)) == {"FINISHED"}
    assert bpy.ops.fluxdepth.delete_preset(preset="Dawn") == {"FINISHED"}
    assert not list((HOME / "presets").glob("*.json"))
    assert bpy.ops.fluxdepth.import_preset(filepath=str(out)) == {"FINISHED"}
    settings(prompt="something else")
    assert bpy.ops.fluxdepth.apply_preset(preset="dawn") == {"FINISHED"}
    assert chosen.prompt == "only this"
    bpy.ops.fluxdepth.delete_preset(preset="Dawn")
    out.write_text("no preset")
    with _refused("is no preset"):
        bpy.ops.fluxdepth.import_preset(filepath=str(out))


@contextlib.contextmanager
def _refused(words):
    try:
        yield
    except RuntimeError as exc:
        assert words in str(exc), exc
    else:
        raise AssertionError(f"nobody said: {words}")


def check_what_a_preset_names_and_nobody_knows_is_told():
    """And the rest is taken."""
    (HOME / "presets").mkdir(exist_ok=True)
    values = {"steps": 33, "sparkle": 5, "guidance": 900}
    told = {"version": 1, "name": "Of tomorrow", "model": "flux-9", "values": values}
    (HOME / "presets" / "x.json").write_text(json.dumps(told))
    chosen, said = settings(steps=3), []
    operator = sys.modules[f"{fluxdepth}.operators.presets"].FLUXDEPTH_OT_apply_preset
    fake = SimpleNamespace(preset="Of tomorrow", report=lambda kind, words: said.append((kind, words)))
    assert operator.execute(fake, bpy.context) == {"FINISHED"}
    assert chosen.steps == 33
    ((kind, words),) = said
    assert kind == {"WARNING"} and "flux-9" in words and "sparkle" in words and "1.0 to 20.0" in words
    (HOME / "presets" / "x.json").unlink()


def check_presets_of_version_0_1_are_taken_over_once_and_never_run():
    folder = Path(bpy.utils.user_resource("SCRIPTS", path="presets/fluxdepth", create=True))
    (folder / "Old_Look.py").write_text(
        "import bpy\nsettings = bpy.context.scene.fluxdepth\n\nsettings.prompt = 'old, far'\nsettings.steps = 17\n"
    )
    (folder / "Evil.py").write_text(f"import bpy\nopen({str(OUT / 'ran')!r}, 'w')\n")
    presets, ticker, session = _module("operators.presets"), _module("ticker"), _module("session")
    said, kept = [], session.tell
    session.tell = lambda words, warning=False: said.append(words)
    try:
        for _ in range(2):
            presets._taken_over = False
            presets.take_over()
            while ticker._errands.busy:
                ticker.step()
    finally:
        session.tell = kept
        shutil.rmtree(folder)
    (words,) = said
    assert "Old Look" in words and "Evil.py" in words and not (OUT / "ran").exists()
    assert bpy.ops.fluxdepth.apply_preset(preset="Old Look") == {"FINISHED"}
    chosen = bpy.context.scene.fluxdepth
    assert (chosen.prompt, chosen.steps) == ("old, far", 17)
    bpy.ops.fluxdepth.delete_preset(preset="Old Look")


def check_choices_and_lists_ask_for_what_was_shown():
    images = edit(source="IMAGE", image=_grid(), prompt="a {red|blue} cube, far", variations=3, seed=5)
    asked = sorted((record["seed"], record["prompt"]) for record in map(_settings_of, images))
    assert asked == [(5, "a red cube, far"), (6, "a blue cube, far"), (7, "a red cube, far")]
    text = bpy.data.texts.new("list")
    text.write("mist, far\n# not this\n\nrain, {near|far}\n")
    images = edit(source="IMAGE", image=_grid("other"), prompt_text=text, prompt_list=True, variations=2, seed=1)
    asked = sorted((record["seed"], record["prompt"]) for record in map(_settings_of, images))
    assert asked == [(1, "mist, far"), (1, "rain, near"), (2, "mist, far"), (2, "rain, far")]
    text.clear()
    text.write("# nothing")
    assert "prompt is empty" in refusal(prompt_text=text)


def _settings_of(image):
    return json.loads(image["fluxdepth_edit"])["settings"]


def check_edit_again_takes_the_next_seed_and_the_source_and_pays_nothing():
    grid = _grid()
    images = edit(source="IMAGE", image=grid, seed_exact="4294967294", variations=3, steps=44)
    chosen = settings(source="RENDER", image=None, prompt="another", variations=5, seed_exact="", seed=4, steps=3)
    jobs = len(_journal().entries())
    assert bpy.ops.fluxdepth.edit_again(name=images[1].name) == {"FINISHED"}
    assert (chosen.seed_exact, chosen.seed, chosen.variations, chosen.steps) == ("", 1, 1, 44)  # one more of it
    assert (chosen.source, chosen.image) == ("IMAGE", grid)
    assert chosen.prompt == "The background far behind is blurred"
    assert len(_journal().entries()) == jobs
    bpy.data.images.remove(grid)
    said = []
    operator = sys.modules[f"{fluxdepth}.operators.settings"].FLUXDEPTH_OT_edit_again
    fake = SimpleNamespace(image=lambda _: images[1], report=lambda kind, words: said.append((kind, words)))
    assert operator.execute(fake, bpy.context) == {"FINISHED"}
    assert said[0][0] == {"WARNING"} and "“grid”, is not in this file" in said[0][1]


def check_settings_travel_in_the_file():
    made = {"steps": 31, "guidance": 3.3, "variations": 2, "longest_side": 256, "keep_transparency": False}
    images = edit(source="IMAGE", image=_grid(), prompt="in the file, far", seed_exact="4000000000", **made)
    chosen = settings()
    for name in ("kept.png", "kept.jpg", "kept.webp"):
        assert bpy.ops.fluxdepth.save_as(name=images[0].name, filepath=str(OUT / name)) == {"FINISHED"}
        settings(prompt="another", seed_exact="", steps=3, guidance=9.0, variations=1, longest_side=0)
        settings(keep_transparency=True, model="flux-2-pro")
        assert bpy.ops.fluxdepth.reuse_file(filepath=str(OUT / name)) == {"FINISHED"}
        assert (chosen.model, chosen.prompt) == ("flux-depth-pro", "in the file, far")
        assert round(chosen.guidance, 3) == 3.3
        assert {one: getattr(chosen, one) for one in made if one != "guidance"} == {
            one: value for one, value in made.items() if one != "guidance"
        }
        assert chosen.seed_exact == str(_settings_of(images[0])["seed"])
    with _refused("carries no settings"):
        (OUT / "plain.png").write_bytes(bytes(images[0].packed_file.data))
        bpy.ops.fluxdepth.reuse_file(filepath=str(OUT / "plain.png"))
    with _refused("can't be read"):
        bpy.ops.fluxdepth.reuse_file(filepath=str(OUT / "nowhere.png"))


def check_recover_brings_in_what_is_in_no_file():
    shutil.rmtree(HOME / "jobs")  # what the other checks made was never saved either
    (image,) = edit(source="IMAGE", image=_grid(), seed=9)
    bytes_of_it = bytes(image.packed_file.data)
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    bpy.context.preferences.system.use_online_access = True
    bpy.ops.preferences.addon_enable(module=fluxdepth)
    assert bpy.ops.fluxdepth.recover() == {"FINISHED"}
    (again,) = [image for image in bpy.data.images if "fluxdepth_edit" in image]
    assert bytes(again.packed_file.data) == bytes_of_it
    assert bpy.ops.fluxdepth.recover() == {"CANCELLED"}


def check_recovered_result_gets_its_transparency():
    shutil.rmtree(HOME / "jobs")
    image = bpy.data.images.new("holes", 16, 16, alpha=True)
    image.pixels = [0.8, 0.2, 0.1, 0.0] * 128 + [0.8, 0.2, 0.1, 1.0] * 128
    (first,) = edit(source="IMAGE", image=image)
    expected = bytes(first.packed_file.data)
    bpy.data.images.remove(first)
    assert bpy.ops.fluxdepth.recover() == {"FINISHED"}
    (again,) = [one for one in bpy.data.images if "fluxdepth_edit" in one]
    assert bytes(again.packed_file.data) == expected


def check_file_opened_by_another_process_has_image_and_settings():
    (image,) = edit(source="IMAGE", image=_grid(), seed=123)
    path = OUT / "result.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False)
    code = (
        f"import bpy; bpy.ops.wm.open_mainfile(filepath={str(path)!r}); image = bpy.data.images[{image.name!r}]; "
        "print('FOUND', tuple(image.size), image.is_dirty, image['fluxdepth_edit'])"
    )
    (OUT / "reopen.py").write_text(code)
    command = [bpy.app.binary_path, "-b", "--factory-startup", "--python"] if bpy.app.binary_path else [sys.executable]
    done = subprocess.run([*command, str(OUT / "reopen.py")], capture_output=True, text=True, timeout=120)
    assert "FOUND (48, 32) False" in done.stdout, done.stdout + done.stderr
    assert '"seed": 123' in done.stdout


def check_frame_and_scene_are_remembered():
    scene = small_render(32, 18)
    scene.frame_set(12)
    bpy.ops.render.render()
    (image,) = edit(source="RENDER")
    origin = json.loads(image["fluxdepth_edit"])["origin"]
    assert (origin["source"], origin["frame"], origin["scene"]) == ("RENDER", 12, "Scene")
    assert not list(Path(bpy.app.tempdir).glob("fluxdepth-*"))


def check_extension_can_be_switched_off_and_on():
    bpy.ops.preferences.addon_disable(module=fluxdepth)
    assert not hasattr(bpy.types.Scene, "fluxdepth")
    bpy.ops.preferences.addon_enable(module=fluxdepth)
    edit(source="IMAGE", image=_grid())


def check_nothing_that_was_written_holds_the_key():
    edit(source="IMAGE", image=_grid())
    bpy.ops.wm.save_as_mainfile(filepath=str(OUT / "key.blend"), compress=False)
    bpy.ops.wm.save_userpref()
    files = [path for root in (OUT, HOME, Path(os.environ["BLENDER_USER_RESOURCES"])) for path in root.rglob("*")]
    searched = [path for path in files if path.is_file() and KEY.encode() in path.read_bytes()]
    assert not searched, searched


if __name__ == "__main__":
    harness.run(sys.modules["__main__"])
