"""Progress, states, places and names in the artist's words, the same in both hosts and in the command."""

from __future__ import annotations

import enum
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model.edit import DepthEdit
from ..storage.entries import Destination, EditEntry, EditState, Job

HOSTS = {"gimp": "GIMP", "blender": "Blender", "command": "the Blender command"}
PROMPT_LENGTH = 48  # characters of the prompt in a name; more would push the seed out of the hosts' lists

_STATES = {
    EditState.PREPARED: "Not submitted",
    EditState.SUBMITTING: "Submitting",
    EditState.TAKEN: "To be fetched",
    EditState.DONE: "Done",
    EditState.FAILED: "Failed",
    EditState.UNCERTAIN: "Uncertain, may be billed",
    EditState.STOPPED: "Stopped before the submit",
}


class Why(enum.Enum):
    """Why an edit is owed to the artist."""

    WAITING = "paid for and never brought in"
    UNSAVED = "brought in and never saved"
    SUBMITTING = "still being submitted"
    UNCERTAIN = "may have been billed, and can't be found again"


@dataclass(frozen=True)
class Progress:
    """Where a job stands, for a bar and a line of text. ``fraction`` is 0–1, None when it can't be known."""

    text: str
    fraction: float | None


def generating(seconds: float, usual: float | None) -> Progress:
    """The wait for the service, ``seconds`` long so far; ``usual`` is how long such edits take."""
    if not usual:
        return Progress(f"Generating {seconds:.0f} s", None)
    return Progress(f"Generating {seconds:.0f} s, usually about {max(1, round(usual))} s", min(0.98, seconds / usual))


def submitting(seconds: float) -> Progress:
    """The paid call, ``seconds`` long so far: a service that does not take async makes the whole edit in it."""
    return Progress("Submitting" if seconds < 1 else f"Submitting {seconds:.0f} s", None)


def of_variations(progress: Progress, count: int, done: int) -> Progress:
    """``progress`` of a job of ``count`` edits of which ``done`` have ended."""
    if count < 2:
        return progress
    more = f" ({done} of {count} done)" if done else f" ({count} variations)"
    return Progress(progress.text + more, progress.fraction)


def of_layers(progress: Progress, count: int, done: int) -> Progress:
    """``progress`` of one of ``count`` layers that are edited together; ``done`` of them have ended."""
    return Progress(f"{done} of {count} layers done · {progress.text}", progress.fraction)


def staged(stage: str, fraction: float | None) -> Progress:
    """A stage with its share, e.g. ``Uploading 64 %``."""
    return Progress(stage if fraction is None else f"{stage} {round(fraction * 100)} %", fraction)


def order(count: int, price: int | None) -> str:
    """What is about to be paid for, e.g. ``4 paid edits · 200,000 credits``; ``price`` is that of one edit."""
    edits = f"{count} paid edit{'s' if count != 1 else ''}"
    return edits if price is None else f"{edits} · {count * price:,} credits"


def order_of_layers(layers: int, variations: int, price: int | None) -> str:
    """The same of several layers, e.g. ``3 layers × 2 variations = 6 paid edits · 300,000 credits``."""
    words = order(layers * variations, price)
    if layers < 2:
        return words
    return f"{layers} layers × {variations} variations = {words}" if variations > 1 else f"{layers} layers = {words}"


def kept_words(count: int, size: int) -> str:
    """What the history holds (``history.disk_use``), e.g. ``212 edits · 480 MB``."""
    edits = f"{count:,} edit{'s' if count != 1 else ''}"
    return f"{edits} · {size / 1e6:,.0f} MB" if size < 1e9 else f"{edits} · {size / 1e9:,.1f} GB"


def one_line(prompt: str) -> str:
    """``prompt`` without line ends and other characters that no list can show."""
    return " ".join("".join(one if one.isprintable() else " " for one in prompt).split())


def short_prompt(prompt: str, length: int = PROMPT_LENGTH) -> str:
    """``prompt`` on one line, cut at a word to at most ``length`` characters."""
    line = one_line(prompt)
    if len(line) <= length:
        return line
    return line[: length + 1].rsplit(" ", 1)[0][:length].rstrip(" ,.;:") + "…"


def result_name(edit: DepthEdit, most_bytes: int = 0) -> str:
    """How a result is called in its document: prompt and seed, within ``most_bytes`` of UTF-8 when that is not 0."""
    seed = f" · seed {edit.seed}"
    length = PROMPT_LENGTH
    while True:
        name = (short_prompt(edit.prompt, length) or "Flux Depth") + seed
        if not most_bytes or len(name.encode()) <= most_bytes or length <= 1:
            return name
        length -= 1


def state_words(entry: EditEntry) -> str:
    """The state of an edit in the history."""
    if entry.discarded:
        return "Discarded"
    if entry.state is EditState.DONE and entry.unfinished:
        return "Done, not inserted yet"
    return _STATES[entry.state]


def where(destination: Destination) -> str:
    """Where a result belongs, e.g. ``“photo.xcf” in GIMP``."""
    host = HOSTS.get(destination.host, destination.host)
    if destination.files:
        names = [f"“{Path(name).name}”" for name in destination.files]
        return f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''} of {host}"
    name = Path(destination.path).name or destination.title
    return f"“{name}” in {host}" if name else f"an unsaved document in {host}"


def when(job: Job) -> str:
    """When a job was started, in local time."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(job.created))


def owed_words(job: Job, entries: Sequence[EditEntry], why: Why) -> str:
    """One sentence about edits that are owed: which, since when, where they belong, and their ids for the vendor."""
    prompt = short_prompt(job.asked(entries[0]).prompt)
    count = f"{len(entries)} edits " if len(entries) > 1 else ""
    ids = ", ".join(entry.uuid for entry in entries if entry.uuid)
    words = f"{count}“{prompt}” ({when(job)}, {where(job.destination)}): {why.value}"
    return f"{words}; id {ids}." if ids else f"{words}."
