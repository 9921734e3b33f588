"""What a listener's connections take is measured on connections that carry messages."""

from pathlib import Path

from bench.scale.assumptions import Assumptions
from bench.scale.day import simulate
from bench.scale.footprint import BELL, OF_BELL
from bench.scale.limits import limits
from bench.scale.listeners import COUNT, measure
from bench.scale.quotas import lifted, quotas, seconds
from showcam.registry.watch.share import MOST

DOCUMENT = (Path(__file__).parents[2] / "docs/integrator/scale.md").read_text()


def test_connections_are_made_and_each_message_is_heard() -> None:
    taken = measure(12, idle_s=0.5)
    assert taken.connections == 12
    assert taken.idle >= 0.0
    assert taken.kb > 0.0


def test_the_page_is_about_as_many_as_a_listener_may_have() -> None:
    assert COUNT == MOST
    assert f"| {MOST:,} | " in DOCUMENT
    assert f"- **{MOST:,} is the bound**" in DOCUMENT


def test_doorbells_that_are_listened_to_fill_the_vendor_s_quota_as_the_page_says() -> None:
    given = Assumptions(links=5000, bells=0.1)
    today = [quota for quota in quotas(given, {BELL: OF_BELL}) if quota.name == "EZVIZ: calls of the app's API"]
    day = simulate(given, {BELL: OF_BELL}, lifted(today))
    (first,) = limits(given, day, today)
    assert 4500 < first.links < 5500
    assert "500 doorbells" in DOCUMENT
    assert seconds(given, OF_BELL) == 0.0
