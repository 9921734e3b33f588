"""Builds what notifies owners of faults, in the worker."""

from net import notices
from registry.notices.notifier import Notifying
from showcam.compose.ground import Ground
from showcam.process.own_address import home_address
from showcam.settings import Settings


def build(settings: Settings, base: Ground) -> Notifying:
    home = home_address(settings) if settings.has_console else settings.web_url
    return Notifying(base.store, base.adapter.faults, base.adapter.standing, notices.send, home)
