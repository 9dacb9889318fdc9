"""The artist's own presets: the file, its name, what is taken of it; those of Blender's 0.1.0; records used again."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import pytest

from shared.errors import ParameterError, StorageError
from shared.model import models, presets
from shared.model.edit import PLACE, DepthEdit
from shared.model.parameters import KEEP_TRANSPARENCY, LONGEST_SIDE, SEED_COUNT, VARIATIONS
from shared.model.presets import PRESETS, Fitting, OwnPreset
from shared.storage.library import blender_presets, preset_files

PRO = models.DEFAULT
DEV = models.named("flux-depth-dev")
BESIDE = (VARIATIONS, LONGEST_SIDE, KEEP_TRANSPARENCY)
LOOK = {"prompt": f"{PLACE}, haze far behind", "steps": 40, "guidance": 4.5, "variations": 4}


def names(home: Path) -> list[str]:
    return [one.name for one in preset_files.read(home).own]


def files(home: Path) -> list[str]:
    return sorted(one.name for one in (home / "presets").iterdir())


# The file.


def test_a_preset_is_one_file_of_data(home: Path) -> None:
    preset_files.save("My Look", PRO, LOOK)
    path = home / "presets" / "my-look.json"
    assert json.loads(path.read_text()) == {"version": 1, "name": "My Look", "model": "flux-depth-pro", "values": LOOK}
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (own,) = preset_files.read().own
    assert own.fitted(PRO, BESIDE) == Fitting(PRO, {key: LOOK[key] for key in list(LOOK)[:3]}, {"variations": 4})
    assert own.help == LOOK["prompt"]


def test_the_ready_ones_stand_beside_the_own_ones(home: Path) -> None:
    preset_files.save("Zebra", PRO, LOOK)
    preset_files.save("apple", None, {"steps": 20})
    shelf = preset_files.read()
    assert shelf.all == (*PRESETS, *shelf.own) and [one.label for one in shelf.own] == ["apple", "Zebra"]
    assert shelf.find("ZEBRA") == shelf.own[1] and shelf.find("depth-of-field") is shelf.find("Depth of field")
    assert shelf.find("nothing") is None
    ready = shelf.all[0].fitted(PRO, BESIDE)
    assert ready.model is None and ready.values == PRESETS[0].values(PRO) and not ready.problems


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Look / 2: “best”?*", "look-2-best.json"),
        ("Äther über Straße", "ather-uber-strae.json"),
        ("夕焼け", "preset.json"),
        ("👩‍🚀", "preset.json"),
        ("../../etc/passwd", "etc-passwd.json"),
        ("CON", "preset-con.json"),
        ("lpt1", "preset-lpt1.json"),
        ("nul.txt", "nul-txt.json"),
        (".hidden", "hidden.json"),
        ("x" * 100, "x" * 60 + ".json"),
        ("  two\n lines\t", "two-lines.json"),
    ],
)
def test_a_name_of_any_characters_makes_a_file_that_every_disk_takes(home: Path, name: str, file: str) -> None:
    preset_files.save(name, PRO, LOOK)
    assert files(home) == [file]
    assert names(home) == [" ".join(name.split())]


@pytest.mark.parametrize("name", ["", "  \n", "\ud800", "x" * 101])
def test_what_can_be_no_name_is_refused(home: Path, name: str) -> None:
    with pytest.raises(ParameterError) as refused:
        preset_files.save(name, PRO, LOOK)
    assert refused.value.field == "name" and not (home / "presets").exists()


def test_names_whose_files_would_collide_have_files_of_their_own(home: Path) -> None:
    for name in ("夕焼け", "朝焼け", "a b", "a-b", "a/b"):
        preset_files.save(name, PRO, LOOK)
    assert files(home) == ["a-b-2.json", "a-b-3.json", "a-b.json", "preset-2.json", "preset.json"]
    assert set(names(home)) == {"夕焼け", "朝焼け", "a b", "a-b", "a/b"}


def test_a_file_of_another_case_is_not_written_over(home: Path) -> None:
    (home / "presets").mkdir(parents=True)
    (home / "presets" / "LOOK.JSON").write_text("mine")
    preset_files.save("look", PRO, LOOK)
    assert files(home) == ["LOOK.JSON", "look-2.json"]
    assert (home / "presets" / "LOOK.JSON").read_text() == "mine"


def test_a_name_is_there_once_and_an_own_one_may_be_replaced(home: Path) -> None:
    preset_files.save("Look", PRO, LOOK)
    for name in ("look", "LOOK"):
        with pytest.raises(ParameterError, match="a preset called “Look” already"):
            preset_files.save(name, DEV, {})
    preset_files.save("LOOK", DEV, {"seed": 5}, replace=True)
    (own,) = preset_files.read().own
    assert (own.name, own.model, own.values, own.file) == ("LOOK", "flux-depth-dev", {"seed": 5}, "look.json")
    for name in ("portrait", "Depth OF Field", "depth-of-field"):
        with pytest.raises(ParameterError, match="already"):
            preset_files.save(name, PRO, LOOK, replace=True)
    preset_files.save("lóok", PRO, LOOK)


def test_renaming_and_deleting(home: Path) -> None:
    one, two = preset_files.save("One", PRO, LOOK), preset_files.save("Two", PRO, LOOK)
    for taken in ("TWO", "portrait"):
        with pytest.raises(ParameterError, match="already"):
            preset_files.rename(one, taken)
    with pytest.raises(ParameterError):
        preset_files.rename(one, " ")
    one = preset_files.rename(one, "ONE")  # itself, in another case
    one = preset_files.rename(one, "Ünö")
    assert names(home) == ["Two", "Ünö"] and one.values == LOOK
    preset_files.delete(one)
    preset_files.delete(one)  # another program was first
    assert names(home) == ["Two"] and two.file in files(home)


def test_a_preset_goes_to_another_computer_by_a_file(home: Path, tmp_path: Path) -> None:
    look = preset_files.save("Look", PRO, LOOK)
    preset_files.export(look, tmp_path / "out" / "Für dich.json")
    for expected in ("Look 2", "Look 3"):
        assert preset_files.import_file(tmp_path / "out" / "Für dich.json").name == expected
    other = tmp_path / "other"
    assert preset_files.import_file(tmp_path / "out" / "Für dich.json", other).fitted(PRO, BESIDE) == look.fitted(
        PRO, BESIDE
    )
    assert names(other) == ["Look"] and names(home) == ["Look", "Look 2", "Look 3"]
    with pytest.raises(StorageError, match="no preset"):
        preset_files.import_file(Path(__file__))
    with pytest.raises(StorageError, match="can't be read"):
        preset_files.import_file(tmp_path / "nowhere.json")


FOREIGN = {
    "half.json": '{"version": 1, "name": "Look", "mod',
    "empty.json": "",
    "list.json": "[]",
    "other.json": '{"name": "x", "values": {}}',
    "newer.json": '{"version": 2, "name": "Look", "model": "", "values": {}}',
    "typed.json": '{"version": 1, "name": 5, "model": "", "values": {}}',
    "values.json": '{"version": 1, "name": "x", "model": "", "values": []}',
    "unseen.json": '{"version": 1, "name": "\\ud800", "model": "", "values": {}}',
    "deep.json": "[" * 100_000,
    "large.json": '{"version": 1, "name": "x", "model": "", "values": {"prompt": "' + "x" * 1_000_000 + '"}}',
}


def test_what_is_half_written_or_foreign_is_told_and_left_alone(home: Path) -> None:
    preset_files.save("Good", PRO, LOOK)
    folder = home / "presets"
    for name, text in FOREIGN.items():
        (folder / name).write_text(text)
    (folder / "folder.json").mkdir()
    (folder / ".0123.part").write_text("{")
    (folder / "notes.txt").write_text("mine")
    shelf = preset_files.read()
    assert [one.name for one in shelf.own] == ["Good"]
    told = " ".join(shelf.problems)
    assert len(shelf.problems) == len(FOREIGN) + 1 and all(name in told for name in (*FOREIGN, "folder.json"))
    assert "newer version" in next(one for one in shelf.problems if "newer.json" in one)
    assert all((folder / name).read_text() == text for name, text in FOREIGN.items())


def test_two_files_with_one_name_are_told_apart(home: Path) -> None:
    look = preset_files.save("Look", PRO, LOOK)
    copy = home / "presets" / "zz copy.json"
    copy.write_bytes((home / "presets" / look.file).read_bytes())
    ready = home / "presets" / "zzz.json"
    ready.write_text('{"version": 1, "name": "Portrait", "model": "", "values": {}}')
    by_name = {one.name: one.file for one in preset_files.read().own}
    assert by_name == {"Look": "look.json", "Look 2": "zz copy.json", "Portrait 2": "zzz.json"}


def test_no_presets_are_no_problem(home: Path) -> None:
    assert preset_files.read() == preset_files.Shelf()


# What is taken of it.


def own(model: str, **values: object) -> OwnPreset:
    return OwnPreset("x", model, values)


def test_all_that_is_good_is_taken_and_the_rest_is_named() -> None:
    preset = own("flux-depth-pro", steps=40, guidance=99, wobble=1, prompt="haze", longest_side=3, format=["png"])
    fitting = preset.fitted(DEV, BESIDE)
    assert (fitting.model, fitting.values, fitting.beside) == (PRO, {"steps": 40, "prompt": "haze"}, {})
    assert [problem.split(" must")[0] for problem in fitting.problems] == [
        *("Guidance", "There is no setting called “wobble” here.", "Longest side sent", "Result format"),
    ]


def test_what_only_the_other_host_has_is_not_told() -> None:
    fitting = own("flux-depth-pro", prompt="haze", match_edge=False, selection_context=40, wobble=1).fitted(DEV, BESIDE)
    assert (fitting.values, fitting.beside) == ({"prompt": "haze"}, {})
    assert fitting.problems == ["There is no setting called “wobble” here."]


def test_an_unknown_model_is_named_and_the_rest_goes_to_the_chosen_one() -> None:
    fitting = own("flux-9-ultra", prompt="haze", steps=33, seed=5, variations=2).fitted(DEV, BESIDE)
    assert fitting.model is None and fitting.problems == ["The model “flux-9-ultra” is not known here."]
    assert fitting.values == {"prompt": "haze", "num_inference_steps": 33, "seed": 5}
    assert fitting.beside == {"variations": 2}


def test_without_a_model_the_chosen_one_stays_and_values_go_by_their_role() -> None:
    fitting = own("", steps=33, guidance=4.0, prompt_upsampling=True).fitted(DEV)
    assert fitting.model is None and fitting.values["num_inference_steps"] == 33
    assert fitting.problems == [f"{DEV.label} has no “{PRO.parameter('prompt_upsampling').label}”."]
    small = own("", num_inference_steps=99).fitted(PRO)
    assert not small.values and "Steps must be" in small.problems[0]


def test_a_preset_may_hold_nothing_but_a_prompt(home: Path) -> None:
    preset_files.save("Words", None, {"prompt": "haze", "format": "  "})
    (words,) = preset_files.read().own
    assert words.fitted(DEV) == Fitting(None, {"prompt": "haze"})


def test_no_value_of_a_file_breaks_anything() -> None:
    for value in (None, [], {}, float("nan"), 10**400, -1, "", "\ud800", True):
        for name in [one.name for one in (*models.union(), *BESIDE)]:
            own("flux-depth-pro", **{name: value}).fitted(PRO, BESIDE)


# Blender's of version 0.1.0.

OF_0_1 = """import bpy
settings = bpy.context.scene.fluxdepth

