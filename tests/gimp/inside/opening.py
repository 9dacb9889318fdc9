"""Inside windowed GIMP: opens one of our windows, as its menu entry does, and answers when it was closed."""

from gi.repository import Gimp


def answer(asked):
    procedure = Gimp.get_pdb().lookup_procedure(asked["procedure"])
    config = procedure.create_config()
    config.set_property("run-mode", Gimp.RunMode.INTERACTIVE)
    if procedure.find_argument("image"):
        (image,) = Gimp.get_images()
        config.set_property("image", image)
        config.set_core_object_array("drawables", image.get_selected_layers())
    procedure.run(config)
    return {}
