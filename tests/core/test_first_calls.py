"""The first calls of a process, when several are made at once: what they import takes its locks in one order."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

# Another layer's call begins to import urllib3 just when this one's upload needs a part of it.
CODE = """
import importlib.machinery, sys, threading, time
from shared.service.transport import TimeOuts, Transport, multipart

begun = threading.Event()

class Pause:
    def find_spec(self, name, path=None, target=None):
        if name != "urllib3":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        make = spec.loader.create_module

        def slowly(spec):
            begun.set()
            time.sleep(0.5)
            return make(spec)

        spec.loader.create_module = slowly
        return spec

sys.meta_path.insert(0, Pause())
failed = []

def run(work):
    try:
        work()
    except BaseException as exc:
        failed.append(repr(exc))

def upload():
    assert begun.wait(20)
    multipart("asset", "a.png", b"1", "image/png")

calls = [upload, Transport("http://127.0.0.1:9", "key-of-eight", TimeOuts())._session]
threads = [threading.Thread(target=run, args=(one,)) for one in calls]
for one in threads:
    one.start()
for one in threads:
    one.join(30)
assert not failed, failed
"""


def test_two_at_once_do_not_stop_each_other() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
