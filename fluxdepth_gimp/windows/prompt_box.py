"""The prompt: several lines, ready prompts, the recent ones, and one line of advice that fits."""

from __future__ import annotations

import arguments
from gi.repository import Gimp, GObject, Gtk

from shared.jobs.wording import short_prompt
from shared.model.models import FLUX_DEPTH_PRO
from shared.model.parameters import Value
from shared.model.presets import PRESETS, advice
from shared.storage.journal import Journal
from windows import ui
from windows.text_undo import TextUndo

HEIGHT = 84  # px: four lines
RECENT = 8


class PromptBox(Gtk.Box):
    """Bound to the argument ``prompt``; a preset sets some other arguments too."""

    def __init__(self, config: Gimp.ProcedureConfig) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=ui.SPACE)
        self._config = config
        prompt = FLUX_DEPTH_PRO.parameter("prompt")
        self.view = Gtk.TextView(wrap_mode=Gtk.WrapMode.WORD_CHAR, accepts_tab=False, tooltip_text=prompt.help)
        for side in ("left", "right", "top", "bottom"):
            self.view.set_property(f"{side}-margin", 4)
        self.view.get_accessible().set_name(prompt.label)
        if config.get_property("prompt") is None:
            config.set_property("prompt", "")
        config.bind_property(
            "prompt",
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
        for name_ in ("prompt", "steps", "guidance"):
            config.connect(f"notify::{name_}", self._advise)
        self._advise()

    def _menu(self) -> Gtk.Menu:
        menu = Gtk.Menu()
        for preset in PRESETS:
            item = Gtk.MenuItem(label=preset.label, tooltip_text=preset.help)
            item.connect("activate", self._use, preset.values)
            menu.append(item)
        recent = Journal().recent_prompts(RECENT)
        self._known = {"", *recent, *(str(preset.values["prompt"]) for preset in PRESETS)}
        if recent:
            menu.append(Gtk.SeparatorMenuItem())
        for prompt in recent:
            item = Gtk.MenuItem(label=short_prompt(prompt), tooltip_text=prompt)
            item.connect("activate", self._use, {"prompt": prompt})
            menu.append(item)
        menu.show_all()
        return menu

    def _use(self, _item: Gtk.MenuItem, values: dict[str, Value]) -> None:
        window = self.get_toplevel()
        assert isinstance(window, Gtk.Window)
        own = self._config.get_property("prompt").strip() not in {*self._known, values["prompt"]}
        if own and not ui.confirmed(
            window, "Replace your prompt?", "In the prompt, Ctrl+Z brings it back.", "_Replace"
        ):
            return
        arguments.write(self._config, values)
        self.view.grab_focus()

    def _advise(self, *_: object) -> None:
        values = {name: self._config.get_property(name) for name in ("prompt", "steps", "guidance")}
        self._advice.set_text(advice({**values, "prompt": values["prompt"] or ""}))
