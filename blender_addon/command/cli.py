"""The command: `blender -b FILE.blend --command fluxdepth …` edits frames without a window, for scripts and farms.

Renders each frame (or takes an image), hands it to the core, writes the result beside the others. It resumes: what is
written is not made again, and what was paid for and not written is fetched instead of paid for twice.
"""

import argparse
import contextlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import bpy

from .. import properties, session as jobs
from ..operators import access as operators
from ..pictures import sources
from ..shared.errors import FluxDepthError
from ..shared.jobs.background import RunningJob, settle
from ..shared.jobs.pipeline import EditRequest, Result
from ..shared.model.edit import DepthEdit
from ..shared.model.models import FLUX_DEPTH_PRO
from ..shared.model.parameters import KEEP_TRANSPARENCY, LONGEST_SIDE, UPLOAD_FORMAT, VARIATIONS, Kind
from ..shared.pictures import imaging
from ..shared.pictures.encoded import sniff
from ..shared.storage import credentials
from ..shared.storage.files import write_by_rename
from ..shared.storage.journal import EditEntry, Job, Journal

IN_FLIGHT = 3  # frames that wait for the service while the next one is rendered
WAIT = 0.05  # s between two looks at a job
OPTIONS = (*FLUX_DEPTH_PRO.parameters, VARIATIONS, LONGEST_SIDE, UPLOAD_FORMAT, KEEP_TRANSPARENCY)
DEFAULT_OUTPUT = "//fluxdepth/####"


class UsageError(Exception):
    """What was asked for makes no sense; the message is for the person at the command line."""


def main(arguments: list[str]) -> int:
    """Blender calls this with what stands behind `--command fluxdepth`. 0 is success."""
    try:
        chosen = _parser().parse_args(arguments)
    except SystemExit as exc:  # argparse has said what is wrong, or printed the help
        return int(exc.code or 0)
    try:
        return _run(chosen)
    except (FluxDepthError, UsageError) as exc:
        print(f"fluxdepth: {exc}", file=sys.stderr)
        return 1
    finally:
        settle(jobs.QUIT_WAIT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="blender -b FILE.blend --online-mode --command fluxdepth",
        description="Depth-aware edits of renders with Flux Depth Pro. Each frame and variation is a paid edit. "
        "What is not given is taken from the scene, as it was saved in the sidebar.",
        epilog="A range resumes where it stopped: frames whose result is there are left alone. The exit code is 0 "
        "only when every frame has its result.",
    )
    frames = parser.add_argument_group("what")
    frames.add_argument("--frame", type=int, help="one frame (default: the scene's current one)")
    frames.add_argument(
        "--frames", metavar="FIRST-LAST[:STEP]", help="a range of frames, or `scene` for the scene's own"
    )
    frames.add_argument("--image", metavar="NAME", help="edit this image of the file instead of rendering")
    frames.add_argument(
        "--output",
        default=DEFAULT_OUTPUT,
        help="where the results go; # is the frame, // the folder of the .blend (default: %(default)s)",
    )
    frames.add_argument("--overwrite", action="store_true", help="make, and pay for, results anew that are there")
    settings = parser.add_argument_group("settings")
    for parameter in OPTIONS:
        words = f"{parameter.help} ({parameter.range_text})".replace("%", "%%")
        name = f"--{parameter.argument}"
        if parameter.kind is Kind.BOOLEAN:
            settings.add_argument(name, action=argparse.BooleanOptionalAction, help=words)
        elif parameter.kind is Kind.CHOICE:
            settings.add_argument(name, choices=[choice.value for choice in parameter.choices], help=words)
        else:
            kind = {Kind.INTEGER: int, Kind.REAL: float, Kind.TEXT: str}[parameter.kind]
            settings.add_argument(name, type=kind, metavar=parameter.kind.name[0], help=words)
    return parser


@dataclass
class _Flight:
    """One job on its way, and the file that each of its results becomes, by the result's index."""

    frame: int
    files: dict[int, Path]
    job: RunningJob
    snapshot: sources.Snapshot | None = None


def _run(chosen: argparse.Namespace) -> int:
    if reason := operators.online_access_problem():
        raise UsageError(f"{reason}.")
    credentials.key_or_error()
    if pillow := imaging.missing():
        raise UsageError(pillow)
    scene = bpy.context.scene
    settings = _settings(chosen, scene)
    edit = DepthEdit.checked({one.name: getattr(settings, one.name) for one in FLUX_DEPTH_PRO.parameters})
    for parameter in (VARIATIONS, LONGEST_SIDE, UPLOAD_FORMAT, KEEP_TRANSPARENCY):
        parameter.checked(getattr(settings, parameter.name))
    edits = edit.variations(settings.variations)
    numbers = _frame_numbers(chosen, scene)
    pattern = chosen.output if "#" in chosen.output or len(numbers) == 1 else f"{chosen.output}_####"
    unfinished = [] if chosen.overwrite else Journal().unfinished()
    failed: list[int] = []
    flying: list[_Flight] = []
    try:
        for number in numbers:
            files = _files(pattern, number, edits)
            wanted = [index for index, file in enumerate(files) if chosen.overwrite or not _is_there(file)]
            if not wanted:
                print(f"frame {number}: is there already")
                continue
            try:
                flying += _take_off(settings, edits, number, files, wanted, unfinished)
            except FluxDepthError as exc:
                print(f"frame {number}: {exc}", file=sys.stderr)
                failed.append(number)
            while len(flying) >= IN_FLIGHT:
                failed += _land(flying.pop(0))
            if failed:
                break  # what made one frame fail (credits, key, network) would fail the next ones too
        while flying:
            failed += _land(flying.pop(0))
    finally:
        for flight in flying:
            flight.job.stop()
    if failed:
        print(f"fluxdepth: frame {failed[0]} failed; the same command resumes there", file=sys.stderr)
    return 1 if failed else 0


