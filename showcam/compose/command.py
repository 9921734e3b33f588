"""Builds what the commands work on: the store, and a client of the media process."""

import contextlib
from collections.abc import Iterator

import structlog

from accounts import households
from media.client import MediaClient
from media.fleet import Fleet
from media.grants import Grants
from showcam import keys
from showcam.compose.ground import media_client, open_store
from showcam.data import folder, integrity
from showcam.process import logs
from showcam.process.supervisor import CannotStart
from showcam.settings import Settings
from store.ports import Store

log = structlog.get_logger()


def prepare(settings: Settings) -> None:
    """Make and check keys and store before processes start. Raises CannotStart, KeysUnreadable, StoreUnavailable."""
    store = open_store(settings, keys.of(settings))
    try:
        store.ping()
        for sentence, missing in households.unreadable(store):
            if missing:  # only in a table on AWS: keys.of has checked a database
                raise CannotStart(sentence)
            log.error("a household can't be served", what=sentence)
    finally:
        store.close()


@contextlib.contextmanager
def tools(settings: Settings) -> Iterator[Store]:
    logs.configure("command", "warning")
    folder.claim(settings)
    integrity.check(settings)
    store = open_store(settings, keys.of(settings))
    try:
        yield store
    finally:
        store.close()


def pictures(settings: Settings) -> MediaClient | Fleet:
    return media_client(settings, Grants(keys.grant_of(settings)))
