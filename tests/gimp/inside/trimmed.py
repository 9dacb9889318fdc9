"""Inside GIMP: one edit, after which the plug-in drops what the history has too many."""

from kit import Notes, close_photos, edit, photo

image, layer = photo()
status, message, _ = edit(image, [layer])
Notes().add("edit", status=status, message=message)
image.delete()
close_photos()
