"""The Open Platform's messages: who may send them, what is taken of them, and that none is taken twice."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest

from showcam.drivers.driver import EventKind, Hint
from showcam.drivers.ezviz.messages import ONCE_S, Webhook
from showcam.drivers.vendor import Full, Unreadable, Untrusted
from showcam.store.ports import StoreUnavailable
from showcam.store.sqlite import SqliteStore
from tests.doubles.clock import Clock
from tests.doubles.small_stack import on_small_stack

pytestmark = pytest.mark.proves("EZVIZ's messages by webhook are received", leans_on="double: EZVIZ's cloud")

KEY = "signing-key"


class Box:
    def __init__(self) -> None:
        self.full = False
        self.hints: list[Hint] = []

    def offer(self, hint: Hint) -> None:
        self.hints.append(hint)


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def webhook(store: SqliteStore, box: Box, clock: Clock) -> Webhook:
    return Webhook(KEY, store, box, clock)


def message(clock: Clock, body: Any = None, **header: Any) -> bytes:
    given = {"channelNo": 1, "deviceId": "F00497201", "messageId": "m1", "type": "ys.alarm"}
    given["messageTime"] = int(clock.now * 1000)
    return json.dumps({"header": given | header, "body": body or {"alarmType": "motiondetect"}}).encode()


def sign(body: bytes, at: str, key: str = KEY) -> str:
    return hmac.new(key.encode(), body + at.encode(), hashlib.sha1).hexdigest()


def sent(webhook: Webhook, clock: Clock, body: bytes) -> bytes:
    at = str(int(clock.now * 1000))
    return webhook.take(body, sign(body, at), at)


@pytest.mark.parametrize(
    ("header", "body", "expected"),
    [
        ({}, {"alarmType": "motiondetect"}, (1, "motion")),
        ({}, {"alarmType": "pir", "alarmTime": "x", "pictureList": [{"url": "https://evil.example"}]}, (1, "motion")),
        ({}, {"alarmType": 10016}, (1, "doorbell")),
        ({}, {"alarmType": 12002}, (1, "tamper")),
        ({"channelNo": "2"}, {"alarmType": "HumanDetect"}, (2, "person")),
        ({"channelNo": 0}, {"alarmType": "10002"}, (0, "motion")),
        ({"channelNo": "99999999999999999999"}, {"alarmType": "10002"}, (0, "motion")),
        ({"channelNo": "-1"}, {"alarmType": "10002"}, (0, "motion")),
        ({}, {"alarmType": "something new"}, (1, "read")),
        ({}, {"alarmType": None}, (1, "read")),
        ({}, "text", (1, "read")),
        ({"type": "ys.calling"}, {}, (1, "doorbell")),
        ({"type": "ys.onoffline"}, {"msgType": "OFFLINE", "deviceName": "x"}, (1, "read")),
        ({"type": "ys.auth.update"}, {}, (1, "read")),
    ],
)
def test_what_a_message_hints_at(
    webhook: Webhook, box: Box, clock: Clock, header: dict[str, Any], body: Any, expected: tuple[int, EventKind]
) -> None:
    assert json.loads(sent(webhook, clock, message(clock, body, **header))) == {"messageId": "m1"}
    assert box.hints == [Hint("F00497201", expected[0], expected[1], clock.now)]


@pytest.mark.parametrize(
    ("sent_at", "taken"),
    [("1582821945396", 1582821945.396), (1582821945, 1582821945.0), ("soon", None), (-1, None), ("nan", None)],
)
def test_the_time_of_a_message(
    webhook: Webhook, box: Box, clock: Clock, sent_at: str | int, taken: float | None
) -> None:
    sent(webhook, clock, message(clock, messageTime=sent_at))
    assert box.hints[0].at == (taken or clock.now)


type Forge = Callable[[bytes, str], tuple[bytes, str, str]]


class TestTrust:
    @pytest.mark.parametrize(
        "forge",
        [
            lambda body, at: (body, "", at),
            lambda body, at: (body, sign(body, at, "another-key"), at),
            lambda body, at: (body + b" ", sign(body, at), at),
            lambda body, at: (body, sign(body, at), str(int(at) + 1)),
            lambda body, at: (body, sign(body, ""), ""),
            lambda body, at: (body, sign(body, "soon"), "soon"),
            lambda body, at: (body, sign(body, "nan"), "nan"),
            lambda body, at: (body, "ø" * 40, at),
        ],
        ids=["none", "another key", "another body", "another time", "no time", "a word", "no number", "no ASCII"],
    )
    def test_only_what_was_signed_with_the_key(self, webhook: Webhook, box: Box, clock: Clock, forge: Forge) -> None:
        with pytest.raises(Untrusted):
            webhook.take(*forge(message(clock), str(int(clock.now * 1000))))
        assert box.hints == []

    @pytest.mark.parametrize(
        ("off_s", "taken"), [(0, True), (299, True), (-299, True), (301, False), (-301, False), (-86400, False)]
    )
    @pytest.mark.parametrize("unit", [1000, 1], ids=["ms", "s"])
    def test_only_within_five_minutes(
        self, webhook: Webhook, box: Box, clock: Clock, off_s: int, taken: bool, unit: int
    ) -> None:
        body, at = message(clock), str(int(clock.now + off_s) * unit)
        if taken:
            webhook.take(body, sign(body, at).upper(), at)
        else:
            with pytest.raises(Untrusted):
                webhook.take(body, sign(body, at), at)
        assert bool(box.hints) is taken


class TestOnce:
    def test_a_repeated_message_is_answered_and_not_taken_again(self, webhook: Webhook, box: Box, clock: Clock) -> None:
        answers = [sent(webhook, clock, message(clock)) for _ in range(3)]
        assert len(set(answers)) == 1
        assert len(box.hints) == 1

    def test_also_by_another_process_and_over_the_edge_of_an_hour(
        self, store: SqliteStore, box: Box, clock: Clock
    ) -> None:
        clock.now = ONCE_S * 500_000 - 1.0
        sent(Webhook(KEY, store, box, clock), clock, message(clock))
        clock.now += 2
        sent(Webhook(KEY, store, box, clock), clock, message(clock))
        assert len(box.hints) == 1

    def test_what_finds_no_room_is_taken_when_it_comes_again(self, webhook: Webhook, box: Box, clock: Clock) -> None:
        box.full = True
        with pytest.raises(Full):
            sent(webhook, clock, message(clock))
        box.full = False
        sent(webhook, clock, message(clock))
        assert len(box.hints) == 1

    def test_a_message_that_could_not_be_handled_is_taken_when_it_comes_again(
        self, store: SqliteStore, box: Box, clock: Clock
    ) -> None:
        class Away(Box):
            def offer(self, hint: Hint) -> None:
                raise StoreUnavailable("away")

        with pytest.raises(StoreUnavailable):
            sent(Webhook(KEY, store, Away(), clock), clock, message(clock))
        sent(Webhook(KEY, store, box, clock), clock, message(clock))
        assert len(box.hints) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"{}",
        b'{"header":null}',
        b'{"header":{"deviceId":1,"messageId":"m","type":"ys.alarm"}}',
        b'{"header":{"deviceId":"D","messageId":null,"type":"ys.alarm"}}',
        b'{"header":{"deviceId":"D","messageId":"","type":"ys.alarm"}}',
        b'{"header":{"deviceId":"","messageId":"m","type":"ys.alarm"}}',
        b'{"header":{"deviceId":"D","messageId":"' + b"m" * 201 + b'","type":"ys.alarm"}}',
        b"[" * 100_000,
        b'{"header":{"deviceId":"D","messageId":"m","type":"ys.alarm"},"body":"' + b"x" * 70_000 + b'"}',
        b'{"header":{"deviceId":"D","messageId":"m","type":"ys.alarm"},"body":' + b"[" * 60_000,
    ],
)
def test_signed_nonsense(webhook: Webhook, box: Box, clock: Clock, body: bytes) -> None:
    with pytest.raises(Unreadable):
        on_small_stack(lambda: sent(webhook, clock, body))
    assert box.hints == []
