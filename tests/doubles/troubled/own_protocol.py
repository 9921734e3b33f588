"""The vendor's own protocol in the house: cameras that speak it, on ports that the system chooses.

In life the ports are 9010 and 9020 everywhere, and the list names these for devices without them too.

Each fact that nobody has published has a setting, so that a client is tried with each answer. Examples are how long a
session lasts, what a second session does to the first, and how a camera refuses. Another is the answer of a camera that
wraps its picture to a client without a key.
"""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable

from showcam.simulator.camera import Camera
from showcam.simulator.cloud.feed import KEY_S
from showcam.simulator.pictures.studio import Studio
from tests.doubles.troubled.cas import NotOurs, Said, answer, key_of, receive
from tests.doubles.troubled.dress import Dress, Plain, Wrapped
from tests.doubles.troubled.replay import Shape, TracedCamera
from tests.doubles.troubled.replayed import ShapedFeed
from tests.doubles.troubled.trouble import TroubledWorld

LOCAL_CONTROL, LOCAL_MEDIA = "9010/", "9020/"  # names of its ports, plus a serial
PREPARE, INVITE, PLAY = 0x2013, 0x2011, 0x3105
CODE_LENGTH = 7  # of an operation code; its content is not checked
REFUSED, BUSY = 9, 10  # results that no public client has met
TICK_S = 0.06  # about the duration of a picture
LONGEST_JUNK = 400_000
PACK, KEYFRAME = b"\0\0\1\xba", b"\0\0\1\x65"
STALLS_AFTER = 4  # turns with bytes: less than a client waits for sound, and enough for a whole keyframe
EMPTY_CHUNK, MANY_CHUNKS = b"$\x01\x00\x00", 4000  # of a fault: the chunk, and how often it is sent in each turn
type Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_ENDINGS = (OSError, NotOurs, TimeoutError, ValueError, asyncio.IncompleteReadError)


