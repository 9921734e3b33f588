"""A vendor as an example: Lakeside, which does not exist, a cloud of three calls. CONTRIBUTING.md walks through it."""

from showcam.drivers.driver import Driver
from showcam.drivers.vendor import Brand, Installation
from showcam.store.ports import Store
from tests.examples.lakeside.place import HOST, MANNER


def build(store: Store, installation: Installation) -> Driver:
    from showcam.net.exchange import Hosts
    from tests.examples.lakeside.sign_in import AtItsPage, WithKey, WithPassword

    made = {"page": AtItsPage, "key": WithKey, "password": WithPassword}[MANNER]
    return made(store, HOST, Hosts((HOST,)), installation.ca_file)


LAKESIDE = Brand("lakeside", "Lakeside", build)
