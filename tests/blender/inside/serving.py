"""Runs inside Blender without a window: does what the test asks for, one thing after the other, until nobody asks.

The test sends the name of a function of `faulty` and its arguments over a loopback socket; what it gives comes back as
JSON. `-- FILE` gets the port.
"""

import ctypes
import json
import socket
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import faulty
import harness

IDLE = 600.0  # s without a question: the test is gone


def main() -> None:
    harness.set_up()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(IDLE)
        half = Path(sys.argv[-1] + ".part")
        half.write_text(str(server.getsockname()[1]))
        half.rename(sys.argv[-1])
        while True:
            connection, _ = server.accept()
            with connection, connection.makefile("rw", encoding="utf-8") as stream:
                asked = json.loads(stream.readline())
                try:
                    reply = {"answer": getattr(faulty, asked.pop("what"))(**asked)}
                except Exception:  # noqa: BLE001  the test gets to see it
                    reply = {"failed": traceback.format_exc()}
                ctypes.CDLL(None).fflush(None)  # what Blender has said, into its file
                stream.write(json.dumps(reply) + "\n")


if __name__ == "__main__":
    main()
