"""Inside GIMP: edits that the test outside stops or kills in the middle, and what Recover brings in afterwards."""

from gi.repository import Gimp
from kit import (
    OUT,
    SETUP,
    Notes,
    call,
    close_photos,
    edit,
    photo,
    pixels,
    record,
    state,
    tree,
    use_service,
    wait_for_file,
)

notes = Notes()
use_service(SETUP["service"], SETUP["key"], "async")
image, layer = photo()
image.select_ellipse(Gimp.ChannelOps.REPLACE, 60, 50, 100, 80)
image.clean_all()
for case in SETUP["cases"]:
    before = state(image)
    (OUT / f"{case}.begun").touch()
    status, message, _ = edit(image, [layer], source=SETUP["cases"][case])
    after = state(image)
    notes.add(case, status=status, message=message, changed=[part for part in before if before[part] != after[part]])
    (OUT / f"{case}.ended").touch()
    wait_for_file(OUT / f"{case}.next")  # the service is set up for the next case

wait_for_file(OUT / "recover")
status, message, new = call("plug-in-fluxdepth-recover", image, [layer])
notes.add(
    "recovered",
    status=status,
    message=message,
    layers=tree(image.get_layers()),
    record=new and record(new),
    same=[
        pixels(one, "R'G'B' u8") == pixels(layer, "R'G'B' u8")
        for one in image.get_layers()
        if one.get_width() == layer.get_width()
    ],
)
status, message, new = call("plug-in-fluxdepth-recover", image, [layer])
notes.add("recovered again", status=status, layers=len(image.get_layers()), layer=new is not None)

# Its image has no file and is closed: the results come in images of their own, whatever is open.
image.delete()
(OUT / "again").touch()
wait_for_file(OUT / "recover again")
known = {one.get_id() for one in Gimp.get_images()}
status, message, new = call("plug-in-fluxdepth-recover")
notes.add("recovered without an image", status=status, message=message, layer=new is not None)
for one in Gimp.get_images():
    if one.get_id() not in known:
        one.delete()
close_photos()
