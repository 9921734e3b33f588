"""Apprise as the sender: to a web server, to a mail server, to what hangs, refuses or is gone; and bad addresses."""

import ast
import contextlib
import importlib
import logging
import os
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from apprise.manager_plugins import NotificationManager

from showcam.net import notices
from showcam.net.notices import OF_THIS_MACHINE, BadAddress
from tests.doubles.notice_services import WebReceiver, mail_server
from tests.doubles.waiting import LONG_S, until
from tests.net.test_jpeg import drawn

pytestmark = pytest.mark.proves(
    "Notices are taken by ntfy's and webhooks' way of posting, and by a mail server",
    leans_on="second stack: Apprise and aiosmtpd; double: the notice services",
)

# Apprise takes long to load on a busy machine
service, send = partial(notices.service, within_s=LONG_S), partial(notices.send, within_s=LONG_S)
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


FILE = "/etc/hostname"


@pytest.mark.parametrize(
    "address",
    [
        f"workflow://host.example/{'a' * 32}/{'b' * 24}/?template={FILE}",
        f"fcm://project@apikey/token/?mode=oauth2&keyfile={FILE}",
        f"fcm://project@apikey/token/?mode=oauth2&KeyFile={FILE}",
        f"discord://{'1' * 18}/{'a' * 60}/?template={FILE}",
        f"discord://{'1' * 18}/{'a' * 60}/?template=file%3A%2F%2F{FILE}",
        f"discord://{'1' * 18}/{'a' * 60}/?template=http://127.0.0.1:9/x",
        f"mailto://user:pass@example.com/?pgp=yes&pgppub={FILE}",
    ],
)
def test_an_address_that_names_a_file_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        service(address)


def test_the_same_address_without_a_file_is_taken() -> None:
    assert service(f"discord://{'1' * 18}/{'a' * 60}/") == "Discord"


def test_the_address_of_a_service_on_the_web_is_known_as_its_own() -> None:
    assert service(f"https://discord.com/api/webhooks/{'1' * 18}/{'a' * 60}") == "Discord"


@pytest.mark.parametrize("status", [401, 429, 503])
def test_what_is_refused_is_not_taken(web: WebReceiver, status: int) -> None:
    web.status = status
    assert not send(web.ntfy, TITLE, TEXT)


def test_nobody_listens() -> None:
    with socket.socket() as silent:  # nobody else gets its port meanwhile
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        assert not send(f"ntfy://127.0.0.1:{port}/cameras", TITLE, TEXT)
        assert not send(f"mailto://127.0.0.1:{port}?from=a@b.example&to=c@d.example&mode=insecure", TITLE, TEXT)


AT_FIRST_SIGHT: list[tuple[str, str]] = [
    ("", "begins with a service"),
    ("kari@house.example", "begins with a service"),
    ("ntfy:/topic", "begins with a service"),
    ("ntfy://host/\n", "begins with a service"),
    ("ntfy://host/" + "x" * 2048, "begins with a service"),
    *((f"{scheme}://_/", f"{scheme}:// is of the machine itself") for scheme in sorted(OF_THIS_MACHINE)),
    (" SysLog://_/", "syslog:// is of the machine itself"),
]


@pytest.mark.parametrize(("url", "expected"), AT_FIRST_SIGHT, ids=lambda value: value[:24])
def test_what_is_no_address_at_first_sight(url: str, expected: str) -> None:
    with pytest.raises(BadAddress, match=expected):
        service(url)
    with pytest.raises(BadAddress, match=expected):
        send(url, TITLE, TEXT)


@pytest.mark.parametrize("url", ["tgram://", "file:///etc/passwd", "exec://touch/tmp/x"])
def test_what_apprise_does_not_know(url: str) -> None:
    with pytest.raises(BadAddress, match="does not know the service"):
        service(url)
    assert not send(url, TITLE, TEXT)


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


def children(what: str) -> list[bytes]:
    """Of each process of ours that sends a notice now, a file of /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (process / "stat").read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid() and b"notice_process" in (process / "cmdline").read_bytes():
                found.append((process / what).read_bytes())
    return found


def test_neither_address_nor_text_is_logged_or_listed(
    web: WebReceiver, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    listed: list[bytes] = []
    web.during = lambda: listed.extend(children("cmdline"))
    web.status = 500
    with caplog.at_level(logging.DEBUG):
        assert not send(f"json://kari:hemmelig@127.0.0.1:{web.server_port}/hook", TITLE, TEXT)
        with pytest.raises(BadAddress) as bad:
            service("nobody://kari:hemmelig@host")
    [command] = listed
    assert "hemmelig" not in "".join([command.decode(), caplog.text, str(bad.value), *capfd.readouterr()])
    assert TITLE not in caplog.text


def test_the_process_gets_neither_settings_nor_keys(web: WebReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOWCAM_SETTINGS", "hemmelig")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hemmelig")
    environments: list[bytes] = []
    web.during = lambda: environments.extend(children("environ"))
    assert send(web.webhook, TITLE, TEXT)
    [environment] = environments
    assert b"PATH=" in environment
    assert b"hemmelig" not in environment


def test_a_service_that_hangs_takes_nothing(web: WebReceiver) -> None:
    web.hangs = True
    assert not send(web.webhook, TITLE, TEXT)
    assert web.asked == 1


def test_a_process_that_is_not_done_in_time_is_ended(web: WebReceiver) -> None:
    assert not send(web.webhook, TITLE, TEXT, within_s=0.1)
    assert children("cmdline") == []
    assert web.asked == 0


STILL = drawn()


def test_ntfy_and_a_webhook_take_a_still_with_it(web: WebReceiver) -> None:
    for address in (web.ntfy, web.webhook):
        assert send(address, TITLE, TEXT, still=lambda: STILL)
    assert (web.texts, web.stills) == ([(TITLE, TEXT)] * 2, [STILL] * 2)


def test_a_mail_has_the_still() -> None:
    with mail_server() as (address, mailbox):
        assert send(address, TITLE, TEXT, still=lambda: STILL)
    assert mailbox.stills == [STILL]


def test_a_service_that_refuses_the_still_gets_the_words(web: WebReceiver) -> None:
    web.takes_stills = False
    assert send(web.webhook, TITLE, TEXT, still=lambda: STILL)
    assert (web.texts, web.stills, web.asked) == ([(TITLE, TEXT)], [b""], 2)


def test_the_process_loads_apprise_while_the_still_is_fetched(web: WebReceiver) -> None:
    began: list[bytes] = []

    def still() -> bytes:
        until(lambda: children("cmdline"))  # a process has its words a moment after its start
        began.extend(children("cmdline"))
        return STILL

    assert send(web.webhook, TITLE, TEXT, still=still)
    assert len(began) == 1


def test_a_still_that_can_not_be_fetched_ends_the_process(web: WebReceiver) -> None:
    def still() -> bytes:
        raise RuntimeError("no still")

    with pytest.raises(RuntimeError, match="no still"):
        send(web.webhook, TITLE, TEXT, still=still)
    assert (children("cmdline"), web.asked) == ([], 0)
