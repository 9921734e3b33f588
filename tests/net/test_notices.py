"""Apprise as the sender: to a web server, to a mail server, to what hangs, refuses or is gone; and bad addresses."""

import ast
import importlib
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apprise.manager_plugins import NotificationManager

from net.notices import OF_THIS_MACHINE, BadAddress, send, service
from tests.doubles.notice_services import WebReceiver, mail_server

TITLE, TEXT = "Garage: bildekryptering er på igjen", "Slå den av.\n\nhttp://192.168.1.4:8080/home – «Kari»"


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    made = WebReceiver()
    yield made
    made.close()


def test_ntfy_takes_it(web: WebReceiver) -> None:
    assert service(web.ntfy) == "ntfy"
    assert send(web.ntfy, TITLE, TEXT)
    [(_, body)] = web.got
    assert (body["topic"], body["title"], body["message"]) == ("cameras", TITLE, TEXT)


def test_a_webhook_takes_it(web: WebReceiver) -> None:
    assert send(web.webhook, TITLE, TEXT)
    [(path, body)] = web.got
    assert (path, body["title"], body["message"]) == ("/hook", TITLE, TEXT)


def test_a_mail_server_takes_it() -> None:
    with mail_server() as (address, mailbox):
        assert service(address) == "E-Mail"
        assert send(address, TITLE, TEXT)
    [(to, subject, text)] = mailbox.got
    assert (to, subject, "\n".join(text.strip().splitlines())) == (["kari@house.example"], TITLE, TEXT)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_what_is_refused_is_not_taken(web: WebReceiver, status: int) -> None:
    web.status = status
    assert not send(web.ntfy, TITLE, TEXT)


def test_what_hangs_is_left_behind(web: WebReceiver) -> None:
    web.hangs = True
    assert not send(web.webhook, TITLE, TEXT, within_s=0.3)


def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert not send(f"ntfy://127.0.0.1:{port}/cameras", TITLE, TEXT)
    assert not send(f"mailto://127.0.0.1:{port}?from=a@b.example&to=c@d.example&mode=insecure", TITLE, TEXT)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "begins with a service"),
        ("kari@house.example", "begins with a service"),
        ("ntfy:/topic", "begins with a service"),
        ("ntfy://host/\n", "begins with a service"),
        ("ntfy://host/" + "x" * 2048, "begins with a service"),
        ("nobody://host/topic", "does not know the service nobody://"),
        ("tgram://", "does not know the service tgram://, or the address lacks"),
        ("file:///etc/passwd", "does not know the service file://"),
        ("exec://touch/tmp/x", "does not know the service exec://"),
        *((f"{scheme}://_/", f"{scheme}:// is of the machine itself") for scheme in sorted(OF_THIS_MACHINE)),
        (" SysLog://_/", "syslog:// is of the machine itself"),
    ],
    ids=lambda value: value[:24],
)
def test_what_is_no_address(url: str, expected: str) -> None:
    for use in (service, lambda address: send(address, TITLE, TEXT)):
        with pytest.raises(BadAddress, match=expected):
            use(url)


def test_the_services_of_this_machine_are_all_that_apprise_has() -> None:
    """By what their modules import: programs, the desktop, the system's log."""
    local = {"subprocess", "dbus", "gi", "syslog", "ctypes", "win32gui", "win32api"}
    manager: Any = NotificationManager()  # type: ignore[no-untyped-call]
    found = set()
    for scheme in manager.schemas():
        source = Path(str(importlib.import_module(manager[scheme].__module__).__file__)).read_text()
        imported = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        }
        if imported & local:
            found.add(scheme)
    assert found == OF_THIS_MACHINE


def test_neither_address_nor_text_is_logged(web: WebReceiver, caplog: pytest.LogCaptureFixture) -> None:
    silenced = logging.getLogger("apprise")
    with caplog.at_level(logging.DEBUG):
        silenced.setLevel("CRITICAL")  # as showcam.process.logs sets it
        web.status = 500
        secret = f"json://kari:hemmelig@127.0.0.1:{web.server_port}/hook"
        assert not send(secret, TITLE, TEXT)
        with pytest.raises(BadAddress) as bad:
            service("nobody://kari:hemmelig@host")
    assert "hemmelig" not in caplog.text + str(bad.value)
    assert TITLE not in caplog.text
