"""Runs inside Blender: what the extension costs while nobody uses it. Noted for the bench: `register_ms`."""

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import bpy
import harness

MODULE = "bl_ext.user_default.fluxdepth"


def check_nothing_heavy_is_imported():
    assert MODULE in bpy.context.preferences.addons
    assert hasattr(bpy.context.scene, "fluxdepth")
    loaded = {"requests", "urllib3", "PIL", "filelock"} & set(sys.modules) - ALREADY
    assert not loaded, loaded
    assert not bpy.app.timers.is_registered(sys.modules[MODULE].session.ticker._tick)


def check_registering():
    extension = sys.modules[MODULE]
    times = []
    for _ in range(5):
        extension.unregister()
        started = time.perf_counter()
        extension.register()
        times.append((time.perf_counter() - started) * 1000)
    return {"register_ms": statistics.median(times)}


# Some Blenders import requests by themselves, for their own extensions.
ALREADY = set() if MODULE in sys.modules else set(sys.modules)

if __name__ == "__main__":
    harness.run(sys.modules["__main__"])
