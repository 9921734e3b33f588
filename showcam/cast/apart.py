"""Runs PyChromecast in processes with limits: one for each TV that shows something, one for a search of the house.

Anything at an address may answer as a device. PyChromecast bounds nothing that it reads, so each process has limits on
memory and CPU. A device that exceeds these limits ends only the video on this device.
"""

import os
import queue
import threading
from collections.abc import Callable, Iterator

import msgspec
from msgspec import Struct

from showcam.cast.device import Device, Over, Picture
from showcam.cast.errors import CastFailed, Why
from showcam.net import child
from showcam.net.child import Broke, Child, Limits

MODULE = "showcam.cast.apart"
# a video that goes on for a day takes seconds of CPU
DEVICE = Limits(cpu_s=10, memory=256 * 1024 * 1024, renewed_s=60.0)
SEARCH = Limits(cpu_s=10, memory=512 * 1024 * 1024)
WITHIN_S = 60.0  # a busy machine may take this long to start a process, or a device to connect and play
STOP_S = 15.0  # seconds that stopping the device may take


class Order(Struct, frozen=True):
    """The first line to a process. It searches for `seconds` if there is no device.

    `app`: the id of the owner's own receiver, "" for Google's.
    """

    device: Device | None = None
    app: str = ""
    seconds: float = 0.0


class Ask(Struct, frozen=True):
    """A line to the process of a TV: show the video `show`, or write that the camera `wake` is waking.

    An Ask without both stops the video and ends the process.
    """

    show: Picture | None = None
    wake: str = ""

    @property
    def is_last(self) -> bool:
        return self.show is None and not self.wake


class Said(Struct, frozen=True):
    """A line from the process: an Ask was done (`shown`, `woken`) or `failed`, or the video is `over`."""

    shown: bool = False
    woken: bool = False
    failed: Why | None = None
    said: bool = False
    unpaired: bool = False
    over: Over | None = None
    found: list[Device] | None = None


_END = Said()  # stands in the queue for the end of the process


class ApartScreen:
    """A `showcam.cast.player.Shown` in its own process.

    `over` is called once, in a thread, when the video has ended.
    """

    def __init__(self, device: Device, over: Callable[[Over], None], *, app: str = "", limits: Limits = DEVICE) -> None:
        """Starts the process for the device. Raises CastFailed."""
        self._device, self._over = device, over
        self._answers: queue.Queue[Said] = queue.Queue()  # one answer for each Ask; the last is _END, and stays
        self._stopping = False
        try:
            self._process = Child(MODULE, Order(device, app), limits)
        except Broke:
            raise CastFailed("not_played", device.name) from None
        threading.Thread(target=self._read, name="Cast device", daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def show(self, picture: Picture) -> None:
        """Returns when the device plays the video. Raises CastFailed."""
        self._ask(Ask(picture))

    def wake(self, name: str) -> None:
        """Writes on the TV that the camera `name` is waking; Google's receiver writes nothing. Raises CastFailed."""
        self._ask(Ask(wake=name))

    def _ask(self, ask: Ask) -> None:
        """Sends the order and waits for its answer. Raises CastFailed, at once if the process has ended."""
        self._process.say(ask)
        try:
            said = self._answers.get(timeout=WITHIN_S)
        except queue.Empty:
            self._process.kill()
            said = _END
        if said == _END:
            self._answers.put(_END)
        if not said.shown and not said.woken:
            failed = CastFailed(said.failed or "not_played", self._device.name, said=said.said)
            failed.unpaired, failed.is_final = said.unpaired, said == _END
            raise failed

    def stop(self) -> None:
        self._stopping = True
        self._process.say(Ask())
        self._process.end(STOP_S)

    def _read(self) -> None:
        plays = False
        try:
            for line in self._process.lines():
                said = msgspec.json.decode(line, type=Said)
                if said.over is not None:
                    plays = False
                    self._over(said.over)
                else:
                    plays = said.shown
                    self._answers.put(said)
        except (Broke, msgspec.MsgspecError):
            self._process.kill()
        if plays and not self._stopping:
            self._over("gone")
        self._answers.put(_END)


def browse(seconds: float, limits: Limits = SEARCH) -> list[Device]:
    """The devices that answer by mDNS within the time. Raises OSError without a network, and if the process broke."""
    try:
        process = Child(MODULE, Order(seconds=seconds), limits)
        late = threading.Timer(seconds + WITHIN_S, process.kill)
        late.start()
        try:
            [line] = process.lines()
            return msgspec.json.decode(line, type=Said).found or []
        finally:
            late.cancel()
            process.end()
    except (Broke, ValueError) as broke:
        raise OSError(f"the search broke: {type(broke).__name__}") from None


# From here on: the code that runs in the process.


def main() -> None:
    orders = child.orders()
    order = msgspec.json.decode(next(orders), type=Order)
    if order.device is None:
        from showcam.cast import finder

        child.say(Said(found=finder.browse(order.seconds)))
    else:
        _show(order.device, order.app, orders)


def _show(device: Device, app: str, orders: Iterator[bytes]) -> None:
    from showcam.cast.screen import OwnScreen, Screen

    asked: queue.Queue[Ask] = queue.Queue()
    threading.Thread(target=_read, args=(orders, asked), daemon=True).start()
    screen = OwnScreen(device, _over, app=app) if app else Screen(device, _over)
    while not (ask := asked.get()).is_last:
        try:
            if ask.show is not None:
                screen.show(ask.show)
            else:
                screen.wake(ask.wake)
        except CastFailed as failed:
            child.say(Said(failed=failed.why, said=failed.said, unpaired=failed.unpaired))
        else:
            child.say(Said(shown=ask.show is not None, woken=ask.show is None))
    screen.stop()
    os._exit(0)  # threads of PyChromecast may wait for a device


def _read(orders: Iterator[bytes], asked: "queue.Queue[Ask]") -> None:
    for line in orders:
        ask = msgspec.json.decode(line, type=Ask)
        asked.put(ask)
        if ask.is_last:
            return
    os._exit(1)  # the worker was killed


def _over(why: Over) -> None:
    child.say(Said(over=why))


if __name__ == "__main__":
    main()
