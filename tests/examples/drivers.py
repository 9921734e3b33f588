"""The drivers that composition hands to the registry, by kind of source: one line for each vendor."""

from pathlib import Path

from net.exchange import Hosts
from registry.driver import Driver
from store.ports import Store
from tests.examples.lakeside.driver import LakesideDriver


def drivers(store: Store, host: str, ca_file: Path) -> dict[str, Driver]:
    """`host`: where Lakeside's cloud is, "host:port"."""
    return {"lakeside": LakesideDriver(store, host, Hosts((host,)), ca_file)}
