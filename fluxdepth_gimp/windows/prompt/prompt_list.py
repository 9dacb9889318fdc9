"""A text file's prompts, one edit each, in the place of the one that is written; taken back with one click."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from gi.repository import Gimp, Gtk
from main_loop import later
from windows import ui

from shared.errors import FluxDepthError, StorageError
from shared.jobs.wording import one_line, order
from shared.language import tr, trn
from shared.model.parameters import VARIATIONS
from shared.model.prompts import listed

ENDINGS = ("txt", "text", "md")
LARGEST = 1_000_000  # bytes; what is larger is no list of prompts
SHOWN = 20  # prompts in the tooltip


class PromptList(Gtk.Box):
    """Empty, and not seen, until :meth:`choose` has brought a file in."""

    def __init__(
        self,
        dialog: Gtk.Window,
        config: Gimp.ProcedureConfig,
        tell: Callable[[Sequence[str]], object],
        changed: Callable[[], object],
    ) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, no_show_all=True)
        self._dialog, self._config, self._tell, self._changed = dialog, config, tell, changed
        self.prompts: list[str] = []
        self._file = ""
        self._instead_of: tuple[Gtk.Widget, ...] = ()
        self._about = ui.label()
        back = ui.button(tr("Take Back"), self.take_back, tr("Use the prompt that you have written instead"))
        row = ui.row(self._about, back, grow=self._about)
        row.set_border_width(ui.SPACE)
        frame = Gtk.Frame()
        frame.add(row)
        frame.show_all()
        self.pack_start(frame, False, False, 0)
        config.connect(f"notify::{VARIATIONS.argument}", lambda *_: self._show())

    def instead_of(self, *widgets: Gtk.Widget) -> None:
        """What is not seen while there is a list."""
        self._instead_of = widgets

    @property
    def title(self) -> str:
        """What it is; "" when there is none."""
        count = len(self.prompts)
        words = trn("{count} prompt from {file}", "{count} prompts from {file}", count)
        return words.format(count=count, file=self._file) if count else ""

    def choose(self) -> None:
        """Ask for the file, and read it."""
        path = ui.chosen_file(self._dialog, tr("Prompts from a Text File"), ENDINGS, tr("Text files"))
        if path is not None:
            self.take_file(path)

    def take_file(self, path: Path) -> None:
        """Its prompts, read off the main thread."""
        later(lambda: _read(path), lambda answer: self._take(path, answer), self._dialog)

    def _take(self, path: Path, answer: list[str] | FluxDepthError) -> None:
        if isinstance(answer, FluxDepthError):
            self._tell([f"{answer.message} {answer.advice}"])
        elif not answer:
            self._tell([tr("There is no prompt in “{name}”: it takes one on each line.").format(name=path.name)])
        else:
            self._file = path.name
            self._tell([])
            self.keep(answer)

    def keep(self, prompts: list[str]) -> None:
        """These are the ones that are still to be made."""
        self.prompts = prompts
        self._show()
        self._changed()

    def take_back(self) -> None:
        """The written prompt counts again."""
        if self.prompts:
            self.keep([])

    def _show(self) -> None:
        for widget in self._instead_of:
            widget.set_visible(not self.prompts)
        self.set_visible(bool(self.prompts))
        count, each = len(self.prompts), self._config.get_property(VARIATIONS.argument)
        cost = order(count * each, None)
        self._about.set_text(
            tr("{prompts}, {each} variations each: {order}").format(prompts=self.title, each=each, order=cost)
            if each > 1
            else tr("{prompts}: {order}").format(prompts=self.title, order=cost)
        )
        lines = [one_line(prompt) for prompt in self.prompts[:SHOWN]]
        self.set_tooltip_text("\n".join(lines + (["…"] if count > SHOWN else [])))


def _read(path: Path) -> list[str]:
    """The different prompts of a file. Raises :class:`StorageError`."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        text = data.decode("utf-8")
    except OSError as exc:
        raise StorageError(
            tr("“{path}” can't be read: {reason}.").format(path=path, reason=exc.strerror or exc), ""
        ) from exc
    except UnicodeDecodeError as exc:
        raise StorageError(
            tr("“{path}” is no text in UTF-8.").format(path=path), tr("Save it as one, then take it again.")
        ) from exc
    if len(data) > LARGEST:
        raise StorageError(tr("“{path}” is too large for a list of prompts.").format(path=path), "")
    return list(dict.fromkeys(listed(text)))
