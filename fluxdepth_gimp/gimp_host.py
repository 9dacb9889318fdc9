"""What the desk asks of GIMP: take the picture, is this document open, place these results, something has changed.

Works in GIMP's main thread alone. No decision about retries, ownership or billing is made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import documents
from arguments import Chosen
from gi.repository import Gimp
from pixels.coverage import Coverage
from pixels.export import export
from pixels.insert import Companions, insert
from pixels.place import Place
from pixels.source import find_source

from shared.jobs.desk import Desk
from shared.jobs.request import EditRequest, Taken
from shared.jobs.ticket import Ticket
from shared.jobs.wording import result_name
from shared.storage.credentials import key_or_error
from shared.storage.entries import ALPHA, MASK, Destination


class GimpHost:
    """GIMP, as one run of the plug-in sees it. ``interactive``: new images get a window."""

    name = documents.HOST

    def __init__(self, interactive: bool) -> None:
        self._interactive = interactive
        self.on_change: Callable[[], object] = lambda: None

    def desk(self) -> Desk:
        """The desk of this run: GIMP is the process that has the documents, and lives longer than the plug-in's."""
        return Desk(self, process=documents.session())

    def take(
        self, image: Gimp.Image, drawables: list[Gimp.Drawable], chosen: Chosen, confirmed: bool = False
    ) -> EditRequest:
        """The edit that was asked for, with its picture. Raises :class:`FluxDepthError`.

        ``confirmed`` is a script's call: nobody can be asked whether the same edit is meant twice.
        """
        key_or_error()  # told before the picture is encoded, which can take a second
        source = find_source(image, drawables, str(chosen.host["source"]))
        outgoing = export(
            source,
            longest_side=chosen.longest_side,
            upload_format=str(chosen.host["upload_format"]),
            keep_transparency=chosen.host["keep_transparency"] is True,
        )
        place = Place.of(source, fit=chosen.host["fit_to_source"] is True, new_image=chosen.host["result"] == "image")
        kept = {ALPHA: outgoing.alpha, MASK: outgoing.mask}
        return EditRequest(
            chosen.edit,
            Taken(
                outgoing.picture, {name: coverage.png for name, coverage in kept.items() if coverage}, outgoing.plain
            ),
            documents.destination(image, place),
            variations=chosen.variations,
            host_settings=dict(chosen.host),
            confirmed=confirmed,
        )

    def is_open(self, destination: Destination) -> bool:
        """Whether the image is; what was wanted as an image of its own needs none as long as this GIMP runs."""
        if documents.find(destination) is not None:
            return True
        return Place.from_json(destination.place).new_image and documents.of_this_session(destination)

    def place(self, ticket: Ticket) -> Iterator[None]:
        """Insert the ticket's results where they belong; the new layers go into ``ticket.images``."""
        place = Place.from_json(ticket.destination.place)
        image = None if place.new_image else documents.find(ticket.destination)
        if image is not None and not place.overlaps(image.get_width(), image.get_height()):
            place = place.at_origin()
        companions = _companions(ticket)
        yield
        inserted = insert(ticket.results, place, companions, image)
        if inserted.new_image:
            documents.give_name(inserted.image, ticket.destination, result_name(ticket.results[0].edit))
        ticket.images += inserted.layers
        ticket.warnings += inserted.remarks
        ticket.placed_in(path=documents.path_of(inserted.image), session=documents.name_of(inserted.image))
        if inserted.new_image and self._interactive:
            Gimp.Display.new(inserted.image)
        Gimp.displays_flush()

    def changed(self, _ticket: Ticket | None) -> None:
        self.on_change()


def _companions(ticket: Ticket) -> Companions:
    """Transparency and mask, as they were written with the job; what can't be read is told, and does without."""
    found = {}
    for name, words in ((ALPHA, "transparency"), (MASK, "selection")):
        data = ticket.companion(name)
        try:
            # Version 1 of the journal held them in the place.
            old = ticket.destination.place.get(name.removesuffix(".png"))
            found[name] = Coverage.from_png(data) if data else Coverage.from_version_1(old)
        except ValueError as exc:
            found[name] = None
            ticket.warnings.append(f"The {words} of the source could not be read again: {exc}.")
    return Companions(found[ALPHA], found[MASK])
