"""`python -P -m simulator`: cameras, the EZVIZ cloud behind them, and both assistants, to practise on."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from simulator import logs
from simulator.service import Options, StartFailed, serve


def main(words: Sequence[str] | None = None) -> int:
    options = _options(words)
    logs.configure()
    try:
        asyncio.run(serve(options))
    except StartFailed as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    return 0


def _options(words: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -P -m simulator",
        description="Simulated cameras that really stream, the EZVIZ cloud they hang on, and an Echo and a Google "
        "display to show them on. Loopback only.",
    )
    parser.add_argument("--port", type=_port, default=8082, help="practice page and control door, http (%(default)s)")
    parser.add_argument("--app-port", type=_port, help="EZVIZ app API, https (the port after --port)")
    parser.add_argument("--open-port", type=_port, help="Open Platform and live video, https (the one after that)")
    parser.add_argument("--push-port", type=_port, help="the app's messages, MQTT (the one after that)")
    parser.add_argument("--app-url", default="http://127.0.0.1:8080", help="the showcam to talk to (%(default)s)")
    parser.add_argument("--data", type=Path, required=True, help="where certificates and sessions are kept")
    given = parser.parse_args(words)
    app_port, open_port = given.app_port or given.port + 1, given.open_port or given.port + 2
    push_port = given.push_port or given.port + 3
    ports = (given.port, app_port, open_port, push_port)
    if len(set(ports)) < len(ports) or max(ports) > 65535:
        parser.error("the ports must differ and be at most 65535")
    return Options(given.port, app_port, open_port, push_port, given.app_url, given.data)


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError
    return port


if __name__ == "__main__":
    sys.exit(main())
