"""Inside Blender: edits of pictures that carry something besides bytes, Recover, and what is to be seen afterwards."""

import hashlib
import json
import socket
import time
from pathlib import Path

import bpy
import numpy as np
from drawing import drawn
from harness import OUT, module, set_up, settings, small_render

# Kind of picture → what the edit is asked for.
KINDS = {
    "film-transparent render": {"source": "RENDER"},
    "image with alpha": {"source": "IMAGE", "format": "jpg"},
    "image with alpha, never saved": {"source": "IMAGE", "format": "webp"},
    "one of three variations failed": {"source": "IMAGE", "variations": 3},
    "film-transparent Render Now": {"source": "RENDER_NOW"},
    "film-transparent render, 4 megapixels": {"source": "RENDER"},
}
SIZE, LARGE = (192, 108), (2560, 1440)
OWN = ("uuid", "job", "created")  # of a record: no two edits have the same


# Documents.


def make(kind):
    """A file of that kind, new, and as it is before anything was edited."""
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    set_up()
    if "film" in kind:
        scene = small_render(*(LARGE if "megapixels" in kind else SIZE))
        scene.render.film_transparent = True
    else:
        _see_through(is_float="never" in kind)
    if "never" not in kind:
        path(kind).unlink(missing_ok=True)
        bpy.ops.wm.save_as_mainfile(filepath=str(path(kind)))


def path(kind):
    return OUT / f"{kind}.blend"


def reopen(kind):
    """The file of that kind; what never had a name is another one, of the same picture."""
    if "never" in kind:
        make(kind)
    else:
        bpy.ops.wm.open_mainfile(filepath=str(path(kind)))


def open_file(file):
    bpy.ops.wm.open_mainfile(filepath=file)


def save(name=""):
    """The open file, under its own name or another."""
    if name:
        bpy.ops.wm.save_as_mainfile(filepath=str(OUT / name))
    else:
        bpy.ops.wm.save_mainfile()


def _see_through(is_float):
    """A noisy image whose transparency runs from left to right, with a hole in it."""
    width, height = 96, 60
    image = bpy.data.images.new("glass", width, height, alpha=True, float_buffer=is_float)
    pixels = np.random.default_rng(7).random((height, width, 4), np.float32)
    pixels[..., 3] = np.linspace(0.1, 1.0, width)
    pixels[20:40, 30:50, 3] = 0.0
    if is_float:
        pixels[..., :3] *= pixels[..., 3:]  # as floats hold it
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    image.use_fake_user = True


# Doing.


def watch_names():
    """From now on no name resolves while there is OUT/"no names"."""
    resolve = socket.getaddrinfo

    def resolve_or_not(*arguments, **options):
        if (OUT / "no names").exists():
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(*arguments, **options)

    socket.getaddrinfo = resolve_or_not


def edit(kind, **values):
    """The edit of the open file, to its end; ``changed`` is what is another than before."""
    choose(kind, **values)
    started = time.monotonic()
    before = _surroundings()
    facts = _outcome(bpy.ops.fluxdepth.edit)
    after = _surroundings()
    changed = [name for name in before if before[name] != after[name]]
    return {**facts, "seconds": time.monotonic() - started, "changed": changed}


def choose(kind, **values):
    """What the panel says before the edit, and the render that it is of."""
    chosen = {"upload_format": "png", "longest_side": 0, "seed": 7, "image": bpy.data.images.get("glass")}
    settings(**{**chosen, "prompt": "Fog far behind", **KINDS[kind], **values})
    if KINDS[kind]["source"] == "RENDER":
        bpy.ops.render.render()


def render_for_ever(kind):
    """The edit whose render does not end; OUT/"rendering" tells that it has begun."""
    bpy.context.scene.cycles.samples = 2**20
    bpy.app.handlers.render_pre.append(lambda *_: (OUT / "rendering").touch())
    return edit(kind)


def begin(kind, **values):
    """The edit as a window starts it: it moves on with :func:`work` and :func:`end`."""
    choose(kind, **values)
    module("session").submit(bpy.context, bpy.context.scene.fluxdepth)


def work(until):
    """Ticks until the row says so, as a window's timer does; what came of the edit is an error here."""
    session = module("session")
    (ticket,) = session.desk.tickets
    while not ticket.progress.text.startswith(until):
        assert ticket.active, ticket.error
        _tick()


