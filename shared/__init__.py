"""The core of Flux Depth: knows the service, knows no host and no GUI toolkit.

Both plug-ins carry a copy of this package (``build.py package`` lays it in), so every import inside it is relative.
"""

__version__ = "0.1.0"
