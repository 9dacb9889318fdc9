"""The prompt: several lines, ready prompts, the recent ones, and one line of advice that fits."""

from __future__ import annotations

from collections.abc import Mapping

import arguments
from gi.repository import Gdk, Gimp, GLib, GObject, Gtk

from shared.jobs.wording import short_prompt
from shared.model.advice import advice
from shared.model.edit import PLACE
from shared.model.models import DEFAULT
from shared.model.parameters import Role, Value
from shared.model.presets import PRESETS, Preset
from shared.storage.journal import Journal
from shared.storage.library.index import recent_prompts
from windows import ui

HEIGHT = 84  # px: four lines
RECENT = 8
STEPS = 200  # steps back


class PromptBox(Gtk.Box):
    """Bound to the argument of the prompt; a preset sets some other arguments too."""

    def __init__(self, config: Gimp.ProcedureConfig) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=ui.SPACE)
        self._config = config
        prompt = DEFAULT.of(Role.PROMPT)
        assert prompt is not None  # what all models have, by one name
        self._name = prompt.argument
        self.view = Gtk.TextView(wrap_mode=Gtk.WrapMode.WORD_CHAR, accepts_tab=False, tooltip_text=prompt.help)
        for side in ("left", "right", "top", "bottom"):
            self.view.set_property(f"{side}-margin", 4)
        self.view.get_accessible().set_name(prompt.label)
        if config.get_property(self._name) is None:
            config.set_property(self._name, "")
        config.bind_property(
            self._name,
            self.view.get_buffer(),
            "text",
            GObject.BindingFlags.BIDIRECTIONAL | GObject.BindingFlags.SYNC_CREATE,
        )
        TextUndo(self.view)
        scrolled = Gtk.ScrolledWindow(shadow_type=Gtk.ShadowType.IN, min_content_height=HEIGHT)
        scrolled.add(self.view)
        name = Gtk.Label(label="Pr_ompt", use_underline=True, mnemonic_widget=self.view, xalign=0)
        ready = Gtk.MenuButton(label="Prese_ts", use_underline=True, popup=self._menu())
        ready.set_tooltip_text("Ready settings for the uses of the model's page, and your last prompts")
        self._advice = ui.label(dim=True)
        self.pack_start(ui.row(name, ready, grow=name), False, False, 0)
        self.pack_start(scrolled, True, True, 0)
        self.pack_start(self._advice, False, False, 0)
        for one in (arguments.MODEL, *arguments.OF_MODELS):
            config.connect(f"notify::{one.argument}", self._advise)
        self._advise()

    def _menu(self) -> Gtk.Menu:
        menu = Gtk.Menu()
        for preset in PRESETS:
            item = Gtk.MenuItem(label=preset.label, tooltip_text=preset.help)
            item.connect("activate", self._take, preset)
            menu.append(item)
        recent = recent_prompts(Journal().summaries(), RECENT)
        self._known = {"", *recent, *(words for preset in PRESETS for words in preset.prompts.values())}
        if recent:
            menu.append(Gtk.SeparatorMenuItem())
        for prompt in recent:
            item = Gtk.MenuItem(label=short_prompt(prompt), tooltip_text=prompt)
            item.connect("activate", lambda _, words: self._use({Role.PROMPT: words}), prompt)
            menu.append(item)
        menu.show_all()
        return menu

    @property
    def text(self) -> str:
        return self._config.get_property(self._name) or ""

    def _take(self, _item: Gtk.MenuItem, preset: Preset) -> None:
        self._use(preset.by_role(arguments.chosen_model(self._config)))

    def _use(self, chosen: Mapping[Role, Value]) -> None:
        prompt = str(chosen[Role.PROMPT])
        window = self.get_toplevel()
        assert isinstance(window, Gtk.Window)
        own = self.text.strip() not in {*self._known, prompt}
        if own and not ui.confirmed(
            window, "Replace your prompt?", "In the prompt, Ctrl+Z brings it back.", "_Replace"
        ):
            return
        arguments.write(self._config, arguments.chosen_model(self._config).named(chosen))
        self.view.grab_focus()
        self._select_place()

    def _select_place(self) -> None:
        """What the artist still has to say is selected, so that typing replaces it."""
        buffer = self.view.get_buffer()
        found = buffer.get_start_iter().forward_search(PLACE, Gtk.TextSearchFlags.TEXT_ONLY, None)
        if found:
            buffer.select_range(*found)

    def _advise(self, *_: object) -> None:
        model = arguments.chosen_model(self._config)
        self._advice.set_text(advice(arguments.values_of(self._config, model), model))


class TextUndo:
    """Undo and redo, which GTK 3 does not have: Ctrl+Z, and Ctrl+Shift+Z or Ctrl+Y.

    Letters of one word are one step; everything else that changes the text is a step of its own.
    """

    def __init__(self, view: Gtk.TextView) -> None:
        self._buffer = view.get_buffer()
        self._texts = [self._text()]
        self._at = 0
        self._in_word = False
        self._going = False
        self._noting = 0
        self._buffer.connect("changed", self._changed)
        view.connect("key-press-event", self._pressed)

    def _text(self) -> str:
        return self._buffer.get_text(*self._buffer.get_bounds(), include_hidden_chars=True)

    def _changed(self, _: Gtk.TextBuffer) -> None:
        # A text that is replaced goes before the new one comes: both are one step.
        if not (self._going or self._noting):
            self._noting = GLib.idle_add(self._note)

    def _note(self) -> bool:
        self._noting = 0
        text = self._text()
        if text != self._texts[self._at]:
            self._add(text)
        return GLib.SOURCE_REMOVE

    def _add(self, text: str) -> None:
        letter = len(text) == len(self._texts[self._at]) + 1 and not text[-1].isspace()
        del self._texts[self._at + 1 :]
        if not (letter and self._in_word):
            self._texts.append(text)
            del self._texts[:-STEPS]
        self._at = len(self._texts) - 1
        self._texts[self._at] = text
        self._in_word = letter

    def _pressed(self, _: Gtk.TextView, event: Gdk.EventKey) -> bool:
        if not event.state & Gdk.ModifierType.CONTROL_MASK or event.keyval not in (Gdk.KEY_z, Gdk.KEY_Z, Gdk.KEY_y):
            return False
        if self._noting:
            GLib.source_remove(self._noting)
            self._note()
        forward = event.keyval != Gdk.KEY_z
        self._at = max(0, min(len(self._texts) - 1, self._at + (1 if forward else -1)))
        self._in_word, self._going = False, True
        self._buffer.set_text(self._texts[self._at])
        self._going = False
        return True
