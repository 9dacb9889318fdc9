"""The choice of the model: what it is good for, and the settings that go along from one model to the next."""

from __future__ import annotations

import random
from collections.abc import Callable

import arguments
from gi.repository import Gimp, Gtk

from shared.language import tr
from shared.model.carry import Wishes
from shared.model.model import Model, in_order
from shared.model.models import MODELS
from shared.model.parameters import SEED_COUNT, Parameter, Role
from shared.service.offers import Offers
from windows import ui
from windows.setting_fields import SettingFields


class ModelBox(Gtk.Box):
    """The first choice under the prompt; ``changed`` is called when it has another model, and its values are set."""

    def __init__(self, config: Gimp.ProcedureConfig, fields: SettingFields, changed: Callable[[], object]) -> None:
        super().__init__(orientation=Gtk.Orientation.VERTICAL, spacing=ui.SPACE // 2)
        self._config, self._changed = config, changed
        self.model = arguments.chosen_model(config)
        self._wishes = Wishes(self.model)
        self.good_for = ui.label(dim=True)
        self.instead = ui.column()
        self.instead.set_no_show_all(True)
        self._offers: Offers | None = None
        self._names = Gtk.SizeGroup(mode=Gtk.SizeGroupMode.HORIZONTAL)
        self._fields = fields
        self.pack_start(fields.choice(arguments.MODEL.argument), False, False, 0)
        self.pack_start(self.good_for, False, False, 0)
        self.pack_start(self.instead, False, False, 0)
        config.connect(f"notify::{arguments.MODEL.argument}", self._take)
        self._tell()

    def _take(self, *_: object) -> None:
        model = arguments.chosen_model(self._config)
        if model is self.model:
            return
        values = arguments.values_of(self._config, self.model)
        if arguments.are_defaults(self._config):  # Reset
            self._wishes = Wishes(self.model)
            values = {}
        self.model = model
        arguments.write(self._config, self._wishes.change(model, values))
        self._tell()
        self._changed()

    def know(self, offers: Offers) -> None:
        """What the service has said: which models are gone is marked, and what is there is offered instead."""
        self._offers = offers
        marked = {
            one.name: tr("{model} (not offered any more)").format(model=one.label)
            for one in MODELS
            if not offers.has(one)
        }
        self._fields.mark(arguments.MODEL, marked)
        self._tell()
        self._changed()

    @property
    def price(self) -> int | None:
        """Credits of one edit, None when they are not known."""
        return self._offers.price(self.model) if self._offers else None

    def _tell(self) -> None:
        gone = self._offers is not None and not self._offers.has(self.model)
        self.good_for.set_text(
            tr("The service does not offer {model} any more. It offers:").format(model=self.model.label)
            if gone
            else f"{self.model.label} {tr(self.model.good_for)}."
        )
        for child in self.instead.get_children():
            child.destroy()
        for other in self._offers.models if gone and self._offers else ():
            self.instead.pack_start(self._offer(other), False, False, 0)
        self.instead.set_visible(gone)

    def _offer(self, model: Model) -> Gtk.Widget:
        def take() -> None:
            self._config.set_property(arguments.MODEL.argument, model.name)

        words = ui.label(dim=True)
        good_for = tr(model.good_for)
        words.set_text(good_for[0].upper() + good_for[1:])
        button = ui.button(model.label, take, good_for)
        self._names.add_widget(button)
        row = ui.row(button, words, grow=words)
        row.show_all()
        return row


class ModelFields:
    """The fields of the parameters of all models, of which those of the chosen one are seen."""

    def __init__(self, config: Gimp.ProcedureConfig, fields: SettingFields) -> None:
        self._config, self._fields = config, fields
        self._rows: dict[str, Gtk.Widget] = {}

    def main(self) -> list[Gtk.Widget]:
        """What is always in sight, without the prompt."""
        shown = [one for one in arguments.OF_MODELS if not (one.advanced or one.role is Role.PROMPT)]
        return [self._row(one) for one in in_order(shown)]

    def more(self) -> list[Gtk.Widget]:
        """What lies under More."""
        return [self._row(one) for one in arguments.OF_MODELS if one.advanced]

    def _row(self, parameter: Parameter) -> Gtk.Widget:
        name = parameter.argument
        if parameter.role is Role.SEED:
            row = self._seed(name)
        elif parameter.advanced:
            row = self._fields.of(name)
        else:
            row = self._fields.scale(name, parameter.decimals)
        row.show_all()
        row.set_no_show_all(True)
        self._rows[name] = row
        return row

    def _seed(self, name: str) -> Gtk.Widget:
        seed = self._fields.number(name, 0)
        seed.set_hexpand(True)
        for child in seed.get_children():
            child.set_hexpand(isinstance(child, Gtk.SpinButton))

        def roll() -> None:
            self._config.set_property(name, float(random.randrange(SEED_COUNT)))

        dice = ui.button(tr("Ra_ndom"), roll, tr("Roll the dice: another seed can change the depth a lot"))
        return ui.row(seed, dice, grow=seed)

    def show(self, model: Model) -> None:
        """Only what ``model`` has, with the choices and the slider that it has."""
        own = {one.argument: one for one in model.parameters}
        for name, row in self._rows.items():
            row.set_visible(name in own)
            if name in own:
                self._fields.fit(own[name])
