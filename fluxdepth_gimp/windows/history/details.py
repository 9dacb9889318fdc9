"""What the History window says about an edit: in its tile, and beside the grid for the chosen one."""

from __future__ import annotations

from gi.repository import Gtk, Pango

from shared.jobs.wording import short_prompt, state_words, when, where
from shared.language import number, tr
from shared.model.edit import DepthEdit
from shared.model.parameters import Kind, Role
from shared.storage.library.history import Edit
from windows import ui

PROMPT_LENGTH = 60  # characters in a tile; the whole prompt stands beside the grid
WIDTH = 300  # px
STAR = "★ "


def tile_words(edit: Edit) -> tuple[str, tuple[str, str, str]]:
    """The title and the small lines of a tile."""
    asked = edit.job.asked(edit.entry)
    star = STAR if edit.entry.starred else ""
    lines = (
        tr("Seed {seed} · {model}").format(seed=asked.seed, model=asked.model.label),
        f"{state_words(edit.entry)} · {when(edit.job)}",
        where(edit.job.destination),
    )
    return star + short_prompt(asked.prompt, PROMPT_LENGTH), lines


class Details(Gtk.Box):
    """The chosen edit in full: prompt, settings, state, what went wrong, and the id to quote to the vendor."""

    def __init__(self) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=ui.SPACE)
        self._prompt = ui.label()
        self._about = ui.label(dim=True)
        self._id = ui.label(dim=True)
        for words in (self._prompt, self._id):
            words.set_selectable(True)  # the id is quoted to the vendor
            words.set_can_focus(False)  # else the keyboard way to the buttons leads through all of them
        for words in (self._prompt, self._about, self._id):
            words.set_max_width_chars(1)  # wrapped to the width of the pane, whatever they say
            words.set_line_wrap_mode(Pango.WrapMode.WORD_CHAR)  # an id has no blanks
            self.pack_start(words, False, False, 0)

    def show_edit(self, edit: Edit | None) -> None:
        """Nothing is said when ``edit`` is None."""
        if edit is None:
            for words in (self._prompt, self._about, self._id):
                words.set_text("")
            return
        entry, asked = edit.entry, edit.job.asked(edit.entry)
        self._prompt.set_text(asked.prompt)
        state = f"{state_words(entry)} · {when(edit.job)} · {where(edit.job.destination)}"
        self._about.set_text("\n".join(line for line in (state, _settings(asked), entry.error) if line))
        self._id.set_text(tr("Id at the service: {id}").format(id=entry.uuid) if entry.uuid else "")


def _settings(edit: DepthEdit) -> str:
    """The model and the settings in the artist's words, without the prompt."""
    words = [edit.model.label]
    for parameter in edit.model.parameters:
        if parameter.role is Role.PROMPT:
            continue
        value = edit.values.get(parameter.name, parameter.default)
        if parameter.kind is Kind.BOOLEAN:
            value = tr("yes") if value else tr("no")
        elif parameter.kind is Kind.REAL and isinstance(value, float):
            value = number(value, parameter.decimals)
        words.append(tr("{setting} {value}").format(setting=tr(parameter.label), value=value))
    return " · ".join(words)
