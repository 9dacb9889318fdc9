"""Small GTK pieces that the windows share. Imported in the interactive branch alone. Knows nothing of edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gi.repository import Gdk, GdkPixbuf, GimpUi, Gio, GLib, Gtk

from shared.errors import FluxDepthError, NextStep
from shared.language import tr, trn

SPACE = 6  # px between things that belong together; twice that between groups, as in GIMP's own dialogs
DIALOG_WIDTH = 540  # px
LEAST_HEIGHT = 240  # px of what scrolls
OTHER_PARTS = 240  # px: title bar, status line and buttons around what may scroll
TEXT_WIDTH = 64  # characters of a line of explanation

STEP_LABELS = {
    NextStep.CHANGE_SETTING: tr("Change It"),
    NextStep.OPEN_SETTINGS: tr("Settings…"),
    NextStep.TRY_AGAIN: tr("Tr_y Again"),
    NextStep.RECOVER: tr("Reco_ver"),
    NextStep.EDIT_ANYWAY: tr("Edit Anywa_y"),
}


def start() -> None:
    """GIMP's look and preferences for the windows that follow."""
    GimpUi.init("fluxdepth_gimp")
    GLib.set_prgname("fluxdepth_gimp")


def label(text: str = "", *, dim: bool = False, bold: bool = False) -> Gtk.Label:
    """A line of text from the left, wrapped where it is long."""
    made = Gtk.Label(label=text, xalign=0, wrap=True, max_width_chars=TEXT_WIDTH)
    if dim:
        made.get_style_context().add_class("dim-label")
    if bold:
        made.set_markup(f"<b>{GLib.markup_escape_text(text)}</b>")
    return made


def set_bold(widget: Gtk.Label, text: str) -> None:
    widget.set_markup(f"<b>{GLib.markup_escape_text(text)}</b>")


def row(*widgets: Gtk.Widget, grow: Gtk.Widget | None = None) -> Gtk.Box:
    box = Gtk.Box(orientation=Gtk.Orientation.HORIZONTAL, spacing=SPACE)
    for widget in widgets:
        box.pack_start(widget, widget is grow, widget is grow, 0)
    return box


def column(*widgets: Gtk.Widget, spacing: int = SPACE) -> Gtk.Box:
    box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=spacing)
    for widget in widgets:
        box.pack_start(widget, False, False, 0)
    return box


def with_digits(labeled: Gtk.Widget, digits: int) -> Gtk.Container:
    """One of GIMP's labelled number widgets, its field wide enough for the number and with as many decimals."""
    assert isinstance(labeled, Gtk.Container)
    for child in labeled.get_children():
        if isinstance(child, Gtk.SpinButton):
            child.set_digits(digits)
            child.set_width_chars(max(5, len(f"{child.get_range()[1]:.{digits}f}")))
    return labeled


def button(text: str, action: Callable[[], object], tooltip: str = "") -> Gtk.Button:
    made = Gtk.Button(label=text, use_underline=True)
    made.connect("clicked", lambda _: action())
    if tooltip:
        made.set_tooltip_text(tooltip)
    return made


def picture(pixbuf: GdkPixbuf.Pixbuf, side: int, scale: int) -> Gtk.Image:
    """An image whose longest side is ``side``; ``pixbuf`` is ``scale`` times as large, for the screen's own pixels."""
    made = Gtk.Image()
    set_picture(made, pixbuf, side, scale)
    return made


def set_picture(image: Gtk.Image, pixbuf: GdkPixbuf.Pixbuf, side: int, scale: int) -> None:
    """Show ``pixbuf`` in ``image``, as :func:`picture` does."""
    if scale == 1:
        image.set_from_pixbuf(pixbuf)
        return
    # As an icon, the way to a sharp image that needs no pycairo; icons are square.
    canvas = GdkPixbuf.Pixbuf.new(GdkPixbuf.Colorspace.RGB, True, 8, side * scale, side * scale)
    with_alpha = pixbuf.add_alpha(False, 0, 0, 0)
    if canvas is None or with_alpha is None:  # there is no memory for it
        image.set_from_pixbuf(pixbuf)
        return
    canvas.fill(0)
    width, height = pixbuf.get_width(), pixbuf.get_height()
    left, top = (side * scale - width) // 2, (side * scale - height) // 2
    with_alpha.copy_area(0, 0, width, height, canvas, left, top)
    image.set_from_gicon(canvas, Gtk.IconSize.DIALOG)
    image.set_pixel_size(side)


