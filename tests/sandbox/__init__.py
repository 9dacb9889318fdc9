"""A loopback stand-in of the service, for tests, the demo and trying things out without a key.

It speaks the service's contract (`tests/service/openapi.yaml`) and knows nothing of the project's core. It is not the
model: its `depth` effect is a small picture operation, and its replies say so.
"""

from tests.sandbox.faults import KINDS, Fault
from tests.sandbox.server import Request, Sandbox, Violation

__all__ = ["KINDS", "Fault", "Request", "Sandbox", "Violation"]
