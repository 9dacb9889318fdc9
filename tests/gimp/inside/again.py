"""Inside GIMP: results that are shown and hidden, and what they were made from."""

import json
import sys

from gi.repository import Gimp
from kit import SETUP, Notes, call, close_photos, edit, forget_jobs, layers, photo, record, use_service

sys.path.insert(0, SETUP["plug_in"])
import documents
from pixels.record import PARASITE, current_result, latest_result

notes = Notes()
use_service(SETUP["service"], SETUP["key"])


def seen(image):
    """The names of what is shown, groups and what is in them alike."""

    def names(found):
        return [name for one in found if one["visible"] for name in (one["name"], *names(one["children"]))]

    return names(layers(image.get_layers()))


def compare(case, image, *drawables):
    """What is shown before, after one click, and after another one."""
    shown = [seen(image)]
    for _ in range(2):
        status, message, _ = call("plug-in-fluxdepth-compare", image, drawables)
        shown.append(seen(image))
    notes.add(case, status=status, message=message, seen=shown)


image, source = photo()
compare("no result", image, source)
edit(image, [source], prompt="First, far")
edit(image, [source], prompt="Several, far", variations=2)
edit(image, [source], prompt="Third, far")
third, group, first = image.get_layers()[:3]
for one in (third, group, first):
    one.set_visible(False)
compare("all are hidden", image, source)
for one in (third, group, first):
    one.set_visible(True)
compare("the source", image, source)
compare("a result", image, first)
compare("one of several", image, group.get_children()[1])
compare("nothing selected", image)
third.set_visible(False)
compare("one is hidden", image, source)
compare("the hidden one", image, third)
for one in (third, group, first):
    one.set_visible(True)
notes.add(
    "current",
    none=current_result([source]) is None,
    several=current_result([third, first]) is None,
    result=current_result([first]).get_name(),
    latest=latest_result(image, [source]).get_name(),
    one_of_several=latest_result(image, [group.get_children()[1]]) == group.get_children()[1],
    group=current_result([group]).get_name(),
)
status, message, _ = call("plug-in-fluxdepth-again", image, [first])
notes.add("without a window", status=status, message=message)


def origin(case, layer):
    found = documents.origin(layer)
    notes.add(
        case,
        layer=found.layer.get_name() if found.layer else None,
        kind=found.kind,
        here=found.image.get_id() == layer.get_image().get_id(),
    )


origin("made from a layer", first)
notes.add(
    "carried", **{key: value for key, value in record(first).items() if key in ("settings", "variations", "place")}
)
source.set_name("Renamed")
origin("renamed", first)
# Version 0.1.0 wrote no place; the history knows it.
old = {key: value for key, value in record(first).items() if key not in ("place", "variations", "host_settings")}
first.attach_parasite(Gimp.Parasite.new(PARASITE, Gimp.PARASITE_PERSISTENT, json.dumps(old).encode()))
origin("of version 0.1.0", first)
before = {one.get_id() for one in Gimp.get_images()}
edit(image, [source], prompt="On its own, far", result="image")
own = next(one for one in Gimp.get_images() if one.get_id() not in before)
origin("in an image of its own", own.get_layers()[0])
source.set_name("Renamed again")
origin("in an image of its own, and not to be told from others", own.get_layers()[0])
own.delete()
edit(image, [source], prompt="All, far", source="visible")
origin("made from all", image.get_layers()[0])
image.remove_layer(source)
origin("the layer is gone", third)
forget_jobs()
origin("neither layer nor history", first)
first.attach_parasite(Gimp.Parasite.new(PARASITE, Gimp.PARASITE_PERSISTENT, b"[1, 2"))
notes.add("broken", none=current_result([first]) is None, held=len(documents.held()))
image.delete()

image, source = photo()
sky = source.copy()
sky.set_name("Sky")
image.insert_layer(sky, None, 0)
edit(image, [source], prompt="Photo's, far")
edit(image, [sky], prompt="Sky's, far")
compare("above another source", image, source)
edit(image, image.get_layers()[:1], prompt="Of a result, far")
compare("the first source", image, sky)
compare("a result of a result", image, image.get_layers()[0])
image.delete()

image, source = photo()
edit(image, [source], prompt="Photo's, far")
edit(image, [source], prompt="All, far", source="visible")
compare("below what was made of all", image, source)
compare("what was made of all", image, image.get_layers()[0])
image.delete()
close_photos()