def scrolled(
    content: Gtk.Widget, resized: Callable[[], object], others: Sequence[Gtk.Widget] = ()
) -> Gtk.ScrolledWindow:
    """``content`` as high as it needs to be, up to what a small screen and the ``others``, where shown, leave for it.

    ``resized`` is called when that has changed.
    """
    display = Gdk.Display.get_default()
    monitor = display.get_monitor(0) if display else None  # there may be none, over a remote connection
    most = max(LEAST_HEIGHT, monitor.get_workarea().height - OTHER_PARTS) if monitor else LEAST_HEIGHT
    made = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, overlay_scrolling=False)
    made.add(content)

    def fit() -> bool:
        width = content.get_allocated_width() + content.get_margin_end()
        taken = sum(one.get_preferred_height_for_width(width)[1] + 2 * SPACE for one in others if one.get_visible())
        wanted = content.get_preferred_height_for_width(width)[1]
        height = min(max(LEAST_HEIGHT, most - taken), wanted)
        content.set_margin_end(SPACE if wanted > height else 0)  # off the scroll bar
        if height != made.get_min_content_height():
            made.set_min_content_height(height)  # as a minimum: else an error above would squeeze it
            resized()
        return GLib.SOURCE_REMOVE

    # Not within the allocation itself, where a new size would be lost.
    for one in (content, *others):
        one.connect("size-allocate", lambda *_: GLib.idle_add(fit))
        one.connect("hide", lambda *_: GLib.idle_add(fit))
    return made


def let_wheel_scroll(content: Gtk.Widget) -> None:
    """The wheel over the numbers and choices in ``content`` scrolls; it changes only the one that has the keyboard."""

    def turned(widget: Gtk.Widget, _event: Gdk.EventScroll) -> bool:
        window = widget.get_toplevel()
        focus = window.get_focus() if isinstance(window, Gtk.Window) else None
        if focus is None or not (focus is widget or focus.is_ancestor(widget)):
            widget.stop_emission_by_name("scroll-event")  # so that it goes on to what is around
        return Gdk.EVENT_PROPAGATE

    if isinstance(content, Gtk.Range | Gtk.SpinButton | Gtk.ComboBox):
        content.connect("scroll-event", turned)
    elif isinstance(content, Gtk.Container):
        for child in content.get_children():
            let_wheel_scroll(child)


class KeyEntry(Gtk.Box):
    """A field for the API key: hidden until the artist asks to see it."""

    def __init__(self, hint: str) -> None:
        super().__init__(orientation=Gtk.Orientation.HORIZONTAL, spacing=SPACE)
        self.entry = Gtk.Entry(visibility=False, hexpand=True, placeholder_text=hint, activates_default=True)
        self.entry.set_input_purpose(Gtk.InputPurpose.PASSWORD)
        self.entry.get_accessible().set_name(tr("API key"))
        # A check button, not an icon in the field: it can be reached with the keyboard.
        show = Gtk.CheckButton(label=tr("S_how"), use_underline=True)
        show.connect("toggled", lambda _: self.entry.set_visibility(show.get_active()))
        self.pack_start(self.entry, True, True, 0)
        self.pack_start(show, False, False, 0)

    @property
    def text(self) -> str:
        return self.entry.get_text().strip()


