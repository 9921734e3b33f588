"""The sender of reports as a process: the worker's code on a database, with an event gateway on this machine."""

import signal
import sys
import threading
import time
from pathlib import Path

from showcam.alexa.events import EventSender
from showcam.alexa.gateway import Amazon, Gateway
from showcam.alexa.interfaces import interfaces
from showcam.alexa.reports import Reports
from showcam.engine.grants import Grants
from showcam.registry.adapter import adapt
from showcam.registry.readings.judge import Rules
from showcam.registry.reporting.delivery import Delivery
from showcam.registry.reporting.sender import Sender
from showcam.store.sealing import Sealer
from showcam.store.sqlite import SqliteStore
from tests.doubles.ready_driver import ReadyDriver
from tests.doubles.ready_pictures import ReadyPictures

CLIENT = ("amzn1.application-oa2-client.bench", "its-secret")


def main(folder: Path, key: bytes, gateway_at: str, ca_file: Path) -> None:
    store = SqliteStore(folder / "showcam.sqlite3", Sealer([("bench", key)]))
    pictures, grants = ReadyPictures("https://home.example"), Grants([b"g" * 32])
    adapter = adapt(store, {"ezviz": ReadyDriver([])}, pictures, grants, Rules())
    amazon = Amazon(gateway_at, ca_file)
    gateway = Gateway(store, amazon, *CLIENT)
    reports = Reports(EventSender(gateway, amazon), interfaces(adapter.registry, snapshots=True), gateway.works)
    sending = Sender(store, Delivery(store, reports, adapter.present, lambda link: None))
    store.free_claims(time.time() + 1.0)
    sending.start()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    ended.wait()
    sending.close()
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), sys.argv[3], Path(sys.argv[4]))
