"""What a procedure says back: its return values to GIMP, its words to the artist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from gi.repository import Gimp, GLib, GObject
from pixels.place import Place

from shared.errors import Billed, Cancelled, FluxDepthError, NextStep
from shared.jobs.desk import Desk
from shared.jobs.ticket import Ticket
from shared.jobs.wording import where
from shared.language import tr, trn


def say(text: str) -> None:
    """A line for the artist: GIMP shows it in the status bar, in a window, or on the terminal."""
    Gimp.message(f"Flux Depth: {text}")


def tell(tickets: Iterable[Ticket], known: Collection[str] = ()) -> None:
    """Say what there is to be said about what has arrived, each sentence once; not what is ``known`` already."""
    remarks = [remark for ticket in tickets for remark in (*ticket.warnings, *_missing(ticket))]
    for remark in dict.fromkeys(remarks):
        if remark not in known:
            say(remark)


def layer_of(ticket: Ticket) -> str:
    """Which layer it is about, e.g. ``Layer “Sky”``."""
    return tr("Layer “{name}”").format(name=Place.from_json(ticket.destination.place).layer_name)


def announce(tickets: Iterable[Ticket]) -> None:
    """Say what has come in while the artist did something else."""
    for ticket in tickets:
        if ticket.images:
            say(tr("“{name}” has come in.").format(name=ticket.images[0].get_name()))


def _missing(ticket: Ticket) -> list[str]:
    if not ticket.images:
        return []
    if ticket.together:
        words = tr("{layer}: One variation did not arrive: {reason}")
    else:
        words = tr("One variation did not arrive: {reason}")
    return [words.format(layer=layer_of(ticket), reason=failure) for failure in ticket.failures]


def not_brought(desk: Desk) -> list[str]:
    """What Recover leaves where it is, a sentence for each: it belongs elsewhere, or can't be found again."""
    elsewhere = [tr("Not brought in here: {edit}").format(edit=owed.words) for owed in desk.elsewhere()]
    return elsewhere + [
        tr("{edit} Discard in History… takes it off this list.").format(edit=owed.words) for owed in desk.uncertain()
    ]


def error_of(ticket: Ticket) -> FluxDepthError | None:
    """Why nothing of ``ticket`` has come, in the artist's words; None while there is nothing to tell."""
    if ticket.images or ticket.active:
        return None
    if ticket.error is not None:
        return ticket.error
    return FluxDepthError(
        tr("The result is here, and {where} is not open any more.").format(where=where(ticket.destination)),
        tr("It is kept: Recover brings it in. If that image can't be opened any more, it becomes a new image."),
        billed=Billed.YES,
        next_step=NextStep.RECOVER,
    )


def error_of_all(tickets: Sequence[Ticket]) -> FluxDepthError | None:
    """The same of several: what went wrong, each of their layers by its name when it is not the same for all.

    Its next step is that of what matters most to the artist: what was paid for, then what may have been. Where some
    have come, that is told first.
    """
    made, count = sum(len(ticket.images) for ticket in tickets), sum(len(ticket.edits) for ticket in tickets)
    found: dict[str, tuple[FluxDepthError, list[str]]] = {}
    for ticket in tickets:
        error = error_of(ticket)
        if error is not None:
            found.setdefault(str(error), (error, []))[1].append(layer_of(ticket))
    if not found:
        return None
    one_layer = len({layer_of(ticket) for ticket in tickets}) == 1
    if one_layer or any(len(layers) == len(tickets) for _, layers in found.values()):
        told = [next(iter(found.values()))[0]]
    else:
        named = [error.about(", ".join(layers)) for error, layers in found.values()]
        told = sorted(named, key=lambda one: _WEIGHT[one.billed])
    if not made:
        return told[-1].after(told[:-1])
    words = trn(
        "{made} of {count} paid edits is made and billed.", "{made} of {count} paid edits are made and billed.", made
    )
    *others, last = (one.beside() for one in told)
    return last.after(others).beside(words.format(made=made, count=count))


_WEIGHT = {Billed.NO: 0, Billed.MAYBE: 1, Billed.YES: 2}


def failed(procedure: Gimp.Procedure, error: FluxDepthError) -> Gimp.ValueArray:
    """What the procedure returns to GIMP for ``error``."""
    if isinstance(error, Cancelled):
        say(str(error))  # GIMP passes no words on with a cancel, and credits may be at stake
        return procedure.new_return_values(Gimp.PDBStatusType.CANCEL, None)
    return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, GLib.Error(str(error)))


def ended(procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None) -> Gimp.ValueArray:
    """What a procedure without a result returns to GIMP when it was called for ``image``."""
    status = Gimp.PDBStatusType.CANCEL if _is_gone(run_mode, image) else Gimp.PDBStatusType.SUCCESS
    return procedure.new_return_values(status, None)


def _is_gone(run_mode: Gimp.RunMode, image: Gimp.Image | None) -> bool:
    """Whether GIMP must not hear of a success: it would write the settings into ``image``, and show that it can't."""
    return run_mode is not Gimp.RunMode.NONINTERACTIVE and image is not None and not image.is_valid()


def succeeded(
    procedure: Gimp.Procedure, run_mode: Gimp.RunMode, image: Gimp.Image | None, layer: Gimp.Layer | None
) -> Gimp.ValueArray:
    """What the procedure returns to GIMP for the new ``layer`` when it was called for ``image``."""
    if _is_gone(run_mode, image):
        return ended(procedure, run_mode, image)
    values = procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, None)
    if layer is not None and layer.is_valid():
        values.remove(1)
        values.insert(1, GObject.Value(Gimp.Layer.__gtype__, layer))
    return values
