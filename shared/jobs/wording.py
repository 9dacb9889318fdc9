"""Progress, states, places and names in the artist's words, the same in both hosts and in the command."""

from __future__ import annotations

import enum
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..language import N_, number, tr, trn
from ..model.edit import DepthEdit
from ..pictures.sending import Kept
from ..storage.entries import Destination, EditEntry, EditState, Job

HOSTS = {"gimp": "GIMP", "blender": "Blender", "command": N_("the Blender command")}
LARGE = 1_500_000  # px; the models paint about a megapixel, whatever they are sent
PROMPT_LENGTH = 48  # characters of the prompt in a name; more would push the seed out of the hosts' lists
PRESET_NAME_LENGTH = 40  # characters of a name that is made of the prompt

_STATES = {
    EditState.PREPARED: N_("Not submitted"),
    EditState.SUBMITTING: N_("Submitting"),
    EditState.TAKEN: N_("To be fetched"),
    EditState.DONE: N_("Done"),
    EditState.FAILED: N_("Failed"),
    EditState.UNCERTAIN: N_("Uncertain, may be billed"),
    EditState.STOPPED: N_("Stopped before the submit"),
}


class Why(enum.Enum):
    """Why an edit is owed to the artist, in English."""

    WAITING = N_("paid for and never brought in")
    UNSAVED = N_("brought in and never saved")
    SUBMITTING = N_("still being submitted")
    UNCERTAIN = N_("may have been billed, and can't be found again")


@dataclass(frozen=True)
class Progress:
    """Where a job stands, for a bar and a line of text. ``fraction`` is 0–1, None when it can't be known."""

    text: str
    fraction: float | None


def generating(seconds: float, usual: float | None) -> Progress:
    """The wait for the service, ``seconds`` long so far; ``usual`` is how long such edits take."""
    if not usual:
        return Progress(tr("Generating {seconds} s").format(seconds=f"{seconds:.0f}"), None)
    words = tr("Generating {seconds} s, usually about {usual} s")
    return Progress(
        words.format(seconds=f"{seconds:.0f}", usual=max(1, round(usual))),
        min(0.98, seconds / usual),
    )


def submitting(seconds: float) -> Progress:
    """The paid call, ``seconds`` long so far: a service that does not take async makes the whole edit in it."""
    shown = tr("Submitting") if seconds < 1 else tr("Submitting {seconds} s").format(seconds=f"{seconds:.0f}")
    return Progress(shown, None)


def of_variations(progress: Progress, count: int, done: int) -> Progress:
    """``progress`` of a job of ``count`` edits of which ``done`` have ended."""
    if count < 2:
        return progress
    words = tr("{progress} ({done} of {count} done)") if done else tr("{progress} ({count} variations)")
    return Progress(words.format(progress=progress.text, done=done, count=count), progress.fraction)


def of_layers(progress: Progress, count: int, done: int) -> Progress:
    """``progress`` of one of ``count`` layers that are edited together; ``done`` of them have ended."""
    words = tr("{done} of {count} layers done · {progress}")
    return Progress(words.format(done=done, count=count, progress=progress.text), progress.fraction)


def staged(stage: str, fraction: float | None) -> Progress:
    """A stage (in English) with its share, e.g. ``Uploading 64 %``."""
    shown = tr(stage)
    if fraction is not None:
        shown = tr("{stage} {percent} %").format(stage=shown, percent=round(fraction * 100))
    return Progress(shown, fraction)


def order(count: int, price: int | None) -> str:
    """What is about to be paid for, e.g. ``4 paid edits · 200,000 credits``; ``price`` is that of one edit."""
    edits = trn("{count} paid edit", "{count} paid edits", count).format(count=number(count))
    if price is None:
        return edits
    return tr("{edits} · {credits} credits").format(edits=edits, credits=number(count * price))


def order_of_layers(layers: int, variations: int, price: int | None) -> str:
    """The same of several layers, e.g. ``3 layers × 2 variations = 6 paid edits · 300,000 credits``."""
    words = order(layers * variations, price)
    if layers < 2:
        return words
    shown = (
        tr("{layers} layers × {variations} variations = {order}") if variations > 1 else tr("{layers} layers = {order}")
    )
    return shown.format(layers=layers, variations=variations, order=words)


def kept_words(count: int, size: int) -> str:
    """What the history holds (``history.disk_use``), e.g. ``212 edits · 480 MB``."""
    edits = trn("{count} edit", "{count} edits", count).format(count=number(count))
    return f"{edits} · {number(size / 1e6)} MB" if size < 1e9 else f"{edits} · {number(size / 1e9, 1)} GB"