def end():
    """Ticks until the row is at rest; what came of it, as :func:`edit` tells it."""
    (ticket,) = module("session").desk.tickets
    while _tick() or ticket.active:
        pass
    words = [str(one) for one in (*ticket.failures, *ticket.warnings)]
    message = str(ticket.error) if ticket.error else ""
    return {"status": ticket.state.name, "message": message, "warnings": words, "changed": []}


def _tick():
    time.sleep(0.01)
    return module("ticker").step()


def remove_image():
    bpy.data.images.remove(bpy.data.images["glass"])


def bring_in_here():
    """The button beside the first result that belongs elsewhere."""
    (owed, *_) = module("session").desk.elsewhere()
    bpy.ops.fluxdepth.bring_in_here(job=owed.job.id)


def discard():
    """The button beside what is uncertain."""
    (owed,) = module("session").desk.uncertain()
    bpy.ops.fluxdepth.discard(job=owed.job.id)
    module("session").finish([])


def keep_settings():
    """All that an artist may have written: a preset, the start-up file, the preferences, and the backup of a file."""
    bpy.context.preferences.filepaths.save_version = 2
    assert bpy.ops.fluxdepth.save_preset(name="Of mine", replace=True) == {"FINISHED"}
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.save_homefile()
    bpy.ops.wm.save_userpref()
    bpy.context.preferences.filepaths.save_version = 0


def recover():
    return _outcome(bpy.ops.fluxdepth.recover)


def _outcome(operator):
    """How the operator ended: what a script is told as an error, else what the rows of its tickets say."""
    desk = module("session").desk
    before = list(desk.tickets)
    try:
        (status,) = operator()
        errors = ""
    except RuntimeError as exc:
        status, errors = "ERROR", str(exc)
    new = [ticket for ticket in desk.tickets if ticket not in before]
    warnings = [str(one) for ticket in new for one in (*ticket.failures, *ticket.warnings)]
    return {"status": status, "message": " ".join(errors.split()), "warnings": warnings}


def _surroundings():
    """What an edit has no business with."""
    scene = bpy.context.scene
    parts = {"render": scene.render, "format": scene.render.image_settings, "view": scene.view_settings}
    known = {
        name: {one.identifier: _plain(getattr(part, one.identifier)) for one in part.bl_rna.properties}
        for name, part in parts.items()
    }
    known["scenes"] = [one.name for one in bpy.data.scenes]
    known["images"] = [one.name for one in bpy.data.images if "fluxdepth_edit" not in one]
    known["temporary files"] = temporary_files()
    return known


def _plain(value):
    return value if isinstance(value, str | int | float | bool) else None


def temporary_files():
    return sorted(one.name for one in Path(bpy.app.tempdir).glob("fluxdepth-*"))


def forget():
    """No row of this session is left, and no problem."""
    session = module("session")
    for ticket in list(session.desk.tickets):
        session.desk.dismiss(ticket)
    session.problem.note(None)


# Seeing.


def panel():
    """All that the panel says."""
    return drawn().all_words()


def look():
    """Which file is open, and every result in it: pixels, transparency, record."""
    results = [_facts(one) for one in bpy.data.images if "fluxdepth_edit" in one]
    others = sorted(one.name for one in bpy.data.images if "fluxdepth_edit" not in one and one.type == "IMAGE")
    return {"file": bpy.path.basename(bpy.data.filepath), "results": results, "others": others}


def _facts(image):
    pixels = np.empty(len(image.pixels), np.float32)
    image.pixels.foreach_get(pixels)
    record = json.loads(image["fluxdepth_edit"])
    opaque = bool((pixels[3::4] == 1.0).all()) if image.channels == 4 else True
    return {
        "name": image.name,
        "size": [*image.size, image.channels],
        "bytes": hashlib.sha256(image.packed_file.data).hexdigest(),
        "pixels": hashlib.sha256(pixels.tobytes()).hexdigest(),
        "opaque": opaque,
        "alpha mode": image.alpha_mode,
        "colour space": image.colorspace_settings.name,
        "file": image.filepath_raw,
        "users": [image.users, image.use_fake_user],
        "record": {name: value for name, value in record.items() if name not in OWN},
    }
