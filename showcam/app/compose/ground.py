"""Builds what every entry that answers for cameras needs: store, media client, drivers, registry, its own secrets."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING

from msgspec import structs

from showcam.accounts import households
from showcam.app.aws import boto
from showcam.app.keys import Keys
from showcam.app.process.settings_sources import load
from showcam.app.settings import SECRETS, Settings
from showcam.app.trace.offers import OfferNotes
from showcam.drivers import BRANDS
from showcam.drivers.driver import Driver, LoadsAhead
from showcam.drivers.vendor import Installation, Vendor
from showcam.engine.client import MediaClient
from showcam.engine.fleet import Fleet, Listed
from showcam.engine.grants import Grants
from showcam.engine.settings import tls_context
from showcam.i18n.catalogue import NAMING, OWN_NAME
from showcam.registry.adapter import Adapter, adapt
from showcam.registry.outcomes import collected
from showcam.registry.readings.changes import ENCRYPTION, SIGHTINGS
from showcam.registry.readings.judge import Rules
from showcam.registry.streams.handover import Registered
from showcam.registry.streams.history import TOGETHER_S, Kept, Later
from showcam.registry.streams.streams import Quota
from showcam.store.ports import Store, StoreUnavailable
from showcam.store.processes import Processes
from showcam.store.records import DAY_S, Link, SourceKind
from showcam.store.sealing import Sealer

if TYPE_CHECKING:
    from showcam.app.aws.cloudwatch import CloudWatch
    from showcam.i18n.product import Product
    from showcam.registry.owner.departures import Departures

log = logging.getLogger(__name__)

MEDIA = "media"  # the kind of processes that show pictures

SECRETS_OF = {
    "directives": frozenset({"ezviz_secret", "lwa_client_secret"}),
    "fulfillment": frozenset({"ezviz_secret", "google_service_account"}),
    "reports": frozenset({"ezviz_secret", "lwa_client_secret", "google_service_account"}),
    "sweep": frozenset({"ezviz_secret"}),
    "web": frozenset({"ezviz_secret", "ezviz_webhook_key"}),
    "operators": frozenset(),
}


def open_store(settings: Settings, keys: Keys) -> Store:
    """Opens the database or the table, as the settings say. Raises StoreUnavailable."""
    sealer = Sealer(keys.seal)
    if settings.store == "dynamodb":
        from botocore.exceptions import BotoCoreError

        from showcam.store.dynamodb import DynamoStore

        try:
            return DynamoStore(boto.client("dynamodb", settings.table_region), settings.table, sealer)
        except BotoCoreError as error:
            raise StoreUnavailable(f"table {settings.table} can't be reached: {error}") from None
    from showcam.store.sqlite import SqliteStore

    return SqliteStore(settings.database, sealer)


def media_client(settings: Settings, grants: Grants, store: Store | None = None) -> MediaClient | Fleet:
    """`store` knows the media processes that report themselves."""
    proof, authorities = grants.proof(), cache(partial(tls_context, settings.ca_file))
    if settings.fleet_url and store is not None:
        front = MediaClient(settings.fleet_url, proof, authorities=authorities)
        return Fleet(Registered(Processes(store, MEDIA), front))
    if settings.media_urls or settings.pictures == "vendor":
        return Fleet(Listed([MediaClient(url, proof, authorities=authorities) for url in settings.pictures_urls]))
    return MediaClient(settings.internal_media_url, proof, public=settings.pictures_urls[0])


def drivers(settings: Settings, store: Store) -> dict[SourceKind, Driver]:
    """The drivers by their kind of source. Cameras of a source without a driver are not listed."""
    installation = Installation(
        structs.asdict(settings),
        settings.ca_file,
        demo=settings.demo,
        in_house=settings.has_lan_cameras,
        adds=settings.has_lan_cameras,
        relays=settings.pictures == "plane",
        may_go_on=settings.store != "dynamodb",  # a function is frozen once it has answered
    )
    built = {brand.kind: brand.build(store, installation) for brand in BRANDS}
    return {kind: driver for kind, driver in built.items() if driver is not None}


def vendors(drivers: Mapping[SourceKind, Driver]) -> dict[SourceKind, Vendor]:
    """The drivers with a sign-in, the usual one first."""
    return {kind: driver for kind, driver in drivers.items() if isinstance(driver, Vendor)}


@dataclass(frozen=True)
class Ground:
    store: Store
    grants: Grants
    pictures: MediaClient | Fleet
    drivers: Mapping[SourceKind, Driver]
    adapter: Adapter

    @property
    def vendors(self) -> list[Vendor]:
        return [*vendors(self.drivers).values()]

    def of[D](self, driver: type[D]) -> D | None:
        """The driver of this class, or None if the installation has none."""
        return next((built for built in self.drivers.values() if isinstance(built, driver)), None)

    def end(self, link: Link) -> None:
        """Ends a link together with the link's live pictures."""
        households.end(self.store, self.pictures, link)

    def departures(self, settings: Settings, vendor_s: float) -> "Departures":
        """`vendor_s`: how long a vendor is waited for."""
        from showcam.registry.owner.departures import Departures  # no directive needs it

        kept_s = settings.unlinked_days * DAY_S
        return Departures(self.store, self.vendors, self.pictures, kept_s=kept_s, vendor_s=vendor_s)

    def load(self) -> None:
        for driver in self.drivers.values():
            if isinstance(driver, LoadsAhead):
                driver.load()


