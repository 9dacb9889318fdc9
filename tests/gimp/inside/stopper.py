"""Runs beside a script in GIMP: waits until a new edit has come so far, then sends a signal to its process.

Arguments: data folder, state of the edit as the journal writes it, signal, "plug-in" or "gimp", how many jobs are to be
in that state. One line on standard output when it is watching.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

home, state, name, target, count = sys.argv[1:]


def processes(words):
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            mine = f"FLUXDEPTH_HOME={home}".encode() in (entry / "environ").read_bytes().split(b"\0") if command else 0
        except OSError:  # it has ended, or is another's
            continue
        if mine and words in command:
            yield int(entry.name)


def states():
    """The job folders in which an edit has come so far."""
    for file in Path(home).glob("jobs/*/job.json"):
        try:
            edits = json.loads(file.read_text("utf-8"))["edits"]
        except (OSError, ValueError):  # being replaced
            continue
        if any(edit["state"] == state for edit in edits):
            yield file.parent.name


before = set(states())
print("watching", flush=True)
deadline = time.monotonic() + 120
while len(set(states()) - before) < int(count):
    if time.monotonic() > deadline:
        raise TimeoutError(f"no edit became {state}")
    time.sleep(0.02)
# GIMP's own name as it was called; its plug-ins are other programs.
words = b"fluxdepth_gimp.py" if target == "plug-in" else b"gimp-console\0-i"
for process in processes(words):
    os.kill(process, signal.Signals[name])