class _Bar(Gtk.Frame):
    """A sign, words and buttons beside them; nothing is shown until there are words.

    Not GTK's own InfoBar: it cuts off the last line of words that wrap beside a button, and swallows Escape.
    """

    def __init__(self, icon: str) -> None:
        super().__init__(no_show_all=True)
        self._sign = Gtk.Image(icon_name=icon, icon_size=Gtk.IconSize.DND, valign=Gtk.Align.START)
        self._words = label()
        self._words.set_selectable(True)  # for a mail to the support
        self._words.set_can_focus(False)  # else the whole text is selected as soon as it appears
        self._buttons = Gtk.Box(spacing=SPACE, valign=Gtk.Align.CENTER)
        inside = row(self._sign, self._words, self._buttons, grow=self._words)
        inside.set_border_width(SPACE)
        inside.show_all()
        self.add(inside)

    def _show(self, words: str) -> None:
        self._words.set_text(words)
        self._words.get_accessible().set_name(words)
        self.show()


class ErrorBar(_Bar):
    """An error, or a question before an edit is paid for, in words with the button that does the next step."""

    def __init__(self, act: Callable[[FluxDepthError], object]) -> None:
        super().__init__(GimpUi.ICON_DIALOG_ERROR)
        self._act = act
        self._error: FluxDepthError | None = None
        self._started = False
        self._button = button("", self._pressed)
        self._buttons.pack_start(self._button, False, False, 0)

    def tell(self, error: FluxDepthError, steps: dict[NextStep, str], *, started: bool = False) -> None:
        """Show ``error``; ``steps`` are the labels of the steps that can be done here.

        What had not ``started`` is about the settings as they were, and goes with :meth:`changed`.
        """
        self._error, self._started = error, started
        self.say(str(error), steps.get(error.next_step), asked=error.next_step is NextStep.EDIT_ANYWAY)

    def say(self, words: str, step: str | None = None, asked: bool = False) -> None:
        """Show ``words``, and a button ``step`` if there is one; ``asked``: nothing went wrong."""
        icon = GimpUi.ICON_DIALOG_QUESTION if asked else GimpUi.ICON_DIALOG_ERROR
        self._sign.set_from_icon_name(icon, Gtk.IconSize.DND)
        self._button.set_visible(bool(step))
        self._button.set_label(step or "")
        self._show(words)
        if step:
            self._button.grab_focus()

    def changed(self, setting: str) -> bool:
        """The artist has changed ``setting``: an error that was about it goes; whether it did."""
        goes = self._error is not None and (self._error.field == setting or not self._started)
        if goes:
            self.clear()
        return goes

    def clear(self) -> None:
        self._error = None
        self.hide()

    def _pressed(self) -> None:
        if self._error is not None:
            self._act(self._error)


class NoticeBar(_Bar):
    """What the artist should know before the next edit, with the buttons that deal with it."""

    def __init__(self, icon: str = GimpUi.ICON_DIALOG_WARNING) -> None:
        super().__init__(icon)

    def tell(self, text: str, actions: Mapping[str, Callable[[], object]]) -> None:
        """Show ``text``; ``actions`` are what the buttons say and do."""
        for child in self._buttons.get_children():
            self._buttons.remove(child)
        for words, act in actions.items():
            self._buttons.pack_start(button(words, act), False, False, 0)
        self._buttons.show_all()
        self._show(text)

    def clear(self) -> None:
        self.hide()


class WorkPanel(Gtk.Box):
    """What a running job shows: its stage, a bar, and the ways to stop waiting or to hide."""

    def __init__(self, stop: Callable[[], object], hide: Callable[[], object] | None) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=SPACE, no_show_all=True)
        self._bar = Gtk.ProgressBar(show_text=False, pulse_step=0.05)
        self._text = label()
        self._text.set_hexpand(True)
        self.stop_button = button(
            tr("S_top Waiting"),
            stop,
            tr("The service finishes an edit that it has taken, and bills it; Recover fetches it"),
        )
        buttons = [self.stop_button]
        if hide:
            buttons.append(
                button(tr("_Hide"), hide, tr("Go on in the status bar; Depth Edit… brings this window back"))
            )
        line = row(self._text, *buttons, grow=self._text)
        self._bar.set_margin_top(SPACE)
        for part in (self._bar, line):
            part.show_all()
            self.pack_start(part, False, False, 0)

    def show_progress(self, text: str, fraction: float | None) -> None:
        self._text.set_text(text)
        if fraction is None:
            self._bar.pulse()
        else:
            self._bar.set_fraction(fraction)


