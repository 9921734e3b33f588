"""What a listener's connections take is measured on connections that carry messages."""

from pathlib import Path

from bench.scale.listeners import COUNT, measure
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
