"""Whatever the event gateway answers, no event comes to it twice within a second: by the real sender and clock."""

import itertools
import time
from collections.abc import Callable

import pytest

from showcam.registry.reporting.delivery import Delivery
from showcam.registry.reporting.sender import Sender
from tests.doubles.event_gateway import EventGateway, Reporting
from tests.doubles.waiting import until


def answers(status: int, code: str = "") -> Callable[[EventGateway], None]:
    return lambda gateway: gateway.answers.append((status, code))


def cuts(gateway: EventGateway) -> None:
    gateway.cut = 1


FAULTS: dict[str, Callable[[EventGateway], None]] = {
    "the answer is lost": cuts,
    "401": answers(401, "INVALID_ACCESS_TOKEN_EXCEPTION"),
    "403": answers(403),
    "404": answers(404),
    "429": answers(429, "THROTTLING_EXCEPTION"),
    "503": answers(503, "SERVICE_UNAVAILABLE_EXCEPTION"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_event_is_sent_again_after_a_second(fault: str, link: Reporting) -> None:
    home = link.home
    home.noticing.refresh(home.account.id)
    telling = Delivery(home.store, link.reports, home.adapter.present, lambda ended: None)
    sending = Sender(home.store, telling)
    sending.start()
    try:
        until(lambda: link.amazon.names().count("ChangeReport") == 3)
        link.sent()
        at: list[float] = []
        link.amazon.meanwhile = lambda: at.append(time.monotonic())
        FAULTS[fault](link.amazon)
        home.driver.change("Garden", online="off")
        home.noticing.refresh(home.account.id)
        until(lambda: len(at) == 2)
    finally:
        sending.close()
    assert all(later - before >= 1.0 for before, later in itertools.pairwise(at))
    assert list(link.amazon.endpoints.dropped) == []
