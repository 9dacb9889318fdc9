"""Prints stubs of libraries as JSON, name → text of the .pyi file, made from their typelibs. Runs where GIMP is.

It knows what PyGObject makes of a C function: out-parameters are returned, lengths and destroy functions are hidden,
what a callback is given as its data are any number of last arguments, and what may be null at the end may be left out.

    python3 typelib.py Gimp-3.0 Gegl-0.4
"""

import json
import keyword
import sys

import gi
from gi import _gi

HEAD = """\
from builtins import bool as _bool, bytes as _bytes, dict as _dict, float as _float, int as _int, list as _list
from builtins import object as _object, str as _str, type as _type  # a class may have methods with these names
from collections.abc import Callable, Sequence
from typing import Any

from gi import _gi
from gi.repository import {others}
from typing_extensions import Self
"""
BASIC = {"gboolean": "_bool", "gfloat": "_float", "gdouble": "_float", "error": "GLib.Error", "GType": "GObject.GType"}
BASIC |= dict.fromkeys(("utf8", "filename", "gunichar"), "_str")
# PyGObject takes any value for a GValue and gives it back; a GType may be named by its class.
TAKEN = {"GObject.Value": "_object", "GObject.GType": "GObject.GType | _type", "Any": "_object"}
GIVEN = {"GObject.Value": "Any"}


def name_of(info):
    name = info.get_name().replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name if name.isidentifier() else f"_{name}"


def type_of(info):
    return (info.get_type_info if hasattr(info, "get_type_info") else info.get_type)()  # renamed in PyGObject 3.52


def linked(info, which):
    """The argument that belongs to the callback ``info`` as its ``which``, closure or destroy."""
    index = (getattr(info, f"get_{which}_index", None) or getattr(info, f"get_{which}"))()
    return info.get_container().get_arguments()[index].get_name() if index >= 0 else None


def hidden(info):
    """The names of the arguments that Python never sees."""
    arguments = info.get_arguments()
    types = [info.get_return_type(), *map(type_of, arguments)]
    lengths = [one.get_array_length() for one in types if one.get_tag_as_string() == "array"]
    named = {arguments[index].get_name() for index in lengths if index >= 0}
    return named | {linked(one, "destroy") for one in arguments if linked(one, "closure")}


class Stub:
    def __init__(self, library, version):
        repository = gi.Repository.get_default()
        repository.require(library, version)
        self.library, self.others = library, {"GLib", "GObject"}
        parts = [self.written(info) for info in repository.get_infos(library)]
        self.text = "\n".join([HEAD.format(others=", ".join(sorted(self.others))), *filter(None, parts), ""])

    def written(self, info):
        name, kind = name_of(info), type(info).__name__
        if kind == "FunctionInfo":
            return self.function(info)
        if kind == "ConstantInfo":
            return f"{name}: _{type(info.get_value()).__name__}"
        if kind == "CallbackInfo":
            return f"{name} = {self.reference(info)}"
        if kind == "StructInfo" and info.is_gtype_struct():
            return ""
        lines = [f"class {name}({', '.join(self.bases(info, kind))}):"]
        if kind == "EnumInfo":
            lines += [f"    {name_of(value).upper()} = {value.get_value()}" for value in info.get_values()]
        elif kind in ("StructInfo", "UnionInfo"):
            lines += [f"    {name_of(field)}: {self.typed(type_of(field), GIVEN)}" for field in info.get_fields()]
        methods = [*info.get_methods(), *(info.get_vfuncs() if hasattr(info, "get_vfuncs") else ())]
        lines += [self.function(method, "    ") for method in methods]
        return "\n".join(lines if len(lines) > 1 else [f"{lines[0]} ..."])

    def bases(self, info, kind):
        if kind == "EnumInfo":
            return ["GObject.GFlags" if info.is_flags() else "GObject.GEnum"]
        if kind == "ObjectInfo":
            # Those of GTK come with its classes.
            own = [one for one in info.get_interfaces() if one.get_namespace() not in ("Atk", "Gtk")]
            return [self.reference(one) for one in (info.get_parent(), *own) if one]
        return ["GObject.GInterface" if kind == "InterfaceInfo" else "_gi.Struct"]

    def function(self, info, indent=""):
        parameters, result = self.parameters(info), self.returned(info)
        if isinstance(info, _gi.VFuncInfo):
            return f"{indent}def do_{info.get_name()}({', '.join(['self', *parameters, '/'])}) -> {result}: ..."
        if info.is_method():
            parameters = ["self", *parameters]
        elif indent and info.is_constructor():
            indent, parameters, result = f"{indent}@classmethod\n{indent}", ["cls", *parameters], "Self"
        elif indent:
            indent = f"{indent}@staticmethod\n{indent}"
        return f"{indent}def {name_of(info)}({', '.join(parameters)}) -> {result}: ..."

    def parameters(self, info):
        unseen, data = hidden(info), {linked(one, "closure") for one in info.get_arguments()}
        written, optional = [], True
        for one in reversed(info.get_arguments()):
            name = one.get_name()
            if one.get_direction() == _gi.Direction.OUT or name in unseen:
                continue
            if name in data and not written:
                written = [f"*{name_of(one)}: _object"]
                continue
            null = one.may_be_null() or name in data
            optional = optional and null
            kind = self.typed(type_of(one), TAKEN) + " | None" * null
            written = [f"{name_of(one)}: {kind}{' = None' * optional}", *written]
        return written

    def returned(self, info):
        results, unseen = [], hidden(info)
        whole = self.typed(info.get_return_type(), GIVEN)
        if whole != "None" and not info.skip_return():
            results.append(whole + " | None" * info.may_return_null())
        for one in info.get_arguments():
            if one.get_direction() != _gi.Direction.IN and one.get_name() not in unseen:
                results.append(self.typed(type_of(one), GIVEN) + " | None" * one.may_be_null())
        return "None" if not results else results[0] if len(results) == 1 else f"tuple[{', '.join(results)}]"

    def typed(self, info, special):
        tag = info.get_tag_as_string()
        if tag in ("array", "glist", "gslist"):
            item = info.get_param_type(0)
            if item.get_tag_as_string() == "guint8":
                return "_bytes"
            return f"{'Sequence' if special is TAKEN else '_list'}[{self.typed(item, special)}]"
        if tag == "ghash":
            return f"_dict[{', '.join(self.typed(info.get_param_type(number), special) for number in (0, 1))}]"
        if tag == "interface":
            name = self.reference(info.get_interface())
        elif tag == "void":
            name = "Any" if info.is_pointer() else "None"
        else:
            name = BASIC.get(tag, "_int")
        return special.get(name, name)

    def reference(self, info):
        if isinstance(info, _gi.CallbackInfo):
            return f"Callable[..., {self.returned(info)}]"
        if (library := info.get_namespace()) == self.library:
            return name_of(info)
        self.others.add(library)
        return f"{library}.{name_of(info)}"


if __name__ == "__main__":
    wanted = [one.rsplit("-", 1) for one in sys.argv[1:]]
    json.dump({library: Stub(library, version).text for library, version in wanted}, sys.stdout)
