"""ipycam, a virtual camera of others: its ONVIF service behind its own HTTP handler, and its WS-Discovery.

`python -m tests.doubles.ipycam_device RTSP_PORT` serves at a free loopback port, which it prints. Its pictures are not
used, so neither are the packages that it takes for them.
"""

import importlib
import importlib.util
import subprocess
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any

USER, PASSWORD = "admin", "p@ss<&>:w ö"
MAIN, SUB = "/Streaming/Channels/101", "/Streaming/Channels/102"  # as the tests’ own camera has them
NAME = "Yard"
_PICTURES = ("numpy", "cv2")


def part(name: str) -> Any:
    """A module of ipycam, without its package's own, which imports all of it."""
    if "ipycam" not in sys.modules:
        found = importlib.util.find_spec("ipycam")
        assert found is not None, "make .venv/dev installs it (requirements/ipycam.txt)"
        package = types.ModuleType("ipycam")
        package.__path__ = list(found.submodule_search_locations or ())
        sys.modules["ipycam"] = package
        for module in _PICTURES:
            sys.modules.setdefault(module, types.ModuleType(module)).ndarray = object  # type: ignore[attr-defined]
    return importlib.import_module(f"ipycam.{name}")


def service(host: str, *, onvif_port: int = 80, rtsp_port: int = 554) -> Any:
    config = part("config").CameraConfig(
        name=NAME,
        local_ip=host,
        onvif_port=onvif_port,
        rtsp_port=rtsp_port,
        username=USER,
        password=PASSWORD,
        main_stream_name=MAIN[1:],
        sub_stream_name=SUB[1:],
    )
    return part("onvif").ONVIFService(config)


@contextmanager
def ipycam(rtsp_port: int) -> Iterator[int]:
    """The port of its ONVIF, in a process of its own."""
    command = [sys.executable, "-P", "-m", "tests.doubles.ipycam_device", str(rtsp_port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def main(rtsp_port: int) -> None:
    handler = part("http").IPCameraHTTPHandler
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    onvif = service("127.0.0.1", onvif_port=server.server_port, rtsp_port=rtsp_port)
    handler.camera = types.SimpleNamespace(onvif=onvif, config=onvif.config)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
