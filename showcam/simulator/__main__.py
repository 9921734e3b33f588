"""`python -P -m showcam.simulator`: cameras, the EZVIZ cloud behind them, and both assistants, to practise on."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from showcam.simulator import service
from showcam.simulator.service import Options, Simulator, StartFailed
from showcam.simulator.state import GIVEN, Given

FIRST = 8082


type Make = Callable[[Options], Simulator]


async def _serve(options: Options, make: Make) -> None:
    await make(options).serve()


def main(words: Sequence[str] | None = None, make: Make = Simulator) -> int:
    options = _options(words)
    service.configure()
    try:
        asyncio.run(_serve(options, make))
    except StartFailed as error:
        sys.stderr.write(f"simulator: {error}\n")
        return 2
    return 0


def _options(words: Sequence[str] | None) -> Options:
    parser = argparse.ArgumentParser(
        prog="python -P -m showcam.simulator",
        description="Simulated cameras that really stream, the EZVIZ cloud they hang on, and an Echo and a Google "
        "display to show them on. Loopback only.",
    )
    for offset, (option, purpose) in enumerate(GIVEN.values()):
        first = FIRST if offset == 0 else None
        parser.add_argument(option, type=_port, default=first, help=f"{purpose} ({first or f'--port + {offset}'})")
    parser.add_argument("--app-url", default="http://127.0.0.1:8080", help="the showcam to talk to (%(default)s)")
    parser.add_argument("--data", type=Path, required=True, help="where certificates and sessions are kept")
    given = vars(parser.parse_args(words))
    ports: dict[Given, int] = {}
    for offset, (name, (option, _)) in enumerate(GIVEN.items()):
        ports[name] = given[option.removeprefix("--").replace("-", "_")] or given["port"] + offset
    if len(set(ports.values())) < len(ports) or max(ports.values()) > 65535:
        parser.error("the ports must differ and be at most 65535")
    return Options(ports, given["app_url"], given["data"])


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 65536:
        raise ValueError
    return port


if __name__ == "__main__":
    sys.exit(main())
