"""The vendors, one folder for each. A folder and its line in BRANDS are a vendor."""

from collections.abc import Mapping

from showcam.drivers.ezviz import EZVIZ
from showcam.drivers.lan import LAN
from showcam.drivers.vendor import Brand, Speech
from showcam.store.records import SourceKind

# A command or a form that names no vendor means the first one with accounts.
BRANDS: tuple[Brand, ...] = (EZVIZ, LAN)
SPEECHES: Mapping[str, Speech] = {brand.vendor: brand.speech for brand in BRANDS if brand.speech}
KINDS: tuple[SourceKind, ...] = tuple(brand.kind for brand in BRANDS)


def vendor_of(kind: SourceKind) -> str:
    """The vendor of sources of this kind, as people say it; "" if it is not installed."""
    return next((brand.vendor for brand in BRANDS if brand.kind == kind), "")
