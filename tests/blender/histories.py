"""Data folders with a history: edits of both hosts and of the command, in every state, with real pictures."""

from __future__ import annotations

import dataclasses
import functools
import io
import json
import os
import time
import uuid
from pathlib import Path

from PIL import Image

from shared.model.edit import DepthEdit
from shared.pictures.encoded import EncodedImage, sniff
from shared.storage.entries import Destination, EditState, Job, to_json
from shared.storage.journal import Journal

DATA = Path(__file__).parents[1] / "data"
PICTURES = ("chelsea.png", "coffee.png", "rocket.jpg")
GIMP = Destination("gimp", "/photos/harbour.xcf", title="harbour.xcf")
BLENDER = Destination("blender", "/projects/shot_0010.blend", title="shot_0010.blend")
COMMAND = Destination("command", "/projects/film.blend", files=("/renders/film_0007.png",))


@functools.cache
def picture(number: int, width: int = 480) -> EncodedImage:
    """One that is told from the others at a glance: upright, wide or square."""
    with Image.open(DATA / PICTURES[number % 3]) as opened:
        image = opened.convert("RGB").resize((width, width * (5 + number % 3 * 2) // 8))
    bands = list(image.split())
    image = Image.merge("RGB", bands[number % 3 :] + bands[: number % 3])
    with io.BytesIO() as stream:
        image.save(stream, "PNG", compress_level=1)
        return sniff(stream.getvalue())


def made(
    home: Path, prompt: str, there: Destination, state: EditState = EditState.DONE, number: int = 0, **more: object
) -> str:
    """An edit as a program left it, the steps 31 and its seed ``number``. Returns the job's id."""
    edit = DepthEdit.checked({"prompt": prompt, "format": "png", "seed": number, "steps": 31})
    writer = Journal(home).create([edit], address="", destination=there, credits=50000)
    writer.update(created=time.time() - 3600 * (20 - number))
    if state in (EditState.DONE, EditState.TAKEN):
        more = {"uuid": str(uuid.UUID(int=number + 1)), "submitted": time.time(), **more}
    if state is EditState.DONE:
        writer.keep_result(0, picture(number))
    writer.update_edit(0, **{"state": state, **more})
    writer.close()
    return writer.job.id


def of_every_kind(home: Path) -> dict[str, str]:
    """Nine edits; the ids of their jobs by a word for each, the oldest first."""
    here = {"arrived": time.time(), "safe": True}
    fail, lost = EditState.FAILED, EditState.UNCERTAIN
    return {
        "gimp": made(home, "the harbour in fog, far masts paler", GIMP, number=0, **here),
        "blender": made(home, "the street at night, depth in the lamps", BLENDER, number=1, **here),
        "command": made(home, "frame seven in haze", COMMAND, number=2, **here),
        "star": made(home, "the hall with a soft far wall", BLENDER, number=3, starred=True, **here),
        "kept": made(home, "the sky behind the tower, pink", GIMP, number=4),
        "taken": made(home, "hills in rain", BLENDER, EditState.TAKEN, 5),
        "failed": made(home, "a face in the crowd", BLENDER, fail, 6, error="The service made no picture of this."),
        "uncertain": made(home, "snow on the far roofs", GIMP, lost, 7, error="It broke. It may be billed."),
        "stopped": made(home, "never sent", BLENDER, EditState.STOPPED, 8),
    }


def many(home: Path, count: int) -> None:
    """``count`` edits with results and thumbnails, made of one by links and copies, so that it takes seconds."""
    journal = Journal(home)
    job = journal.job(made(home, "x", BLENDER, arrived=time.time(), safe=True))
    assert job and job.edits[0].result_file
    thumbnail = job.folder / "thumbnail-1.jpg"
    with Image.open(job.edits[0].result_file) as image:
        image.thumbnail((256, 256))
        image.save(thumbnail)
    for number in range(count - 1):
        _copy(job, number, thumbnail)


def _copy(job: Job, number: int, thumbnail: Path) -> None:
    created = job.created - 600 * (number + 1)
    name = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(created))}-{number:08x}"
    folder = job.folder.with_name(name)
    folder.mkdir()
    words = f"edit {number} of a long history, the far hills paler in the morning haze"
    entry = dataclasses.replace(job.edits[0], settings={**job.edits[0].settings, "prompt": words, "seed": number})
    there = (GIMP, BLENDER, COMMAND)[number % 3]
    one = dataclasses.replace(job, id=name, folder=folder, created=created, destination=there, edits=(entry,))
    (folder / "job.json").write_text(json.dumps(to_json(one)))
    assert entry.result_file
    for file in (entry.result_file, thumbnail):
        os.link(file, folder / file.name)
