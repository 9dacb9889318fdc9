"""Runs inside Blender: a piece of Python. `-- SOURCE ANSWER`, two files.

The piece finds the names of `harness`; what it assigns to `answer` comes back as JSON.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness

if __name__ == "__main__":
    source, answer_file = map(Path, sys.argv[-2:])
    harness.set_up()
    names = {**vars(harness), "bpy": bpy, "answer": None}
    exec(compile(source.read_text("utf-8"), str(source), "exec"), names)
    answer_file.write_text(json.dumps(names["answer"]))