settings.prompt = 'haze "far" behind'
settings.seed = 2147483647
settings.steps = 33
settings.prompt_upsampling = True
settings.guidance = 4.5
settings.safety_tolerance = 2
settings.format = 'png'
settings.seed_exact = '4294967295'
settings.variations = 2
settings.longest_side = 0
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "My_Look_plus_1.py").write_text(OF_0_1)
    return tmp_path / "old"


def test_blenders_presets_are_taken_over_once(home: Path, old: Path, tmp_path: Path) -> None:
    (added,), problems = blender_presets.take_over(old)
    assert not problems and names(home) == ["My Look+1"] and added.model == "flux-depth-pro"
    fitting = added.fitted(PRO, BESIDE)
    assert not fitting.problems and fitting.beside == {"variations": 2, "longest_side": 0}
    assert fitting.values == {
        "prompt": 'haze "far" behind',
        "seed": SEED_COUNT - 1,
        "steps": 33,
        "prompt_upsampling": True,
        "guidance": 4.5,
        "safety_tolerance": 2,
        "format": "png",
    }
    preset_files.delete(added)
    later = tmp_path / "a later Blender"
    old.rename(later)
    (later / "New.py").write_text("import bpy\nbpy.context.scene.fluxdepth.steps = 20\n")
    again, problems = blender_presets.take_over(later)
    assert [one.name for one in again] == names(home) == ["New"] and not problems
    assert (later / "My_Look_plus_1.py").read_text() == OF_0_1


