"""The extension's preferences: a window onto the core's key file and settings. Nothing is stored in Blender itself."""

import dataclasses
import os
from typing import Any

import bpy

from .. import history, properties, session, translation
from ..operators import access, service
from ..shared.errors import FluxDepthError
from ..shared.language import N_, tr
from ..shared.model.parameters import Kind, Parameter
from ..shared.storage import files, settings as stored
from . import texts


def _get_key(_preferences: bpy.types.AddonPreferences) -> str:
    return service.refused  # a key leaves its file for the service only


def _set_key(_preferences: bpy.types.AddonPreferences, text: str) -> None:
    service.take_key(text)


def _kept_in_core(parameter: Parameter) -> object:
    """A property whose value lives in the core's settings file, shared with GIMP."""
    values = [choice.value for choice in parameter.choices]

    def read(_preferences: bpy.types.AddonPreferences) -> str | int:
        value = getattr(stored.load(), parameter.name)
        return values.index(value) if values else value

    def change(_preferences: bpy.types.AddonPreferences, value: str | int) -> None:
        changed: dict[str, Any] = {parameter.name: values[int(value)] if values else value}
        try:
            stored.save(dataclasses.replace(stored.load(), **changed))
            service.say("")
        except FluxDepthError as exc:
            service.say(str(exc))

    common: dict[str, Any] = {"name": parameter.label, "description": parameter.help, "get": read, "set": change}
    if parameter.kind is Kind.CHOICE:
        return bpy.props.EnumProperty(items=[(one.value, one.label, one.help) for one in parameter.choices], **common)
    if parameter.kind is Kind.INTEGER:
        return bpy.props.IntProperty(
            min=0 if parameter.zero_means else int(parameter.minimum), max=int(parameter.maximum), **common
        )
    return bpy.props.StringProperty(**common)


def _draw(self: bpy.types.AddonPreferences, context: bpy.types.Context) -> None:
    translation.follow()
    layout = self.layout
    reason = access.online_access_problem()
    if reason:
        box = layout.box()
        texts.paragraph(box, reason + ".", texts.width_of(context), icon="ERROR")
        box.operator("fluxdepth.online_preferences", icon="INTERNET")
    layout.use_property_split = True
    layout.use_property_decorate = False
    if session.info is None:
        session.refresh()
    source = session.info.key_source if session.info else ""
    row = layout.row(align=True)
    row.prop(
        self,
        "api_key",
        text=tr("API key"),
        placeholder=tr("Paste another key") if source else tr("Paste your 1min.ai key"),
    )
    row.operator("fluxdepth.forget_key", text="", icon="TRASH")
    in_use = tr("In use: the key of {place}").format(place=tr(source))
    known = in_use if source else tr("No key yet. Yours is in your 1min.ai account, under API")
    texts.paragraph(layout, known, texts.width_of(context), icon="CHECKMARK" if source else "INFO")
    key_buttons(layout)
    if service.said:
        texts.paragraph(layout.box(), service.said, texts.width_of(context), icon="INFO")
    layout.prop(self, "service_address")
    if os.environ.get("FLUXDEPTH_BASE_URL"):
        words = tr("FLUXDEPTH_BASE_URL is set, so {address} is used").format(address=os.environ["FLUXDEPTH_BASE_URL"])
        texts.paragraph(layout, words, texts.width_of(context), icon="INFO")
    layout.prop(self, "waiting")
    for parameter in (stored.HISTORY_LIMIT, stored.ASK_ABOVE, stored.MONTHLY_LIMIT):
        layout.prop(self, parameter.name)
        if parameter is stored.HISTORY_LIMIT:
            history.follow_the_disk()
            kept = tr("Now {kept}").format(kept=history.kept) if history.kept else tr("Reading…")
            texts.paragraph(layout, kept, texts.width_of(context))
    for line in session.info.spent if session.info else ():
        texts.paragraph(layout, line, texts.width_of(context))
    row = layout.row()
    row.operator("fluxdepth.open_data", text=tr("Open Data Folder"), icon="FILE_FOLDER").what = "FOLDER"
    row.operator("fluxdepth.open_data", text=tr("Open Log"), icon="TEXT").what = "LOG"
    words = tr(
        "Each edit sends the picture and the prompt to the service address and costs credits of your account there. "
        "Key, history and unfinished edits are kept in {folder}, for GIMP and Blender alike; "
        "the key is in no .blend file."
    )
    texts.paragraph(layout, words.format(folder=files.home()), texts.width_of(context))


def key_buttons(layout: bpy.types.UILayout) -> None:
    """Where keys are made, and whether the one in use is good."""
    column = layout.column(align=True)
    column.operator("wm.url_open", text=tr("Get a Key"), icon="URL").url = service.KEY_PAGE
    test = column.row(align=True)
    test.enabled = bool(session.info and session.info.key_source)
    test.operator("fluxdepth.test_service", text=tr("Asking…") if service.testing else tr("Test"), icon="QUESTION")


FluxDepthPreferences = type(
    "FluxDepthPreferences",
    (bpy.types.AddonPreferences,),
    {
        "__doc__": "Key, test and service address.",
        "bl_idname": properties.PACKAGE,
        "draw": _draw,
        "__annotations__": {
            "api_key": bpy.props.StringProperty(
                name=N_("API key"),
                description=N_("Your 1min.ai key. It is kept in a file that only you can read, not in Blender"),
                subtype="PASSWORD",
                options={"SKIP_SAVE"},
                get=_get_key,
                set=_set_key,
            ),
            **{one.name: _kept_in_core(one) for one in stored.ALL},
        },
    },
)

CLASSES = (FluxDepthPreferences,)
