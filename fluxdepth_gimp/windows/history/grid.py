"""A grid of tiles that scrolls through any number of them, with mouse and keyboard. Only those in sight are widgets.

GTK's own FlowBox and IconView measure all they hold at each change: with a thousand that takes a good part of a second.
"""

from __future__ import annotations

from collections.abc import Callable

from gi.repository import Gdk, GdkPixbuf, GimpUi, GLib, Gtk, Pango

from shared.language import tr
from windows import ui

SIDE = 144  # px of a picture
WIDTH = SIDE + 4 * ui.SPACE  # px of a tile, at least
STEPS = {
    Gdk.KEY_Left: (-1, 0),
    Gdk.KEY_KP_Left: (-1, 0),
    Gdk.KEY_Right: (1, 0),
    Gdk.KEY_KP_Right: (1, 0),
    Gdk.KEY_Up: (0, -1),
    Gdk.KEY_KP_Up: (0, -1),
    Gdk.KEY_Down: (0, 1),
    Gdk.KEY_KP_Down: (0, 1),
}  # tiles, rows


class Tile(Gtk.FlowBoxChild):
    """One tile: a picture, a line of its own, and small lines. Its ``position`` changes as it is used again."""

    def __init__(self) -> None:
        super().__init__(no_show_all=True)
        self.position = -1
        self._shown: object = None
        self._picture = Gtk.Image(pixel_size=SIDE)
        self._picture.set_size_request(SIDE, SIDE)
        self._words = Gtk.Label(xalign=0, ellipsize=Pango.EllipsizeMode.END, use_markup=True)
        self._words.set_size_request(SIDE, -1)
        inside = ui.column(self._picture, self._words, spacing=ui.SPACE // 2)
        inside.set_border_width(ui.SPACE)
        inside.show_all()
        self.add(inside)

    def show_edit(self, title: str, lines: tuple[str, ...], picture: GdkPixbuf.Pixbuf | None, has_none: bool) -> None:
        """``has_none``: there is no picture, and a sign stands for it."""
        shown = (title, lines, picture, has_none)
        if shown == self._shown:
            return
        self._shown = shown
        small = GLib.markup_escape_text("\n".join(lines))
        self._words.set_markup(f"{GLib.markup_escape_text(title)}\n<small>{small}</small>")
        self.set_tooltip_text("\n".join((title, *lines)).strip() or None)
        self.get_accessible().set_name(", ".join(one for one in (title, *lines) if one) or tr("Being read"))
        if picture:
            ui.set_picture(self._picture, picture, SIDE, self.get_scale_factor())
        elif has_none:
            self._picture.set_from_icon_name(GimpUi.ICON_IMAGE, Gtk.IconSize.DIALOG)
            self._picture.set_pixel_size(SIDE // 3)
        else:
            self._picture.clear()


class Grid(Gtk.ScrolledWindow):
    """See the module. ``fill`` shows what belongs at a tile's position; ``in_sight`` is told when that changes.

    ``chosen`` is called with each new choice (-1: none), ``activated`` by Return and a double click; other keys go to
    ``pressed``, which says whether it took them.
    """

    def __init__(
        self,
        *,
        fill: Callable[[Tile], object],
        in_sight: Callable[[range], object],
        chosen: Callable[[int], object],
        activated: Callable[[], object],
        pressed: Callable[[Gdk.EventKey], bool],
    ) -> None:
        super().__init__(
            hscrollbar_policy=Gtk.PolicyType.NEVER,
            vscrollbar_policy=Gtk.PolicyType.ALWAYS,
            overlay_scrolling=False,
            shadow_type=Gtk.ShadowType.IN,
        )
        self._fill, self._in_sight, self._told = fill, in_sight, chosen
        self._activated, self._other_key = activated, pressed
        self.total = 0
        self.chosen = -1
        self._columns = self._height = 1
        self._placing = False
        self._tiles: list[Tile] = []
        self._flow = Gtk.FlowBox(homogeneous=True, activate_on_single_click=False)
        self._flow.set_selection_mode(Gtk.SelectionMode.SINGLE)
        self._flow.get_accessible().set_name(tr("Edits"))
        self._flow.connect("selected-children-changed", self._clicked)
        self._flow.connect("child-activated", lambda *_: activated())
        self._layout = Gtk.Layout()
        self._layout.put(self._flow, 0, 0)
        self.add(self._layout)
        self._layout.get_style_context().add_class("view")
        self.get_vadjustment().connect("value-changed", lambda _: self._place())
        self._layout.connect("size-allocate", lambda *_: GLib.idle_add(self._place))  # not within the allocation

    def show_total(self, total: int, chosen: int) -> None:
        """There are so many now, and what they hold may be new; ``chosen`` is where the choice is now."""
        self.total = total
        self.chosen = min(chosen, total - 1)
        self._place()

    def choose(self, position: int) -> None:
        """Choose a tile, bring it into sight and give it the keyboard."""
        if not self.total:
            return
        self.chosen = max(0, min(position, self.total - 1))
        top = self.chosen // self._columns * self._height
        self.get_vadjustment().clamp_page(top, top + self._height)
        self._place()
        self.grab()
        self._told(self.chosen)

    def grab(self) -> None:
        """Give the keyboard to the chosen tile, or to any."""
        tiles = [one for one in self._tiles if one.get_visible()]
        tile = next((one for one in tiles if one.position == self.chosen), tiles[0] if tiles else None)
        if tile:
            tile.grab_focus()

    def _place(self) -> bool:
        """Put the tiles where they are in sight, as many as that takes."""
        width, adjustment = self._layout.get_allocated_width(), self.get_vadjustment()
        if width > 1 and not self._placing:
            self._placing = True  # moving and measuring them may call here again
            self._columns = max(1, width // WIDTH)
            self._flow.set_min_children_per_line(self._columns)
            self._flow.set_max_children_per_line(self._columns)
            self._flow.set_size_request(width, -1)
            if self.total:
                self._grow(1)
                self._tiles[0].show()  # what is hidden measures nothing, and thousands would seem to be in sight
                self._height = max(1, self._tiles[0].get_preferred_height()[1])
            rows = -(-self.total // self._columns)
            self._layout.set_size(width, rows * self._height)
            adjustment.set_upper(max(rows * self._height, adjustment.get_page_size()))
            value = min(adjustment.get_value(), max(0, adjustment.get_upper() - adjustment.get_page_size()))
            adjustment.set_value(value)
            first = int(value) // self._height * self._columns
            in_view = (int(adjustment.get_page_size()) // self._height + 2) * self._columns
            self._use(range(first, max(first, min(self.total, first + in_view))))
            top = first // self._columns * self._height
            if top != self._layout.child_get_property(self._flow, "y"):  # each move makes GTK measure anew
                self._layout.move(self._flow, 0, top)
            self._placing = False
        return GLib.SOURCE_REMOVE

    def _use(self, positions: range) -> None:
        self._grow(len(positions))
        self._in_sight(positions)
        chosen = None
        for number, tile in enumerate(self._tiles):
            there = number < len(positions)
            tile.position = positions[number] if there else -1
            tile.set_visible(there)
            if there:
                self._fill(tile)
                chosen = tile if tile.position == self.chosen else chosen
        self._flow.set_visible(bool(positions))
        if chosen is None:
            self._flow.unselect_all()
        elif not chosen.is_selected():
            self._flow.select_child(chosen)
            if any(tile.has_focus() for tile in self._tiles):
                chosen.grab_focus()

    def _grow(self, count: int) -> None:
        while len(self._tiles) < count:
            tile = Tile()
            tile.connect("key-press-event", self._pressed)
            self._tiles.append(tile)
            self._flow.add(tile)
            tile.show_edit("", ("", "", ""), None, False)
            tile.show()

    def _clicked(self, _: Gtk.FlowBox) -> None:
        selected = next((one for one in self._tiles if one.is_selected()), None)
        if selected and not self._placing and selected.position != self.chosen:
            self.chosen = selected.position
            self._told(self.chosen)

    def _pressed(self, tile: Tile, event: Gdk.EventKey) -> bool:
        # What was scrolled out of sight is left behind: the keys go on from the tile that has the keyboard.
        at = self.chosen if self.chosen >= 0 else tile.position
        page = max(1, int(self.get_vadjustment().get_page_size()) // self._height)
        if event.state & Gtk.accelerator_get_default_mod_mask():
            return self._other_key(event)
        if event.keyval in STEPS:
            across, down = STEPS[event.keyval]
            target = at + across + down * self._columns
            if 0 <= target < self.total or (down > 0 and at // self._columns < (self.total - 1) // self._columns):
                self.choose(target)
        elif event.keyval in (Gdk.KEY_Home, Gdk.KEY_KP_Home):
            self.choose(0)
        elif event.keyval in (Gdk.KEY_End, Gdk.KEY_KP_End):
            self.choose(self.total - 1)
        elif event.keyval in (Gdk.KEY_Page_Up, Gdk.KEY_KP_Page_Up):
            self.choose(at - page * self._columns)
        elif event.keyval in (Gdk.KEY_Page_Down, Gdk.KEY_KP_Page_Down):
            self.choose(at + page * self._columns)
        elif event.keyval in (Gdk.KEY_Return, Gdk.KEY_KP_Enter):
            self._activated()
        else:
            return self._other_key(event)
        return Gdk.EVENT_STOP
