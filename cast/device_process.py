"""The process that speaks to one Cast device, or looks for all of them, as `cast.apart` orders."""

import os
import queue
import threading
from collections.abc import Iterator

import msgspec

from cast.apart import Ask, Order, Said
from cast.device import Device
from cast.failed import CastFailed
from cast.showing import Over
from net import apart


def main() -> None:
    orders = apart.orders()
    order = msgspec.json.decode(next(orders), type=Order)
    if order.device is None:
        from cast.finder import browse

        apart.say(Said(found=browse(order.seconds)))
    else:
        _show(order.device, order.app, orders)


def _show(device: Device, app: str, orders: Iterator[bytes]) -> None:
    from cast.own_screen import OwnScreen
    from cast.screen import Screen

    asked: queue.Queue[Ask] = queue.Queue()
    threading.Thread(target=_read, args=(orders, asked), daemon=True).start()
    screen = OwnScreen(device, _over, app=app) if app else Screen(device, _over)
    while (picture := asked.get().show) is not None:
        try:
            screen.show(picture)
        except CastFailed as failed:
            apart.say(Said(failed=failed.why, said=failed.said, unpaired=failed.unpaired))
        else:
            apart.say(Said(shown=True))
    screen.stop()
    os._exit(0)  # threads of PyChromecast's may wait for a device


def _read(orders: Iterator[bytes], asked: "queue.Queue[Ask]") -> None:
    for line in orders:
        ask = msgspec.json.decode(line, type=Ask)
        asked.put(ask)
        if ask.show is None:
            return
    os._exit(1)  # the worker was killed


def _over(why: Over) -> None:
    apart.say(Said(over=why))


if __name__ == "__main__":
    main()
