"""The extension in real Blenders: built, installed by Blender's own installer, and used as an artist uses it."""