def product(settings: Settings) -> "Product":
    """The installation's product, which all sentences of this process name from now on. Raises BadProduct."""
    from showcam.i18n.product import product_of

    made = product_of(settings.product)
    NAMING.name = made.name
    return made


def build(settings: Settings, keys: Keys) -> Ground:
    """Builds store, drivers and registry for a process. Raises StoreUnavailable, BadProduct."""
    NAMING.name = OWN_NAME
    if settings.product:
        product(settings)
    store, grants = open_store(settings, keys), Grants(keys.grant)
    pictures, by_kind = media_client(settings, grants, store), drivers(settings, store)
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
    # many functions share a table, so opens are counted in it: a count in each function would be no limit
    quota = Quota(settings.opens_per_minute, store) if settings.store == "dynamodb" else None
    adapter = adapt(
        store,
        by_kind,
        pictures if settings.all_on_aws else OfferNotes(pictures, settings.data / "run"),
        grants,
        rules,
        quota=quota,
        # AWS freezes a function after its answer, so the history is written before the answer
        later=None if settings.all_on_aws else Later(pause_s=TOGETHER_S),
        keeps=_history(settings),
        notifies=settings.notifies,
    )
    if settings.has_console:
        adapter.changes.subscribe(adapter.owner.encrypted.note, ENCRYPTION)
        adapter.changes.subscribe(adapter.history.note_sighting, SIGHTINGS)
    if settings.notifies:
        adapter.changes.subscribe(adapter.faults.note, (*ENCRYPTION, "tamper", "removed"))
    return Ground(store, grants, pictures, by_kind, adapter)


def _history(settings: Settings) -> Kept:
    """Returns what the history holds: a function on AWS would note a part of a viewer's time, and EZVIZ's HLS none."""
    if not settings.has_console:
        return "nothing"
    return "times" if settings.pictures == "plane" and not settings.all_on_aws else "asks"


def function(name: str = "") -> "tuple[Settings, CloudWatch]":
    """The settings of a function on AWS and the writer of its log. `name`: a key of SECRETS_OF; "": all secrets."""
    from showcam.app.aws.cloudwatch import CloudWatch

    settings = load()
    watch = CloudWatch(settings.log_level, collected, settings.table)
    watch.install()
    return with_own_secrets(name, settings) if name else settings, watch


def with_own_secrets(function: str, settings: Settings) -> Settings:
    """The settings without the secrets that only other functions use."""
    held = sorted(name for name in SECRETS - SECRETS_OF[function] if getattr(settings, name))
    for name in held:
        log.warning(
            "%s can read %s, which it does not use: move it to the secret of the function that does", function, name
        )
    return structs.replace(settings, **dict.fromkeys(held, ""))
