"""What will be sent: a small preview, the source's name and size, how it will travel, and what may not be meant."""

from __future__ import annotations

import arguments
from gi.repository import GdkPixbuf, Gimp, GLib, Gtk, Pango
from pixels.export import export
from pixels.preview import preview
from pixels.source import Source, find_sources, label_of

from shared.errors import FluxDepthError
from shared.jobs.wording import expected
from shared.language import N_, number, tr
from shared.pictures.sending import sent_format, sent_size
from windows import ui

SIDE = 96  # px of the preview
SETTLED = 300  # ms without a change until the picture is encoded to tell its size
# Encoding takes the main thread: below this it is not felt (0.2 s), above it only the size in pixels is told.
WEIGHED_PIXELS = 2_000_000
WEIGHED_FORMATS = ("jpg", "png")  # WebP takes longer, and GIMP's window the keyboard
KINDS = {Gimp.ImageBaseType.GRAY: N_("grayscale"), Gimp.ImageBaseType.INDEXED: N_("indexed")}
FORMATS = {"jpg": "JPEG", "png": "PNG", "webp": "WebP"}


FOLLOWED = (
    "source",
    "longest-side",
    "upload-format",
    "keep-transparency",
    "fit-to-source",
    "keep-detail",
    *(one.argument for one in arguments.OF_SELECTION),
)


