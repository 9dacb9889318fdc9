"""Runs inside Blender: one edit that fails, whatever the service does."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness
from harness import refusal


def check_message():
    image = bpy.data.images.new("grid", 16, 16)
    message = refusal(source="IMAGE", image=image)
    assert not [one for one in bpy.data.images if "fluxdepth_edit" in one]
    return message


if __name__ == "__main__":
    harness.run(sys.modules["__main__"])
