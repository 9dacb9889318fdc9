"""Inside GIMP: an edit by every model, and what a script has to say of it."""

from kit import SETUP, Notes, close_photos, edit, photo, use_service

TYPES = {"seed": float, "guidance": float}


def attempt(**values):
    image, layer = photo()
    status, message, _ = edit(image, [layer], **values)
    image.delete()
    return {"status": status, "message": message}


def values_of(example):
    values = {name: value for name, value in example["promptObject"].items() if name != "imageUrl"}
    values = {name: TYPES[name](value) if name in TYPES else value for name, value in values.items()}
    return {"model": example["model"].partition("/")[2], **values}


def main():
    notes = Notes()
    use_service(SETUP["service"], SETUP["key"])
    for example in SETUP["examples"]:
        values = values_of(example)
        notes.add(values["model"], **attempt(**{"format": "jpg", **values}))
    name = "flux-2-max"
    notes.add("left alone", **attempt(format="jpg", model=name, prompt="haze"))
    notes.add("of another model", **attempt(format="webp", model=name, prompt="haze", num_inference_steps=9))
    notes.add("place", **attempt(model="flux-depth-pro", prompt="{subject}, far away"))
    close_photos()


main()
