"""What the desk asks of GIMP: take the picture, is this document open, place these results, something has changed.

Works in GIMP's main thread alone. No decision about retries, ownership or billing is made here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import documents
from arguments import DETAIL_AS, Chosen
from gi.repository import Gimp
from pixels.coverage import Coverage
from pixels.export import export
from pixels.insert import Companions, insert, undo_step
from pixels.place import Place
from pixels.result.detail import Wanted
from pixels.source import Source, find_sources

from shared.errors import FluxDepthError, PictureError
from shared.jobs.desk import Desk
from shared.jobs.request import EditRequest, Taken
from shared.jobs.ticket import State, Ticket
from shared.jobs.wording import result_name
from shared.language import N_, tr
from shared.model.parameters import DETAIL_STRENGTH, GRAIN, KEEP_DETAIL
from shared.storage.credentials import key_or_error
from shared.storage.entries import ALPHA, MASK, SOURCE, Destination
from shared.storage.files import Spooled


class GimpHost:
    """GIMP, as one run of the plug-in sees it. ``interactive``: new images get a window."""

    name = documents.HOST

    def __init__(self, interactive: bool) -> None:
        self._interactive = interactive
        self.on_change: Callable[[], object] = lambda: None
        self._refused: dict[str, FluxDepthError] = {}  # by ticket: why it could not be inserted with its others

    def desk(self) -> Desk:
        """The desk of this run: GIMP is the process that has the documents, and lives longer than the plug-in's."""
        return Desk(self, process=documents.session())

    def take(
        self,
        image: Gimp.Image,
        drawables: Sequence[Gimp.Drawable],
        chosen: Chosen,
        confirmed: bool = False,
        begin: Callable[[str], object] = lambda words: None,
    ) -> list[EditRequest]:
        """The edits that were asked for, one for each layer, with their pictures. Raises :class:`FluxDepthError`.

        ``confirmed`` is a script's call: nobody can be asked whether the same edit is meant twice. ``begin`` is told
        what is taken before each, which can take a second.
        """
        key_or_error()
        sources = find_sources(image, drawables, chosen.source, chosen.context, chosen.feather)
        requests = []
        for number, source in enumerate(sources, 1):
            begin(
                tr("Preparing layer {number} of {count}").format(number=number, count=len(sources))
                if len(sources) > 1
                else tr("Preparing")
            )
            try:
                requests.append(self._taken(image, source, chosen, confirmed))
            except PictureError as exc:
                raise (exc.about(source.label) if len(sources) > 1 else exc) from exc
        return requests

    def _taken(self, image: Gimp.Image, source: Source, chosen: Chosen, confirmed: bool) -> EditRequest:
        outgoing = export(
            source,
            longest_side=chosen.longest_side,
            upload_format=str(chosen.host["upload_format"]),
            keep_transparency=chosen.host["keep_transparency"] is True,
            keep_detail=chosen.host["keep_detail"] is True and chosen.host["fit_to_source"] is True,
        )
        place = Place.of(
            source,
            fit=chosen.host["fit_to_source"] is True,
            new_image=chosen.host["result"] == "image",
            match_edge=chosen.host["match_edge"] is True,
        )
        coverages = {ALPHA: outgoing.alpha, MASK: outgoing.mask}
        companions: dict[str, bytes | Spooled] = {name: one.png for name, one in coverages.items() if one}
        if outgoing.source is not None:
            companions[SOURCE] = outgoing.source
        return EditRequest(
            chosen.edit,
            Taken(outgoing.picture, companions, outgoing.plain),
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
        """Insert the ticket's results where they belong; the new layers go into ``ticket.images``.

        Those of several layers of an image come with the first of them, in one undo step.
        """
        yield
        if not ticket.images and ticket.key not in self._refused:
            others = [one for one in ticket.together if one is not ticket and one.state is State.ARRIVING]
            image = self._image(ticket) if others else None
            with undo_step(image) if image is not None else contextlib.nullcontext():
                for one in (ticket, *others):
                    try:
                        self._insert(one)
                    except FluxDepthError as exc:
                        self._refused[one.key] = exc
        if (error := self._refused.pop(ticket.key, None)) is not None:
            raise error

    @staticmethod
    def _image(ticket: Ticket) -> Gimp.Image | None:
        """The open image that the ticket's results go into; None when they become one of their own."""
        return None if Place.from_json(ticket.destination.place).new_image else documents.find(ticket.destination)

    def _insert(self, ticket: Ticket) -> None:
        place, image = Place.from_json(ticket.destination.place), self._image(ticket)
        if image is not None and not place.overlaps(image.get_width(), image.get_height()):
            place = place.at_origin()
        companions = _companions(ticket, place)
        inserted = insert(ticket.results, place, companions, image)
        if inserted.new_image:
            documents.give_name(inserted.image, ticket.destination, result_name(ticket.results[0].edit))
        ticket.images += inserted.layers
        ticket.kept |= inserted.kept
        ticket.warnings += inserted.remarks
        ticket.placed_in(path=documents.path_of(inserted.image), session=documents.name_of(inserted.image))
        if inserted.new_image and self._interactive:
            Gimp.Display.new(inserted.image)
        Gimp.displays_flush()

    def changed(self, _ticket: Ticket | None) -> None:
        self.on_change()


def _companions(ticket: Ticket, place: Place) -> Companions:
    """What was written with the job for its results; what can't be read is told, and does without."""
    found = {}
    for name, words in (
        (ALPHA, N_("The transparency of the source could not be read again: {reason}.")),
        (MASK, N_("The selection of the source could not be read again: {reason}.")),
    ):
        data = ticket.companion(name)
        try:
            # Version 1 of the journal held them in the place.
            old = ticket.destination.place.get(name.removesuffix(".png"))
            found[name] = Coverage.from_png(data) if data else Coverage.from_version_1(old)
        except ValueError as exc:
            found[name] = None
            ticket.warnings.append(tr(words).format(reason=exc))
    wanted = _wanted(ticket.host_settings) if place.fit else None
    sent = ticket.sent if place.match_edge or wanted else None
    return Companions(found[ALPHA], found[MASK], sent, ticket.companion(SOURCE), wanted)


def _wanted(settings: Mapping[str, Any]) -> Wanted | None:
    """Of the source's detail."""
    if settings.get(KEEP_DETAIL.name) is not True:
        return None
    strength, grain = (float(settings.get(one.name, one.default)) / 100 for one in (DETAIL_STRENGTH, GRAIN))
    return Wanted(strength, grain, settings.get(DETAIL_AS.name) == "layer")