class SourceBox(Gtk.Box):
    """Follows the arguments that decide what is sent."""

    def __init__(self, image: Gimp.Image, drawables: list[Gimp.Drawable], config: Gimp.ProcedureConfig) -> None:
        super().__init__(orientation=Gtk.Orientation.HORIZONTAL, spacing=2 * ui.SPACE, margin_bottom=ui.SPACE)
        self._image, self._drawables, self._config = image, drawables, config
        self._timer = 0
        self.count = 1  # of the pictures that are sent
        self._frame = Gtk.Frame(shadow_type=Gtk.ShadowType.IN, valign=Gtk.Align.CENTER)
        self._frame.set_size_request(SIDE, -1)
        self._name, self._size, self._sent, self._comes = ui.label(bold=True), ui.label(), ui.label(), ui.label()
        self._name.set_line_wrap(False)
        self._name.set_ellipsize(Pango.EllipsizeMode.END)
        self._comes.set_no_show_all(True)
        self._hint = ui.label()
        self._hint.set_no_show_all(True)
        self._as_image = ui.button(
            tr("As Ne_w Image"), self._ask_for_image, tr("It keeps its colours as an image of its own")
        )
        self._as_image.set_no_show_all(True)
        self._as_image.set_halign(Gtk.Align.START)
        lines = ui.column(self._name, self._size, self._sent, self._comes, self._hint, self._as_image, spacing=2)
        lines.set_valign(Gtk.Align.CENTER)
        self.pack_start(self._frame, False, False, 0)
        self.pack_start(lines, True, True, 0)
        for name in FOLLOWED:
            config.connect(f"notify::{name}", self.refresh)
        config.connect("notify::result", lambda *_: self._show_hint(self._sources()))
        self.connect("destroy", self._stop_timer)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Look again at what would be sent."""
        self._stop_timer()
        sources = self._sources()
        self._shown = self._facts(sources)
        self._show_hint(sources)
        self.count = 1
        if isinstance(sources, FluxDepthError):
            ui.set_bold(self._name, sources.message)
            self._size.set_text(sources.advice)
            self._sent.set_text("")
            self._comes.set_text("")
            self._show_preview(None)
            return
        self.count = len(sources)
        source = max(sources, key=lambda one: one.width * one.height)
        size = sent_size(source.width, source.height, self._config.get_property("longest-side"))
        file_format = sent_format(size, self._config.get_property("upload-format"))
        several = self.count > 1
        ui.set_bold(self._name, label_of(sources))
        self._size.set_text(tr("One edit of each") if several else f"{source.width}×{source.height} px")
        words = (
            tr("Sent as {format}, up to {width}×{height} px")
            if several
            else tr("Sent as {format}, {width}×{height} px")
        )
        self._travel = words.format(format=FORMATS[file_format], width=size[0], height=size[1])
        self._sent.set_text(self._travel)
        fits, keeps = map(self._config.get_property, ("fit-to-source", "keep-detail"))
        self._comes.set_text(expected(source.width, source.height, fits, fits and keeps))
        self._comes.set_visible(bool(self._comes.get_text()))
        self._show_preview(preview(sources[0], SIDE * self.get_scale_factor()))
        pixels = sum(one.width * one.height for one in sources)
        if pixels <= WEIGHED_PIXELS and file_format in WEIGHED_FORMATS:
            self._timer = GLib.timeout_add(SETTLED, self._weigh, sources)

    def take(self, image: Gimp.Image, drawables: list[Gimp.Drawable]) -> None:
        """Look at another source."""
        self._image, self._drawables = image, drawables
        self.refresh()

    def look_again(self) -> None:
        """The same when the artist may have selected something else."""
        if self._facts(self._sources()) != self._shown:
            self.refresh()

    def _show_hint(self, sources: list[Source] | FluxDepthError) -> None:
        """What an artist may overlook: a selection that is not used, colours that the image can't take."""
        kind = "" if isinstance(sources, FluxDepthError) else sources[0].kind
        base = KINDS.get(self._image.get_base_type()) if self._image.is_valid() else None
        words = []
        if kind in ("layer", "visible") and not Gimp.Selection.is_empty(self._image):
            words.append(tr("All of it is edited; for the selected part alone choose Selection as the source."))
        reduced = bool(kind and base and self._config.get_property("result") == "layer")
        if reduced and base:
            words.append(tr("The image is {kind}: a new layer in it loses the result's colours.").format(kind=tr(base)))
        self._hint.set_text(" ".join(words))
        self._hint.set_visible(bool(words))
        self._as_image.set_visible(reduced)

    def _ask_for_image(self) -> None:
        self._config.set_property("result", "image")

    def _sources(self) -> list[Source] | FluxDepthError:
        kind, context, feather = map(self._config.get_property, ("source", "selection-context", "selection-feather"))
        try:
            return find_sources(self._image, self._drawables, kind, context, feather)
        except FluxDepthError as exc:
            return exc

    def _weigh(self, sources: list[Source]) -> bool:
        self._timer = 0
        size = 0
        try:
            for source in sources:
                outgoing = export(
                    source,
                    longest_side=self._config.get_property("longest-side"),
                    upload_format=self._config.get_property("upload-format"),
                    keep_transparency=False,
                    keep_detail=False,
                )
                size += len(outgoing.picture.data)
        except FluxDepthError as exc:
            self._sent.set_text(exc.message)
        else:
            words = tr("{travel}, {size} in all") if len(sources) > 1 else tr("{travel}, {size}")
            self._sent.set_text(words.format(travel=self._travel, size=in_words(size)))
        return GLib.SOURCE_REMOVE

    def _show_preview(self, pixbuf: GdkPixbuf.Pixbuf | None) -> None:
        shown = self._frame.get_child()
        if shown:
            self._frame.remove(shown)
        if pixbuf:
            self._frame.add(ui.picture(pixbuf, SIDE, self.get_scale_factor()))
            self._frame.show_all()

    def _stop_timer(self, *_: object) -> None:
        if self._timer:
            GLib.source_remove(self._timer)
            self._timer = 0

    def _facts(self, sources: list[Source] | FluxDepthError) -> tuple[object, ...]:
        if isinstance(sources, FluxDepthError):
            return (str(sources),)
        selected = Gimp.Selection.bounds(self._image)[1]
        places = [(one.label, one.x, one.y, one.width, one.height) for one in sources]
        return places, selected, self._image.get_base_type()


def in_words(size: int) -> str:
    """A number of bytes as an artist reads it."""
    return f"{number(size / 1e6, 1)} MB" if size >= 100_000 else f"{max(1, round(size / 1000))} kB"
