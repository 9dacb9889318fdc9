"""Runs inside Blender, without a window: what the History panel draws of edits of all kinds, and what its buttons do.

`FLUXDEPTH_TEST_EDITS` are the ids of the jobs that are there, by a word for each.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
from drawing import drawn
from harness import module, settings

IDS = json.loads(os.environ["FLUXDEPTH_TEST_EDITS"])
ALL = list(reversed(IDS))  # the newest first
BUTTONS = ["import", "discard", "use", "star", "copy_prompt", "show_file", "delete"]


def _asked():
    return bpy.context.window_manager.fluxdepth_history


def _seen(**asked):
    """What is drawn, as the words for the jobs; after something was asked for."""
    for name, value in asked.items():
        setattr(_asked(), name, value)
    words = {job: word for word, job in IDS.items()}
    return [words[told["job"]] for name, told in _drawn().used if name == "fluxdepth.history_choose"]


def _drawn(width=271, scale=1.0):
    return drawn("history", width, scale)


def _chosen(word):
    """The buttons and the words that are drawn when it is chosen."""
    _seen(search="", show="ALL")
    module("history").chosen = None
    assert bpy.ops.fluxdepth.history_choose(job=IDS[word], index=0) == {"FINISHED"}
    layout = _drawn()
    names = [name.removeprefix("fluxdepth.history_") for name, _ in layout.used]
    return [name for name in names if name in BUTTONS], layout.all_words()


def _entry(word):
    return module("shared.storage.journal").Journal().job(IDS[word])


def _refused(call, **what):
    try:
        call(**what)
    except RuntimeError as exc:
        return str(exc)
    raise AssertionError("it was not refused")


def check_all_edits_of_all_hosts_the_newest_first():
    assert _seen(search="", show="ALL") == ALL
    assert "1–9 of 9" in _drawn().all_words()
    icons = module("history")._icons
    results = ["gimp", "blender", "command", "star", "kept"]
    assert [word for word, job in IDS.items() if (job, 0) in icons] == results, icons
    assert bpy.app.background or all(icons.values())


def check_found_by_typing_and_by_filters():
    assert _seen(search="MASTS harbour") == ["gimp"]
    assert _seen(search="shot_0010 hall") == ["star"], "by the document's name as well"
    assert _seen(search="nowhere") == []
    assert "No edit is found" in _drawn().all_words()
    assert _seen(search="", show="FAVOURITES") == ["star"]
    assert _seen(show="UNFINISHED") == ["uncertain", "taken", "kept"]
    assert _seen(show="DOCUMENT") == []


def check_what_is_known_of_the_chosen_one_and_what_can_be_done():
    done = ["import", "use", "star", "copy_prompt", "show_file", "delete"]
    buttons, words = _chosen("gimp")
    assert buttons == done
    for one in ("the harbour in fog, far masts paler", "Seed 0", "31 steps", "Flux Depth Pro", "Done", "in GIMP"):
        assert one in words, one
    assert "harbour.xcf" in words
    assert "Id " not in words
    buttons, words = _chosen("command")
    assert buttons == done and "film_0007.png" in words and "the Blender command" in words
    buttons, words = _chosen("taken")
    assert buttons == [*done[:1], "discard", *done[1:]]
    assert "To be fetched" in words and "Fetch" in words and "000000000006" in words
    buttons, words = _chosen("uncertain")
    assert buttons == ["discard", *done[1:]] and "may be billed" in words and "It broke" in words
    buttons, words = _chosen("failed")
    assert buttons == done[1:] and "made no picture" in words
    assert _chosen("failed")[0] == done[1:]
    bpy.ops.fluxdepth.history_choose(job=IDS["failed"], index=0)
    assert "made no picture" not in _drawn().all_words(), "once more lets go of it"


def check_every_word_has_room():
    cut = {}
    for word in ("command", "taken", "uncertain", "star"):
        _chosen(word)
        for width, scale in ((220, 1.0), (220, 2.0), (280, 1.0), (420, 1.0), (900, 2.0)):
            cut[f"{word} {width} × {scale}"] = _drawn(width, scale).cut()
    assert not any(cut.values()), json.dumps({where: words for where, words in cut.items() if words}, indent=1)
    assert not [text for text, _, _, active in _drawn().everything() if not active]


def check_pages():
    history = module("history")
    history.PAGE = 4
    try:
        assert _seen(search="", show="ALL") == ALL[:4]
        assert _asked().page == 1
        history.look()
        bpy.ops.fluxdepth.history_page(pages=1)  # while that is read
        assert _seen() == ALL[4:8] and _asked().page == 2
        assert "5–8 of 9" in _drawn().all_words()
        bpy.ops.fluxdepth.history_page(pages=5)
        assert _seen() == ALL[8:] and _asked().page == 3
        assert _seen(page=1) == ALL[:4]
        assert _seen(page=99) == ALL[8:]
        assert _seen(search="shot") == ["stopped", "failed", "taken", "star"], "a search begins at its first page"
    finally:
        history.PAGE = 12
        _seen(search="")


def check_icons_go_with_their_page():
    history = module("history")
    assert len(_seen(search="", show="ALL")) == 9
    before = history._collection
    _seen(search="masts")
    assert [key[0] for key in history._icons] == [IDS["gimp"]]
    assert before is not history._collection and len(history._collection) == 1
    _seen(search="")


def check_star():
    assert bpy.ops.fluxdepth.history_star(job=IDS["gimp"], index=0) == {"FINISHED"}
    assert _entry("gimp").edits[0].starred
    assert _seen(show="FAVOURITES") == ["star", "gimp"]
    assert bpy.ops.fluxdepth.history_star(job=IDS["gimp"], index=0) == {"FINISHED"}
    assert not _entry("gimp").edits[0].starred
    assert _seen(show="FAVOURITES") == ["star"]
    _seen(show="ALL")


def check_import_brings_any_hosts_result_as_an_image_of_this_file():
    for word in ("gimp", "command", "kept"):
        before = set(bpy.data.images.keys())
        job = _entry(word)
        assert bpy.ops.fluxdepth.history_import(job=job.id, index=0) == {"FINISHED"}
        (name,) = set(bpy.data.images.keys()) - before
        image = bpy.data.images[name]
        assert bytes(image.packed_file.data) == job.edits[0].result_file.read_bytes()
        assert json.loads(image["fluxdepth_edit"])["job"] == job.id
    assert not _entry("kept").edits[0].pending, "it is where the artist wanted it"
    _entry_was = _entry("command").edits[0]
    assert _entry_was.safe and _entry_was.result_file.exists()
    assert "has no result" in _refused(bpy.ops.fluxdepth.history_import, job=IDS["failed"], index=0)


def check_what_the_service_does_not_know_is_told():
    assert _refused(bpy.ops.fluxdepth.history_import, job=IDS["taken"], index=0)
    assert _entry("taken").edits[0].pending
    bpy.context.preferences.system.use_online_access = False
    try:
        assert "Online access" in _refused(bpy.ops.fluxdepth.history_import, job=IDS["taken"], index=0)
    finally:
        bpy.context.preferences.system.use_online_access = True


def check_settings_are_used_again():
    chosen = settings(prompt="another", seed=9, steps=3, seed_exact="4294967295")
    assert bpy.ops.fluxdepth.history_use(job=IDS["command"], index=0) == {"FINISHED"}
    assert (chosen.prompt, chosen.seed, chosen.steps, chosen.seed_exact) == ("frame seven in haze", 2, 31, "")


def check_prompt_is_copied_and_folder_is_opened():
    assert bpy.ops.fluxdepth.history_copy_prompt(job=IDS["star"], index=0) == {"FINISHED"}
    opened, kept = [], subprocess.check_call
    subprocess.check_call = opened.append
    try:
        assert bpy.ops.fluxdepth.history_show_file(job=IDS["star"], index=0) == {"FINISHED"}
    finally:
        subprocess.check_call = kept
    assert [command[1] for command in opened] == [str(_entry("star").folder)]


def check_what_is_unfinished_is_discarded_before_it_is_deleted():
    for word in ("taken", "uncertain"):
        assert "discard it first" in _refused(bpy.ops.fluxdepth.history_delete, job=IDS[word], index=0)
        assert _entry(word)
        assert bpy.ops.fluxdepth.history_discard(job=IDS[word], index=0) == {"FINISHED"}
        assert not _entry(word).edits[0].pending
    assert "can't be discarded" in _refused(bpy.ops.fluxdepth.history_discard, job=IDS["gimp"], index=0)
    assert _seen(show="UNFINISHED") == []
    assert bpy.ops.fluxdepth.history_delete(job=IDS["uncertain"], index=0) == {"FINISHED"}
    assert _entry("uncertain") is None
    assert "uncertain" not in _seen(show="ALL")
    assert "not in the history any more" in _refused(bpy.ops.fluxdepth.history_use, job=IDS["uncertain"], index=0)


def check_what_it_holds_is_told_in_the_preferences():
    words = drawn(preferences=True)  # reads
    words = drawn(preferences=True).all_words()
    count, size = module("shared.storage.library.history").disk_use(module("shared.storage.journal").Journal())
    assert f"Now {count} edits" in words and " MB" in words, (words, size)


def check_entry_that_can_not_be_read_is_told():
    job = _entry("stopped")
    (job.folder / "job.json").write_text("not JSON")
    module("history").look(anew=True)
    assert "stopped" not in _seen()
    assert "can't be read and is left alone" in _drawn().all_words()


def check_nothing_stays_when_the_extension_goes():
    history = module("history")
    _seen()
    assert history._collection is not None
    bpy.ops.preferences.addon_disable(module=harness.EXTENSION)
    assert history._collection is None and history.page is None
    assert not hasattr(bpy.types.WindowManager, "fluxdepth_history")


if __name__ == "__main__":
    harness.run(sys.modules["__main__"])