def test_what_other_models_have_stays_behind(old: Path) -> None:
    (old / "Dev.py").write_text(
        "settings = bpy.context.scene.fluxdepth\nsettings.model = 'flux-depth-dev'\nsettings.steps = 28\n"
        "settings.num_inference_steps = 20\nsettings.prompt = ''\nsettings.wobble = (1, 2)\n"
    )
    (dev, _), _ = blender_presets.take_over(old)
    assert dev.model == "flux-depth-dev" and dev.values == {"num_inference_steps": 20, "wobble": (1, 2)}
    assert dev.fitted(PRO).problems == ["There is no setting called “wobble” here."]


@pytest.mark.parametrize(
    "code",
    [
        "open({file!r}, 'w')",
        "settings.prompt = open({file!r}, 'w').name",
        "settings.steps = [open({file!r}, 'w') for _ in range(9)]",
        "@open({file!r}, 'w')\ndef x(): pass",
        "import os",
        "import bpy, os",
        "from os import system",
        "settings.steps, settings.seed = 1, 2",
        "settings.steps += 1",
        "other.steps = 5",
        "bpy.context.scene.render.filepath = '/x'",
        "settings = bpy.data",
        "settings.steps = 5; print()",
        "if True: settings.steps = 5",
        "settings.steps = __import__('os')",
        "settings.steps = " + "(" * 500 + ")" * 500,
        "settings.steps = " + "-" * 50_000 + "1",
        "settings.prompt = 'x" + "x" * 200_000 + "'",
        "\0",
        "settings.",
    ],
)
def test_a_preset_that_is_code_is_not_run_and_told_once(home: Path, old: Path, tmp_path: Path, code: str) -> None:
    trace = tmp_path / "trace"
    (old / "Evil.py").write_text(OF_0_1 + code.format(file=str(trace)) + "\n")
    added, problems = blender_presets.take_over(old)
    assert [one.name for one in added] == ["My Look+1"] and not trace.exists()
    assert len(problems) == 1 and "Evil.py” holds more than settings and is left alone" in problems[0]
    assert blender_presets.take_over(old) == ([], [])


