"""Builds what answers the sentences that an owner tries on the console: both assistants' doors, without a token."""

from collections.abc import Callable

from accounts.pins import Pins
from actions.fulfillment import Fulfillment
from alexa.skill import SmartHome
from showcam.compose.ground import Ground
from showcam.settings import Settings
from store.records import Link

type Ask = Callable[[Link, bytes], bytes]


def alexa(base: Ground) -> Ask:
    def ask(link: Link, body: bytes) -> bytes:
        return SmartHome(lambda _: link, base.adapter.registry, snapshots=False).answer(body)

    return ask


def google(settings: Settings, base: Ground) -> Ask:
    def ask(link: Link, body: bytes) -> bytes:
        door = Fulfillment(lambda _: link, base.adapter.registry, _ends_nothing, settings.web_url, Pins(base.store))
        return door.answer(body, "console")[1]

    return ask


def _ends_nothing(_link: Link) -> None:
    """A link of the console's is stored nowhere."""
