"""Sixteen cameras in full HD, taken by RTSP and passed on by RTSP: the CPU of showcam beside `ffmpeg -c copy`.

showcam serves a program of the household's for each camera, which reads all and decodes nothing. ffmpeg has a process
for each camera, which sends it to an RTSP server that reads all and keeps nothing.
"""

import contextlib
import os
import re
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench import copies, cores, wire
from bench.lan_cameras import LanCameras
from bench.peer import debian
from bench.picture_process import picture_process
from bench.progress import say
from bench.run import NoPeer, Results, Run
from bench.table import Bound, LeftOut, Row
from bench.using import SOON_S, Measured, use
from tests.doubles.rtsp_player import Client

READ = 1 << 20
LOOK_S = 1.0  # between two looks whether it is over
BEGUN = 1_000_000  # bytes: some two seconds of video
_CHANNELS = re.compile(r"interleaved=(\d+-\d+)")
_LENGTH = re.compile(r"^Content-Length: *(\d+)", re.MULTILINE | re.IGNORECASE)
COPY = "ffmpeg -c copy"
# ffmpeg 7.1 takes no packet of AAC for a keyframe, waits for one, and leaves all sound out
_SOUND_TOO = ("-copyinkf:a",)


def measure(run: Run, cameras: LanCameras) -> Results:
    count = len(cameras.ports)
    name = f"relay of {count} cameras 1080p25, RTSP to a player each, of a core"
    say(f"Relay: {count} cameras by RTSP to a player each")
    ours = use(run, _showcam(cameras), SOON_S)
    say("Relay: ffmpeg, by RTSP too")
    try:
        copied = use(run, _ffmpeg(cameras), SOON_S)
    except (NoPeer, TimeoutError) as error:
        yield LeftOut(f"{name}, ffmpeg", str(error))
        yield Row(name, "%", 100 * ours.share, COPY)
        return
    yield Row(name, "%", 100 * ours.share, COPY, 100 * copied.share, Bound(share=1, beside=COPY))


class Taken:
    """Counts, by connection, the bytes that have come."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self._bytes: dict[object, int] = {}

    def drain(self, connection: socket.socket) -> None:
        """Reads all until the other end closes, or until it is over."""
        connection.settimeout(LOOK_S)
        self._bytes[connection] = 0
        with contextlib.suppress(ConnectionError):
            while not self.over.is_set():
                with contextlib.suppress(TimeoutError):
                    data = connection.recv(READ)
                    if not data:
                        return
                    self._bytes[connection] += len(data)

    def begun(self, count: int) -> None:
        """Waits until so many connections bring video. Raises TimeoutError."""
        until = time.monotonic() + copies.BEGUN_S
        while sum(size > BEGUN for size in list(self._bytes.values())) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"not every camera was passed on within {copies.BEGUN_S:.0f} s")
            time.sleep(0.1)


@contextmanager
def _showcam(cameras: LanCameras) -> Iterator[Measured]:
    taken = Taken()
    with ExitStack() as stack:
        home = stack.enter_context(picture_process(cameras.ports, by_rtsp=True))
        assert home.rtsp_port is not None
        stack.enter_context(cores.beside())
        for number in range(len(cameras.ports)):
            client = stack.enter_context(Client(home.rtsp_port, f"camera-{number}"))
            _play(client)
            reader = threading.Thread(target=taken.drain, args=(client.socket,))
            reader.start()
            stack.callback(reader.join)
        stack.callback(taken.over.set)
        taken.begun(len(cameras.ports))
        yield home


def _play(client: Client) -> None:
    """Begins video and sound."""
    answers = [client.described(), client.set_up()]
    answers += [client.set_up("audio", "RTP/AVP/TCP;unicast;interleaved=2-3"), client.play()]
    assert [answer.status for answer in answers] == [200] * 4, answers


class _Processes:
    def __init__(self, processes: list[int]) -> None:
        self._processes = processes

    def cpu_s(self) -> float:
        return sum(map(wire.cpu_s, self._processes))

    def own_mb(self) -> float:
        return sum(map(wire.own_mb, self._processes))


@contextmanager
def _ffmpeg(cameras: LanCameras) -> Iterator[Measured]:
    """A process for each camera. Raises NoPeer and TimeoutError."""
    program, more = debian.ffmpeg()
    taken = Taken()
    with ExitStack() as stack:
        with cores.beside():
            port = stack.enter_context(server(taken))
        started = []
        with cores.measured():
            for number in range(len(cameras.ports)):
                source = ["-loglevel", "quiet", "-rtsp_transport", "tcp", "-i", cameras.url_for_libav(number)]
                target = ["-f", "rtsp", "-rtsp_transport", "tcp", f"rtsp://127.0.0.1:{port}/camera-{number}"]
                process = subprocess.Popen(
                    [program, "-nostdin", *source, "-c", "copy", *_SOUND_TOO, *target],
                    env=os.environ | more,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                stack.callback(copies.end, process)
                started.append(process.pid)
        stack.enter_context(cores.beside())
        taken.begun(len(cameras.ports))
        yield _Processes(started)


@contextmanager
def server(taken: Taken) -> Iterator[int]:
    """Yields the port of a server to which ffmpeg sends streams by RTSP over TCP (RFC 2326, RECORD)."""

    class Sender(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while head := self._head():
                method, number = head.split(" ", 1)[0], re.findall(r"CSeq: *(\d+)", head)[0]
                more = [f"Transport: RTP/AVP/TCP;unicast;interleaved={pair}" for pair in _CHANNELS.findall(head)]
                lines = ["RTSP/1.0 200 OK", f"CSeq: {number}", "Session: 1", *more, "", ""]
                self.wfile.write("\r\n".join(lines).encode())
                if method == "RECORD":
                    taken.drain(self.connection)
                    return

        def _head(self) -> str:
            """The lines of a request, whose body is read and dropped; "" if the sender has ended."""
            lines = []
            while line := self.rfile.readline().decode().strip():
                lines.append(line)
            head = "\n".join(lines)
            for length in _LENGTH.findall(head):
                self.rfile.read(int(length))
            return head

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Sender) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            taken.over.set()
            server.shutdown()