def test_a_folder_that_is_not_there_has_none(home: Path, tmp_path: Path) -> None:
    assert blender_presets.take_over(tmp_path / "nowhere") == ([], [])
    (tmp_path / "nothing").mkdir()
    (tmp_path / "nothing" / "x.py").write_text("import bpy\nsettings = bpy.context.scene.fluxdepth\n")
    assert "holds no settings" in blender_presets.take_over(tmp_path / "nothing")[1][0]


# Records.


def record(**more: object) -> dict[str, object]:
    edit = DepthEdit.checked({"prompt": "haze", "seed": 10})
    return {"version": 1, "model": PRO.id, "settings": dict(edit.values), "job": "j", "uuid": "u", **more}


def test_the_settings_of_a_record_are_used_again() -> None:
    made = record(host_settings={"variations": 3, "longest_side": 9, "fit_to_source": True, "source": "layer"})
    fitting = presets.reused(made, DEV, BESIDE)
    assert (fitting.model, fitting.values, fitting.beside) == (PRO, made["settings"], {"variations": 3})
    assert len(fitting.problems) == 1 and "Longest side" in fitting.problems[0]
    old = {name: value for name, value in record().items() if name != "model"}
    assert presets.reused(old, DEV).model == PRO
    unknown = presets.reused(record(model="lab/flux-9"), DEV)
    assert unknown.model is None and unknown.values["prompt"] == "haze" and "flux-9" in unknown.problems[0]
    assert presets.reused({"settings": "x", "host_settings": 5}, DEV) == Fitting(PRO)


@pytest.mark.parametrize(
    ("seed", "index", "variations", "expected"),
    [
        (10, 0, 1, 11),
        (10, 0, 4, 14),
        (13, 3, 4, 14),
        (SEED_COUNT - 1, 0, 1, 0),
        (1, 2, 4, 3),  # the job began at the largest
        (12, 2, None, 13),  # version 0.1.0
        (10, None, None, 11),
    ],
)
def test_again_takes_the_next_seed_that_was_not_tried(
    seed: int, index: int | None, variations: int | None, expected: int
) -> None:
    made = record(index=index, variations=variations)
    settings = {**made["settings"], "seed": seed}  # type: ignore[dict-item]
    again = presets.again({**made, "settings": settings})
    assert again["settings"] == {**settings, "seed": expected}
    assert again["host_settings"] == {**made.get("host_settings", {}), "variations": 1}  # one, and not all of its job
    assert {**again, "settings": 0, "host_settings": 0} == {**made, "settings": 0, "host_settings": 0}


def test_again_of_what_has_no_seed_is_the_same() -> None:
    for odd in (record(model="lab/flux-9"), record(settings=5), record(settings={}), record(settings={"seed": "x"})):
        assert {**presets.again(odd), "host_settings": 0} == {**odd, "host_settings": 0}
