"""Who takes notices: an owner at once; a web server that messages are posted to, and a mail server, as services do."""

import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

from scripts.deploy_local.emulator import free_ports
from showcam.registry.notices.notifier import Addresses, Notifying
from tests.doubles.clock import Clock
from tests.doubles.household import Household
from tests.doubles.waiting import LONG_S

WAIT_S = LONG_S


class WebReceiver(ThreadingHTTPServer):
    """`status`: what it answers; `hangs`: it answers nothing; `got`: path and body of each message.

    `stills`: the picture of each message that it took, b"" for none. `takes_stills`: False for a service that refuses
    messages with a picture.
    """

    daemon_threads = True

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.stills: list[bytes] = []
        self.status, self.hangs, self.takes_stills = 200, False, True
        self.asked = 0  # messages that came, taken or not
        self.during: Callable[[], object] = lambda: None  # is called while one is on its way
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def ntfy(self) -> str:
        return f"ntfy://127.0.0.1:{self.server_port}/cameras"

    @property
    def webhook(self) -> str:
        return f"json://127.0.0.1:{self.server_port}/hook"

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Title and text of each message."""
        return [(str(body["title"]), str(body["message"])) for _, body in self.got]

    def wait(self, until: Callable[[], object], within_s: float = WAIT_S) -> None:
        end = time.monotonic() + within_s
        while not until():
            assert time.monotonic() < end, f"it did not come to that: {self.got}"
            time.sleep(0.05)

    def close(self) -> None:
        self.over.set()
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: WebReceiver

    def do_POST(self) -> None:
        body, still = self._read(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked += 1
        self.server.during()
        if self.server.hangs:
            self.server.over.wait(WAIT_S)
            return
        status = self.server.status if self.server.takes_stills or not still else 413
        if status == 200:
            self.server.stills.append(still)
            self.server.got.append((self.path, body))
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(b"{}")

    def _read(self, data: bytes) -> tuple[dict[str, Any], bytes]:
        """The message and its picture: ntfy has the words in the address then, a webhook all of it in one object."""
        if data.startswith(b"\xff\xd8"):
            return {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}, data
        body = json.loads(data)
        attached = [base64.b64decode(each["base64"]) for each in body.get("attachments", ())]
        return body, b"".join(attached)

    def log_message(self, *_: object) -> None:
        pass


class Mailbox:
    """What a mail server took: recipients, subject and text of each message."""

    def __init__(self) -> None:
        self.got: list[tuple[list[str], str, str]] = []
        self.stills: list[bytes] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        body = mail.get_body(("plain",))
        self.got.append((envelope.rcpt_tos, str(mail["Subject"]), body.get_content() if body else ""))
        self.stills += [bytes(part.get_content()) for part in mail.iter_attachments()]
        return "250 taken"


@contextlib.contextmanager
def mail_server() -> Iterator[tuple[str, Mailbox]]:
    """An address of Apprise's that reaches it, and what it takes."""
    mailbox = Mailbox()
    port = free_ports()
    server = Controller(mailbox, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield f"mailto://127.0.0.1:{port}?from=showcam@house.example&to=kari@house.example&mode=insecure", mailbox
    finally:
        server.stop()


HOME = "http://192.168.1.4:8080/home"
PHONE, MAIL = "ntfy://phone", "mailto://mail"


class Owner:
    """An owner with two addresses, and the worker that notifies them; `got`: address and title of each notice."""

    def __init__(self, home: Household, clock: Clock) -> None:
        self.home, self.clock = home, clock
        self.got: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.refuses: set[str] = set()
        self.tried: list[str] = []
        self.during: Callable[[], None] = lambda: None
        home.noticing.refresh(home.account.id)
        home.adapter.changes.subscribe(home.adapter.faults.note)
        self.addresses = Addresses(home.store, clock)
        self.ids = {url: self.addresses.add(home.account.id, url, "service", "") for url in (PHONE, MAIL)}
        self.start()

    def start(self) -> None:
        """The worker, as it stands after a restart."""
        adapter = self.home.adapter
        self.worker = Notifying(self.home.store, adapter.faults, adapter.standing, self.send, HOME, self.clock)

    def send(self, url: str, title: str, text: str) -> bool:
        self.tried.append(url)
        self.during()
        if url in self.refuses:
            return False
        self.got.append((url, title))
        self.texts.append(text)
        return True

    def turns(self, seconds: float = 1.0) -> list[tuple[str, str]]:
        """What is sent in that time, sorted."""
        self.got.clear()
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.worker.turn()
            self.clock.now += min(10.0, max(1.0, seconds / 100))
        return sorted(self.got)

    def change(self, name: str, **changes: object) -> None:
        """At the vendor; showcam reads it then."""
        self.home.driver.change(name, **changes)
        self.clock.now += 3
        self.home.noticing.refresh(self.home.account.id)
