"""The plug-in's windows. Imported in the interactive branch alone; what they are made of is pinned here, once."""

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("Gdk", "3.0")
gi.require_version("GimpUi", "3.0")
