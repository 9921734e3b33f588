"""Alexa.Discovery 3: the link's cameras and scenes as endpoints, encoded once as long as they stay the same.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-discovery.html
"""

from collections.abc import Callable, Mapping

import msgspec
from msgspec import Raw, Struct

from showcam.alexa.deadline import Deadline
from showcam.alexa.endpoints import MOST, Endpoints
from showcam.alexa.errors import WRITTEN, BridgeUnreachable
from showcam.alexa.interface import Answer, HouseholdHandler, HouseholdInterface
from showcam.alexa.message import Directive, Scope
from showcam.alexa.names import friendly_names
from showcam.alexa.scene_controller import scene_endpoints
from showcam.drivers.errors import Unavailable
from showcam.net.cache import Recent
from showcam.registry.gate.gate import overruled
from showcam.registry.gate.reasons import explain
from showcam.registry.registry import Listing, Registry
from showcam.store.records import Link

KEPT = 256  # links whose encoded list is kept; a camera with every setting in all languages takes 16 KB


class _Discover(Struct):
    scope: Scope | None = None


class _Discovered(Struct):
    endpoints: Raw  # a JSON array of Endpoint


_discover = msgspec.json.Decoder(_Discover)
_encode = msgspec.json.Encoder().encode


class Discovery(HouseholdInterface):
    """Answers the Discover directive. `reported`: whether changes are reported to the link."""

    name = "Alexa.Discovery"

    def __init__(
        self,
        registry: Registry,
        link_of: Callable[[str], Link],
        endpoints: Endpoints,
        reported: Callable[[Link], bool],
    ) -> None:
        self._registry, self._link_of, self._endpoints, self._reported = registry, link_of, endpoints, reported
        self._kept: Recent[str, tuple[tuple[str, bool], Raw]] = Recent(KEPT)

    def directives(self) -> Mapping[str, HouseholdHandler]:
        return {"Discover": self.discover}

    def discover(self, directive: Directive, deadline: Deadline) -> Answer:
        """Lists the cameras.

        Raises DirectiveError when they can't be listed: an empty list would delete them from Alexa.
        """
        scope = directive.read(_discover).scope
        link = self._link_of(scope.token if scope else "")
        try:
            listing = self._registry.cameras(link, deadline.left_s)
        except Unavailable as unavailable:
            refusal = overruled(unavailable.reason, None, unavailable.vendor)
            raise BridgeUnreachable(explain(refusal, link.locale, WRITTEN)) from None
        of = listing.fingerprint, self._reported(link)
        kept = self._kept.get(link.id)
        if kept is None or kept[0] != of:
            kept = of, self._encoded(link, listing, reported=of[1])
            self._kept.put(link.id, kept)
        return Answer(self.name, "Discover.Response", _Discovered(kept[1]), of_camera=False)

    def _encoded(self, link: Link, listing: Listing, *, reported: bool) -> Raw:
        endpoints = list(self._endpoints.of(link, listing.cameras, reported=reported).values())
        scenes = scene_endpoints(self._registry.scenes.of(listing), friendly_names(listing.cameras), link.locale)
        return Raw(_encode([*endpoints, *scenes[: MOST - len(endpoints)]]))