def one_line(prompt: str) -> str:
    """``prompt`` without line ends and other characters that no list can show."""
    return " ".join("".join(one if one.isprintable() else " " for one in prompt).split())


def short_prompt(prompt: str, length: int = PROMPT_LENGTH) -> str:
    """``prompt`` on one line, cut at a word to at most ``length`` characters."""
    line = one_line(prompt)
    if len(line) <= length:
        return line
    return line[: length + 1].rsplit(" ", 1)[0][:length].rstrip(" ,.;:") + "…"


def preset_name(prompt: str) -> str:
    """What a preset is called until the artist says otherwise."""
    return short_prompt(prompt, PRESET_NAME_LENGTH).rstrip("…") or tr("My Preset")


def result_name(edit: DepthEdit, most_bytes: int = 0) -> str:
    """How a result is called in its document: prompt and seed, within ``most_bytes`` of UTF-8 when that is not 0."""
    words, length = tr("{prompt} · seed {seed}"), PROMPT_LENGTH
    while True:
        name = words.format(prompt=short_prompt(edit.prompt, length) or "Flux Depth", seed=edit.seed)
        if not most_bytes or len(name.encode()) <= most_bytes or length <= 1:
            return name
        length -= 1


def numbers(edit: DepthEdit) -> str:
    """What a result was made with beside prompt and model, e.g. ``Seed 5 · 28 steps``."""
    words = tr("Seed {seed}") if edit.steps is None else tr("Seed {seed} · {steps} steps")
    return words.format(seed=edit.seed, steps=edit.steps)


def returned(kept: Kept) -> str:
    """What became of a result's size, e.g. ``The service returned 1248×832; enlarged 4.8×; detail kept on 62 %``."""
    words = (
        tr("The service returned {width}×{height}; enlarged {factor}×")
        if kept.share is None
        else tr("The service returned {width}×{height}; enlarged {factor}×; detail kept on {percent} %")
    )
    share = "" if kept.share is None else round(100 * kept.share)
    return words.format(width=kept.came[0], height=kept.came[1], factor=number(kept.factor, 1), percent=share)


def expected(width: int, height: int, fits: bool, keeps: bool) -> str:
    """What is likely to come back for a source of that size, in px, before it is paid for; "" for a small one.

    ``fits``: it is enlarged to the source's size; ``keeps``: with the source's detail.
    """
    if width * height < LARGE:
        return ""
    if not fits:
        return tr("About 1 megapixel comes back")
    if keeps:
        return tr("About 1 megapixel comes back; it is enlarged, and the source's detail is kept")
    return tr("About 1 megapixel comes back; it is enlarged")


def state_words(entry: EditEntry) -> str:
    """The state of an edit in the history."""
    if entry.discarded:
        return tr("Discarded")
    if entry.state is EditState.DONE and entry.unfinished:
        return tr("Done, not inserted yet")
    return tr(_STATES[entry.state])


def where(destination: Destination) -> str:
    """Where a result belongs, e.g. ``“photo.xcf” in GIMP``."""
    host = tr(HOSTS.get(destination.host, destination.host))
    if destination.files:
        words = tr("“{name}” and {count} more of {host}") if len(destination.files) > 1 else tr("“{name}” of {host}")
        return words.format(name=Path(destination.files[0]).name, count=len(destination.files) - 1, host=host)
    name = Path(destination.path).name or tr(destination.title)
    words = tr("“{name}” in {host}") if name else tr("an unsaved document in {host}")
    return words.format(name=name, host=host)


def when(job: Job) -> str:
    """When a job was started, in local time."""
    # Translators: date and time; %d is the day, %m the month, %Y the year, %H:%M the time.
    return time.strftime(tr("%Y-%m-%d %H:%M"), time.localtime(job.created))


def owed_words(job: Job, entries: Sequence[EditEntry], why: Why) -> str:
    """One sentence about edits that are owed: which, since when, where they belong, and their ids for the vendor."""
    prompt = short_prompt(job.asked(entries[0]).prompt)
    ids = ", ".join(entry.uuid for entry in entries if entry.uuid)
    if len(entries) > 1:
        words = tr("{count} edits “{prompt}” ({when}, {where}): {why}")
    else:
        words = tr("“{prompt}” ({when}, {where}): {why}")
    shown = words.format(
        count=len(entries), prompt=prompt, when=when(job), where=where(job.destination), why=tr(why.value)
    )
    return tr("{sentence}; id {ids}.").format(sentence=shown, ids=ids) if ids else f"{shown}."
