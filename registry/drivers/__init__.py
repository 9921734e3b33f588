"""The vendors, one folder each, and which of them have sentences of their own: one line for each."""

from collections.abc import Mapping

from registry.drivers.ezviz.sentences import EZVIZ
from registry.vendor import Speech

SPEECHES: Mapping[str, Speech] = {each.vendor: each for each in (EZVIZ,)}
