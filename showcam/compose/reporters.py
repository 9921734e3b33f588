"""Builds what reports to each assistant, with the keys that this installation has."""

from alexa.amazon import Amazon
from alexa.interfaces import interfaces
from alexa.reports import Reports
from alexa.sender import EventSender
from registry.telling.reporter import Reporter
from registry.telling.unreported import Unreported
from showcam.compose import amazon
from showcam.compose.ground import Ground
from showcam.settings import Settings


def build(settings: Settings, base: Ground) -> tuple[Reporter, ...]:
    return _alexa(settings, base), Unreported("google")


def _alexa(settings: Settings, base: Ground) -> Reporter:
    if not (settings.lwa_client_id and settings.lwa_client_secret):
        return Unreported("alexa")
    gateway = amazon.gateway(settings, base.store)
    sender = EventSender(gateway, Amazon(settings.amazon_at, settings.ca_file if settings.amazon_at else None))
    return Reports(sender, interfaces(base.adapter.registry, snapshots=settings.snapshots), gateway.works)
