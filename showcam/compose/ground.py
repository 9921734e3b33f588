"""Builds what every entry that answers for cameras needs: store, media client, drivers, registry, its own secrets."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from msgspec import structs

from accounts import households
from media.client import MediaClient
from media.fleet import Fleet
from media.grants import Grants
from media.trust import tls_context
from net.addresses import house_networks
from registry.adapter import Adapter, adapt
from registry.driver import Driver
from registry.drivers.ezviz.driver import EzvizDriver, EzvizHosts
from registry.drivers.ezviz.open_platform import Key
from registry.drivers.lan.discovery import Discovered, discover
from registry.drivers.lan.driver import LanDriver
from registry.rules import Rules
from registry.streams.history import TOGETHER_S, Later
from registry.streams.streams import QuotaOfAll
from showcam.aws import boto
from showcam.keys import Keys
from showcam.settings import SECRETS, Settings
from showcam.trace.offer_notes import OfferNotes
from store.ports import Store, StoreUnavailable
from store.records import Link
from store.sealing import Sealer

log = logging.getLogger(__name__)

SECRETS_OF = {
    "directives": frozenset({"ezviz_secret", "lwa_client_secret"}),
    "fulfillment": frozenset({"ezviz_secret", "google_service_account"}),
    "reports": frozenset({"ezviz_secret", "lwa_client_secret", "google_service_account"}),
    "web": frozenset({"ezviz_secret", "ezviz_webhook_key"}),
}


def open_store(settings: Settings, keys: Keys) -> Store:
    """Raises StoreUnavailable."""
    sealer = Sealer(keys.seal)
    if settings.store == "dynamodb":
        from botocore.exceptions import BotoCoreError

        from store.dynamodb import DynamoStore

        try:
            return DynamoStore(boto.client("dynamodb", settings.table_region), settings.table, sealer)
        except BotoCoreError as error:
            raise StoreUnavailable(f"table {settings.table} can't be reached: {error}") from None
    from store.sqlite import SqliteStore

    return SqliteStore(settings.database, sealer)


def media_client(settings: Settings, grants: Grants) -> MediaClient | Fleet:
    proof, authorities = grants.proof(), cache(partial(tls_context, settings.ca_file))
    if settings.media_urls or settings.pictures == "vendor":
        return Fleet([MediaClient(url, proof, authorities=authorities) for url in settings.media_urls])
    return MediaClient(settings.internal_media_url, proof, public=settings.pictures_urls[0])


def ezviz(settings: Settings, store: Store) -> EzvizDriver:
    hosts = EzvizHosts.of(
        settings.ezviz_region,
        api=settings.ezviz_api,
        open_platform=settings.ezviz_open,
        push=settings.ezviz_push_at,
    )
    developer = Key(settings.ezviz_key, settings.ezviz_secret) if settings.ezviz_key else None
    return EzvizDriver(
        store,
        hosts,
        ca_file=settings.ca_file,
        demo=settings.demo,
        lan=settings.sign_up != "anyone",
        cloud=settings.pictures == "plane",
        developer=developer,
        may_go_on=settings.store != "dynamodb",  # a function is frozen once it has answered
    )


def own_cameras(settings: Settings, store: Store) -> LanDriver | None:
    """For cameras of one's own, where there may be any."""
    if not settings.has_lan_cameras:
        return None
    # the demo asks nothing of a real house
    return LanDriver(store, loopback=settings.demo, asks=None if settings.demo else discovered)


def discovered() -> list[Discovered]:
    """The devices of the house that answer WS-Discovery now."""
    return discover(house_networks())


def unlinker(store: Store, pictures: households.Pictures) -> Callable[[Link], None]:
    """A function that ends a link and the pictures that it is being shown."""

    def end(link: Link) -> None:
        households.end(store, pictures, link)

    return end


@dataclass(frozen=True)
class Ground:
    store: Store
    grants: Grants
    pictures: MediaClient | Fleet
    driver: EzvizDriver
    own_cameras: LanDriver | None
    adapter: Adapter


def build(settings: Settings, keys: Keys) -> Ground:
    """Raises StoreUnavailable."""
    store, grants = open_store(settings, keys), Grants(keys.grant)
    pictures, driver, own = media_client(settings, grants), ezviz(settings, store), own_cameras(settings, store)
    by_kind: dict[str, Driver] = {driver.sessions.kind: driver}
    if own is not None:
        by_kind[own.devices.kind] = own  # cameras of a source without a driver are not listed
    rules = Rules(
        require_audio=settings.require_audio,
        explain=settings.explain,
        deciphers=settings.deciphers,
        web_url=settings.web_url,
        opens_per_minute=settings.opens_per_minute,
        idle_s=settings.idle_s,
        request_s=settings.request_s,
        pictures=settings.pictures,
        transcodes=settings.may_transcode,
        live_per_account=settings.live_per_account,
    )
    # many functions share a table, so opens are counted in it: a count of each function alone would be no limit
    quota = QuotaOfAll(settings.opens_per_minute, store) if settings.store == "dynamodb" else None
    adapter = adapt(
        store,
        by_kind,
        pictures if settings.all_on_aws else OfferNotes(pictures, settings.data / "run"),
        grants,
        rules,
        quota=quota,
        later=Later(pause_s=TOGETHER_S),
        keeps_history=settings.has_console,
        notifies=settings.notifies,
    )
    if settings.has_console:
        adapter.changes.subscribe(adapter.came_back.note)
        adapter.changes.subscribe(adapter.history.note_tampering)
    if settings.notifies:
        adapter.changes.subscribe(adapter.faults.note)
    return Ground(store, grants, pictures, driver, own, adapter)


def with_own_secrets(function: str, settings: Settings) -> Settings:
    """The settings without what others use."""
    held = sorted(name for name in SECRETS - SECRETS_OF[function] if getattr(settings, name))
    for name in held:
        log.warning(
            "%s can read %s, which it does not use: move it to the secret of the function that does", function, name
        )
    return structs.replace(settings, **dict.fromkeys(held, ""))