def let_gtk_draw() -> None:
    """So that the window says what is going on before something takes the main thread."""
    while GLib.MainContext.default().iteration(False):
        pass


def confirmed(parent: Gtk.Window, question: str, explanation: str, yes: str) -> bool:
    """Ask before what can't be taken back; ``yes`` is what the button says that does it."""
    asked = Gtk.MessageDialog(
        transient_for=parent, modal=True, message_type=Gtk.MessageType.QUESTION, text=question, title="Flux Depth"
    )
    asked.format_secondary_text(explanation)
    asked.add_button(tr("_Cancel"), Gtk.ResponseType.CANCEL)
    asked.add_button(yes, Gtk.ResponseType.OK)
    asked.set_default_response(Gtk.ResponseType.CANCEL)
    try:
        return bool(asked.run() == Gtk.ResponseType.OK)
    finally:
        asked.destroy()


def chosen_file(
    parent: Gtk.Window, title: str, endings: tuple[str, ...], kind: str, save_as: str | None = None
) -> Path | None:
    """Ask for a file whose name has one of ``endings``, with ``save_as`` for one to write; None when given up."""
    action = Gtk.FileChooserAction.OPEN if save_as is None else Gtk.FileChooserAction.SAVE
    chooser = Gtk.FileChooserNative.new(title, parent, action, None, None)
    wanted = Gtk.FileFilter()
    wanted.set_name(kind)
    for ending in endings:
        for spelt in (ending, ending.upper()):
            wanted.add_pattern(f"*.{spelt}")
    chooser.add_filter(wanted)
    if save_as is not None:
        chooser.set_current_name(save_as)
        chooser.set_do_overwrite_confirmation(True)
    try:
        accepted = chooser.run() == Gtk.ResponseType.ACCEPT
        name = chooser.get_filename() if accepted else None
        return Path(name) if name else None
    finally:
        chooser.destroy()


def take_files(widget: Gtk.Widget, take: Callable[[Path], object]) -> None:
    """``take`` gets the file that is dropped onto ``widget``, the first one of several."""

    def received(_widget: Gtk.Widget, *drop: Any) -> None:
        paths = [Gio.File.new_for_uri(uri).get_path() for uri in drop[3].get_uris() or ()]
        if paths and paths[0]:
            take(Path(paths[0]))

    widget.drag_dest_set(Gtk.DestDefaults.ALL, [], Gdk.DragAction.COPY)
    widget.drag_dest_add_uri_targets()
    widget.connect("drag-data-received", received)


def discard_question(count: int) -> tuple[str, str, str]:
    """The words for :func:`confirmed` before edits are given up."""
    return (
        trn("Give this edit up?", "Give these {count} edits up?", count).format(count=count),
        tr("It brings no credits back. It is not offered again; the history keeps the entry."),
        tr("_Discard"),
    )


def open_log(path: str, parent: Gtk.Window) -> str:
    """Open the log with the desktop's program for it. Returns where it is, and why it can't be opened if that is so."""
    try:
        Gtk.show_uri_on_window(parent, GLib.filename_to_uri(path), Gdk.CURRENT_TIME)
    except GLib.Error as exc:
        return tr("“{path}” can't be opened here: {reason}").format(path=path, reason=exc.message)
    return tr("The log is “{path}”.").format(path=path)


def open_folder_of(path: str, parent: Gtk.Window) -> str:
    """Open the folder of a file with the desktop's program for it. Returns where it is, and why if it can't be."""
    try:
        Gtk.show_uri_on_window(parent, GLib.filename_to_uri(GLib.path_get_dirname(path)), Gdk.CURRENT_TIME)
    except GLib.Error as exc:
        return tr("The file is “{path}”. Its folder can't be opened here: {reason}").format(
            path=path, reason=exc.message
        )
    return tr("The file is “{path}”.").format(path=path)
