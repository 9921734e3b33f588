"""A wire between two networks of this machine that loses, delays and lets through only so much.

`python -m tests.doubles.wire LOSS DELAY_S BITS_S QUEUE NETWORK`, started in the house's network, makes a TUN device
there and one in NETWORK (a file of /proc/…/ns/net) and carries packets between the two until it is killed. LOSS is a
share, DELAY_S is one way, BITS_S = 0 lets everything through; of what waits for the wire QUEUE bytes are kept.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time
from pathlib import Path

HOUSE, VIEWER = "10.7.0.1", "10.7.0.2"
_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_LONGEST = 2048


def tun(name: str, address: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, _TUNSETIFF, struct.pack("16sH", name.encode(), _IFF_TUN | _IFF_NO_PI))
    for command in (
        ("addr", "add", f"{address}/24", "dev", name),
        ("link", "set", name, "mtu", "1500", "txqueuelen", "1000", "up"),
        ("link", "set", "lo", "up"),
        ("route", "replace", "default", "dev", name),
    ):
        subprocess.run(("ip", *command), check=True)
    return device


class Way:
    """One direction."""

    def __init__(self, out: int, loss: float, delay_s: float, bits_s: float, queue: int) -> None:
        self._out, self._loss, self._delay_s, self._bits_s, self._queue = out, loss, delay_s, bits_s, queue
        self._free = 0.0  # when what was taken has left
        self._on_way: list[tuple[float, int, bytes]] = []
        self._count = 0

    def take(self, packet: bytes, now: float) -> None:
        if random.random() < self._loss:
            return
        if self._bits_s:
            if (self._free - now) * self._bits_s / 8 > self._queue:
                return
            self._free = max(now, self._free) + len(packet) * 8 / self._bits_s
        self._count += 1
        leaves = self._free if self._bits_s else now
        heapq.heappush(self._on_way, (leaves + self._delay_s, self._count, packet))

    def deliver(self, now: float) -> None:
        while self._on_way and self._on_way[0][0] <= now:
            try:
                os.write(self._out, heapq.heappop(self._on_way)[2])
            except OSError:
                continue

    def next_s(self, now: float) -> float:
        return max(0.0, self._on_way[0][0] - now) if self._on_way else 1.0


def carry(devices: dict[int, Way]) -> None:
    while True:
        now = time.monotonic()
        readable, _, _ = select.select([*devices], [], [], min(way.next_s(now) for way in devices.values()))
        now = time.monotonic()
        for device in readable:
            try:
                while True:
                    devices[device].take(os.read(device, _LONGEST), now)
            except BlockingIOError:
                pass
        for way in devices.values():
            way.deliver(now)


def main(loss: str, delay_s: str, bits_s: str, queue: str, network: str) -> None:
    house = tun("wire0", HOUSE)
    with Path(network).open() as file:
        os.setns(file.fileno(), os.CLONE_NEWNET)
    viewer = tun("wire0", VIEWER)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    rule = (float(loss), float(delay_s), float(bits_s), int(queue))
    carry({house: Way(viewer, *rule), viewer: Way(house, *rule)})


if __name__ == "__main__":
    main(*sys.argv[1:])