class Device:
    """The protocol for all channels of a serial. `ports` are 0 while they are closed."""

    def __init__(self, world: TroubledWorld, studio: Studio, serial: str) -> None:
        self._world, self._studio, self._serial = world, studio, serial
        self._numbers = itertools.count(random.randrange(10_000, 60_000))
        self._invited: dict[str, tuple[Camera, Dress | None, Shape | None]] = {}
        self._playing: list[asyncio.StreamWriter] = []
        self._servers: list[asyncio.Server] = []
        self._clients: set[asyncio.Task[None]] = set()
        self.ports = (0, 0)

    @property
    def sessions(self) -> int:
        """Counts the open sessions."""
        return len(self._playing)

    async def open(self, host: str) -> None:
        for serve in (self._command, self._picture):
            self._servers.append(await asyncio.start_server(self._connected(serve), host, 0))
        control, media = (int(server.sockets[0].getsockname()[1]) for server in self._servers)
        self.ports = control, media

    async def close(self) -> None:
        servers, self._servers, self.ports = self._servers, [], (0, 0)
        for server in servers:
            server.close()
            server.abort_clients()
        for task in list(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    def _connected(self, serve: Serve) -> Serve:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._clients.add(task)
            try:
                if self._camera.online:
                    await serve(reader, writer)
            except _ENDINGS:
                pass
            finally:
                self._clients.discard(task)
                writer.transport.abort()

        return connected

    @property
    def _camera(self) -> Camera:
        camera = self._world.first(self._serial)
        assert camera is not None
        return camera

    @property
    def _key(self) -> bytes:
        return key_of(self._serial, self._world.trouble_of(self._camera).pairing).encode()

    # commands

    async def _command(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers commands on a connection, any number of them, until the client closes it."""
        while True:
            said = await receive(reader, self._key)
            self._world.calls[f"local/{said.command:x}"] += 1
            if len(said.text("OperationCode")) != CODE_LENGTH:
                raise NotOurs
            if said.command == PREPARE:
                await self._say(writer, said, "<Result>0</Result>")
            elif said.command == INVITE:
                await self._say(writer, said, self._invite(said))
            else:
                raise NotOurs

    def _invite(self, said: Said) -> str:
        settings, channel = self._world.settings, said.text("Channel")
        camera = self._world.find(self._serial, int(channel)) if channel.isascii() and channel.isdigit() else None
        told = [said.attribute("ReceiverInfo", name) for name in ("ServerType", "NewStreamType", "TransProto")]
        is_known = told == ["1", "1", "TCP"] and said.attribute("ReceiverInfo", "StreamType") == "MAIN"
        if camera is None or not is_known or said.text("IsEncrypt") not in ("TRUE", "FALSE"):
            return f"<Result>{REFUSED}</Result>"
        if settings.local_fault == "refuses" or not camera.streaming or camera.privacy:
            return f"<Result>{REFUSED}</Result>"
        if self._playing and settings.local_crowd == "refuses":
            return f"<Result>{BUSY}</Result>"
        dress = self._dress(camera, said.text("PublicKey"))
        if dress is None and settings.local_stranger == "refuses":
            return f"<Result>{REFUSED}</Result>"
        shape = self._next_shape(camera) if dress else None
        if shape is not None and shape.result:
            return f"<Result>{shape.result}</Result>"
        session = str(next(self._numbers))
        self._invited[session] = camera, dress, shape
        return f"<Result>0</Result>\n<Session>{session}</Session>"

    def _next_shape(self, camera: Camera) -> Shape | None:
        """By the trace of a real camera, in the manner that showed it."""
        if not isinstance(camera, TracedCamera):
            return None
        return camera.replay.next_at_home(self._world.trouble_of(self._camera).local)

    def _dress(self, camera: Camera, public_key: str) -> Dress | None:
        """Returns None for a client without the key that the camera wants."""
        if self._world.trouble_of(self._camera).local == "plain":
            return Plain()
        return Wrapped(public_key) if public_key else None

    async def _say(self, writer: asyncio.StreamWriter, said: Said, xml: str) -> None:
        data = answer(said, xml, self._key if self._world.settings.local_answers == "sealed" else b"")
        bent = bent_by(self._world.settings.local_bent, data, f"{said.command:x}")
        size = 1 if self._world.settings.local_fault == "drips" else len(bent) or 1
        for at in range(0, len(bent), size):
            writer.write(bent[at : at + size])
            await writer.drain()
        if len(bent) < len(data):
            raise NotOurs  # the camera hangs up in the middle of the answer

    # pictures

    async def _picture(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said = await receive(reader, self._key)
        self._world.calls["local/3105"] += 1
        camera, dress, shape = self._invited.pop(said.text("Session"), (None, None, None))
        if said.command != PLAY or camera is None:
            raise NotOurs
        if self._playing:  # the invitation did not refuse this session: it ends the first
            self._playing[0].transport.abort()
        self._playing.append(writer)
        try:
            await self._say(writer, said, "<Result>0</Result>")
            if self._world.settings.local_fault != "drops":
                await self._send(camera, dress, shape, reader, writer)
        finally:
            self._playing.remove(writer)

    async def _send(
        self,
        camera: Camera,
        dress: Dress | None,
        shape: Shape | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Sends until the client hangs up, or this session's time has passed."""
        leaving = asyncio.create_task(reader.read())
        key_s = self._world.settings.stream_key_s or KEY_S[2]
        feed = ShapedFeed(self._world, camera, self._studio, 1, at_home_key_s=key_s, shape=shape)
        began, keyed = asyncio.get_running_loop().time(), 0

        def is_over() -> bool:
            return leaving.done() or self._is_over(asyncio.get_running_loop().time() - began)

        try:
            if dress is not None and self._world.settings.local_fault != "mute":
                writer.write(self._first(dress))
            async for ms in shape.due(began, is_over) if shape else _ticks(leaving, is_over):
                if shape is not None and ms >= shape.first_key_ms:
                    feed.release()
                if self._world.settings.local_fault == "floods":
                    writer.write(EMPTY_CHUNK * MANY_CHUNKS)
                parts = feed.take_bodies()
                if self._world.settings.local_fault == "stalls":
                    # a session's first packet is cut, so a keyframe counts only behind the head of its own
                    keyed += bool(parts) and (keyed > 0 or KEYFRAME in b"".join(parts).partition(PACK)[2])
                for part in parts if keyed <= STALLS_AFTER else ():
                    if dress is not None and self._world.settings.local_fault != "mute" and camera.streaming:
                        writer.write(self._chunk(dress, part))
                await writer.drain()
        finally:
            leaving.cancel()
            feed.close()
            with contextlib.suppress(asyncio.CancelledError, OSError):
                await leaving

    def _first(self, dress: Dress) -> bytes:
        if self._world.settings.local_fault == "junk":
            return bytes(LONGEST_JUNK)
        first = dress.first()
        return first.replace(b"$\x01", b"$\x07") if self._world.settings.local_fault == "keyless" else first

    def _chunk(self, dress: Dress, part: bytes) -> bytes:
        if self._world.settings.local_fault == "noise":
            part = random.randbytes(len(part))
        return dress.part(part)

    def _is_over(self, lasted_s: float) -> bool:
        cut_s = self._world.settings.local_cut_s
        return bool(cut_s) and lasted_s > cut_s


async def _ticks(leaving: asyncio.Task[bytes], is_over: Callable[[], bool]) -> AsyncIterator[float]:
    """Yields the moments when a camera without a trace sends its bytes."""
    while not is_over():
        await asyncio.wait([leaving], timeout=TICK_S)
        yield 0.0


def bent_by(how: str, data: bytes, command: str) -> bytes:
    """Cuts or changes an answer. `how`: "command:cut:number of bytes" or "command:flip:place", or empty."""
    which, _, rest = how.partition(":")
    kind, _, place = rest.partition(":")
    if which != command:
        return data
    at = int(place)
    if kind == "cut":
        return data[:at]
    return data[:at] + bytes((data[at] ^ 0x55,)) + data[at + 1 :]


HOST = "127.0.0.1"


class LocalHouse:
    def __init__(self, world: TroubledWorld, studio: Studio) -> None:
        self._world, self._studio = world, studio
        self._devices: dict[str, Device] = {}
        self._turn = asyncio.Lock()
        self._turning: set[asyncio.Task[None]] = set()

    def sessions(self, camera: Camera) -> int:
        """Counts the camera's open sessions."""
        device = self._devices.get(camera.serial)
        return device.sessions if device else 0

    async def close(self) -> None:
        await asyncio.gather(*self._turning, return_exceptions=True)
        await asyncio.gather(*(device.close() for device in self._devices.values()))

    def turned(self, camera: Camera) -> None:
        task = asyncio.get_running_loop().create_task(self._follow(camera))
        self._turning.add(task)
        task.add_done_callback(self._turning.discard)

    async def _follow(self, camera: Camera) -> None:
        """Listens while the camera speaks the protocol; at a closed port a connection is refused."""
        async with self._turn:
            serial, chosen = camera.serial, self._world.ports.chosen
            device = self._devices.setdefault(serial, Device(self._world, self._studio, serial))
            if self._world.trouble_of(camera).local and not device.ports[0]:
                await device.open(HOST)
                chosen[LOCAL_CONTROL + serial], chosen[LOCAL_MEDIA + serial] = device.ports
            elif not self._world.trouble_of(camera).local and device.ports[0]:
                del chosen[LOCAL_CONTROL + serial], chosen[LOCAL_MEDIA + serial]
                await device.close()