def _settings(chosen: argparse.Namespace, scene) -> SimpleNamespace:
    """What the command line says, and for the rest what the scene says. The scene itself is left as it is."""
    saved = scene.fluxdepth
    stored = {one.name: getattr(saved, one.name) for one in OPTIONS} | properties.values_of(saved)
    given = {one.name: getattr(chosen, one.name) for one in OPTIONS if getattr(chosen, one.name) is not None}
    image = None
    if chosen.image is not None:
        image = bpy.data.images.get(chosen.image)
        if image is None:
            raise UsageError(f"There is no image “{chosen.image}” in this file.")
    return SimpleNamespace(**{**stored, **given}, source="IMAGE" if image else "RENDER", image=image)


def _frame_numbers(chosen: argparse.Namespace, scene) -> range:
    if chosen.frames is None:
        frame = scene.frame_current if chosen.frame is None else chosen.frame
        return range(frame, frame + 1)
    if chosen.frames == "scene":
        return range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
    found = re.fullmatch(r"(-?\d+)(?:-(-?\d+))?(?::(\d+))?", chosen.frames)
    if found and int(found[3] or 1):
        numbers = range(int(found[1]), int(found[2] or found[1]) + 1, int(found[3] or 1))
        if numbers:
            return numbers
    raise UsageError(f"--frames can't be “{chosen.frames}”. Write it like 1-20, 1-20:2 or scene.")


def _files(pattern: str, frame: int, edits: list[DepthEdit]) -> list[Path]:
    """The result files of one frame, numbered from the second variation on."""
    path = Path(bpy.path.abspath(pattern)).absolute()
    suffix = f".{edits[0].format}"
    name = re.sub("#+", lambda run: f"{frame:0{len(run[0])}d}", path.name).removesuffix(suffix)
    numbers = ["", *(f"-{number}" for number in range(2, len(edits) + 1))]
    return [path.with_name(f"{name}{number}{suffix}") for number in numbers]


def _is_there(file: Path) -> bool:
    """Whether the result is there and whole; one that kept its transparency is PNG whatever was asked for."""
    for one in (file, file.with_suffix(".png")):
        with contextlib.suppress(OSError, ValueError):
            sniff(one.read_bytes())
            return True
    return False


def _take_off(
    settings: SimpleNamespace,
    edits: list[DepthEdit],
    frame: int,
    files: list[Path],
    wanted: list[int],
    unfinished: list[tuple[Job, EditEntry]],
) -> list[_Flight]:
    """Fetches what an interrupted run has paid for; renders and submits the rest. Raises FluxDepthError."""
    flights = []
    for job, entry in unfinished:
        for index in list(wanted):
            outputs = job.origin.get("outputs") or []
            ours = str(files[index]) in outputs[entry.index : entry.index + 1]
            if ours and dict(entry.settings) == dict(edits[index].values):
                print(f"frame {frame}: fetching what is paid for already", flush=True)
                wanted.remove(index)
                flights.append(_Flight(frame, {entry.index: files[index]}, RunningJob.start_recovery(job, entry)))
    if not wanted:
        return flights
    print(f"frame {frame}: {'reading the image' if settings.image else 'rendering'}", flush=True)
    bpy.context.scene.frame_set(frame)
    if not settings.image:
        bpy.ops.render.render()
    snapshot = sources.take(bpy.context, settings)
    # One job for the whole frame, or, where a part of it is there, one for each missing file.
    for indices in [wanted] if len(wanted) == len(edits) else [[index] for index in wanted]:
        targets = [files[index] for index in indices]
        origin = {**snapshot.origin, "outputs": [str(file) for file in targets]}
        request = EditRequest(edits[indices[0]], snapshot.encode, len(indices), origin)
        flights.append(_Flight(frame, dict(enumerate(targets)), RunningJob.start(request), snapshot))
    return flights


def _land(flight: _Flight) -> list[int]:
    """Waits for the job and writes its file; the frame's number comes back when that failed."""
    while not flight.job.finished:
        if flight.snapshot:
            flight.snapshot.serve()
        flight.job.join(WAIT)
        flight.job.drain()
    try:
        outcome = flight.job.outcome
        for result in outcome.results:
            _write(flight, result)
        errors = outcome.failures
    except FluxDepthError as exc:
        errors = (exc,)
    for error in errors:
        print(f"frame {flight.frame}: {error}", file=sys.stderr)
    return [flight.frame] if errors else []


def _write(flight: _Flight, result: Result) -> None:
    alpha = flight.snapshot.alpha if flight.snapshot else None
    picture = result.image if alpha is None else imaging.with_alpha(result.image, alpha)
    file = flight.files[result.index].with_suffix(picture.suffix)
    write_by_rename(file, picture.data, private=False)
    if result.file:
        Journal().mark_imported(result.job_id, result.index)
    print(f"frame {flight.frame}: {file}", flush=True)
