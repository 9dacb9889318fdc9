"""`python -m tests.sandbox`: serve the stand-in until SIGINT or SIGTERM.

Standard output carries one JSON line with `base_url` and `api_key`, for scripts; what people read goes to standard
error.
"""

import argparse
import json
import signal
import sys
import threading

from tests.sandbox.faults import Fault, table
from tests.sandbox.server import Sandbox


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="sandbox", description="A loopback stand-in of the service. It is not the model."
    )
    parser.add_argument("--port", type=int, default=0, help="0 (default) takes any free one")
    parser.add_argument("--latency", type=float, default=0.0, metavar="S", help="seconds that an edit takes")
    parser.add_argument(
        "--effect", choices=["depth", "echo"], default="depth", help="echo gives the picture back as it came"
    )
    parser.add_argument("--fault", metavar="NAME", help="[stage:]kind[*times], see --list-faults")
    parser.add_argument("--list-faults", action="store_true", help="print the faults and end")
    chosen = parser.parse_args()
    if chosen.list_faults:
        print(table())
        return 0
    if chosen.fault is not None:
        try:
            Fault.parse(chosen.fault)
        except ValueError as error:
            parser.error(str(error))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Sandbox(latency=chosen.latency, effect=chosen.effect, fault=chosen.fault, port=chosen.port) as sandbox:
        print(json.dumps({"base_url": sandbox.base_url, "api_key": sandbox.api_key}), flush=True)
        print(
            "This is a stand-in on the loopback, not the service and not the model.",
            file=sys.stderr,
            flush=True,
        )
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
