"""Hands the hosts to their own smoke tests."""

from .fixtures import (  # noqa: F401
    blender_sid,
    blender_windowed,
    bpy42,
    bpy45,
    bpy50,
    bpy51,
    bpy52,
    gimp30,
    gimp32,
)
