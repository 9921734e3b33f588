"""The vendors, one folder per vendor, and the sentences of those that have their own."""

from collections.abc import Mapping

from registry.drivers.ezviz.sentences import EZVIZ
from registry.drivers.lan.sentences import LAN
from registry.vendor import Speech

SPEECHES: Mapping[str, Speech] = {speech.vendor: speech for speech in (EZVIZ, LAN)}
