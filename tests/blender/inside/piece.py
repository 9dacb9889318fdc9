"""Runs inside Blender: one piece of a story that takes several Blenders. `-- SOURCE ANSWER`, two files.

The piece finds the names of `harness`, and `kill_when`; what it assigns to `answer` comes back as JSON.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness

EXTENSION = "bl_ext.user_default.fluxdepth"
HOME = Path(os.environ["FLUXDEPTH_HOME"])


def results() -> dict:
    """The packed bytes of every result in the file, by the image's name."""
    return {image.name: bytes(image.packed_file.data) for image in bpy.data.images if "fluxdepth_edit" in image}


def kill_when(state: str) -> None:
    """Ends this process as a crash does, as soon as an edit of the data folder that was not there yet is in `state`."""
    before = set(HOME.glob("jobs/*/job.json"))

    def watch() -> None:
        while True:
            for entry in set(HOME.glob("jobs/*/job.json")) - before:
                if any(edit["state"] == state for edit in json.loads(entry.read_text("utf-8"))["edits"]):
                    os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(0.02)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    source, answer_file = map(Path, sys.argv[-2:])
    bpy.context.preferences.system.use_online_access = True
    bpy.context.preferences.filepaths.save_version = 0
    if EXTENSION not in bpy.context.preferences.addons:
        bpy.ops.preferences.addon_enable(module=EXTENSION)
    names = {**vars(harness), "bpy": bpy, "results": results, "kill_when": kill_when, "HOME": HOME, "answer": None}
    names["module"] = lambda name: sys.modules[f"{EXTENSION}.{name}"]
    exec(compile(source.read_text("utf-8"), str(source), "exec"), names)
    answer_file.write_text(json.dumps(names["answer"]))
