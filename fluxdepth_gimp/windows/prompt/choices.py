"""What each variation will ask for when the prompt has choices, ``{red|blue}``: seen before it is paid for."""

from __future__ import annotations

from gi.repository import Gimp, Gtk, Pango
from windows import ui

from shared.jobs.wording import one_line
from shared.language import tr
from shared.model.parameters import VARIATIONS
from shared.model.prompts import combinations, expanded

LINES = 4  # seen at once; the tooltip has all


class Choices(Gtk.Box):
    """Follows the prompt and the number of variations; nothing is seen of it when there is no choice."""

    def __init__(self, config: Gimp.ProcedureConfig, prompt: str) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=2, no_show_all=True)
        self._config, self._prompt = config, prompt
        self._lines = [Gtk.Label(xalign=0, ellipsize=Pango.EllipsizeMode.END) for _ in range(LINES)]
        for line in self._lines:
            self.pack_start(line, False, False, 0)
        self._more = ui.label(dim=True)
        self._all = ui.button("", self._make_all, tr("Set the number of variations; each one is a paid edit"))
        self._last = ui.row(self._more, self._all, grow=self._more)
        self._last.show_all()
        self.pack_start(self._last, False, False, 0)
        for name in (prompt, VARIATIONS.argument):
            config.connect(f"notify::{name}", self._refresh)
        self._refresh()

    def _refresh(self, *_: object) -> None:
        prompt = (self._config.get_property(self._prompt) or "").strip()
        count = combinations(prompt)
        self.set_visible(count > 1)
        if count < 2:
            return
        made = self._config.get_property(VARIATIONS.argument)
        asked = [f"{number}. {one_line(words)}" for number, words in enumerate(expanded(prompt, made), 1)]
        for line, words in zip(self._lines, [*asked[:LINES], *[""] * LINES], strict=False):
            line.set_text(words)
            line.set_visible(bool(words))
        self.set_tooltip_text("\n".join(asked))
        most = int(VARIATIONS.maximum)
        told = [tr("And {count} more.").format(count=made - LINES)] if made > LINES else []
        if made < count <= most:
            self._all.set_label(tr("Make All {count} as Variations").format(count=count))
        elif count > most:
            told.append(
                tr("There are {count} combinations; {most} variations are the most.").format(count=count, most=most)
            )
        self._more.set_text(" ".join(told))
        self._all.set_visible(made < count <= most)
        self._last.set_visible(bool(told) or made < count <= most)

    def _make_all(self) -> None:
        prompt = (self._config.get_property(self._prompt) or "").strip()
        self._config.set_property(VARIATIONS.argument, combinations(prompt))
