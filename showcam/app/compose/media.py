"""The media process: the engine, which gets its sources from the web process. It has no store and no sealing key."""

import asyncio
import ipaddress
import os

from showcam.app import keys
from showcam.app.process import logs, supervisor
from showcam.app.process.limits import raise_limit
from showcam.app.process.supervisor import CannotStart
from showcam.app.settings import Settings
from showcam.engine.gate import WebSources
from showcam.engine.grants import Grants
from showcam.engine.server import MediaServer
from showcam.engine.settings import PlaneSettings, tls_context

MOST_LIVE = 24  # cameras of a media process that serves several houses
DRAIN_S = 60.0  # for viewers of a media process that ends while others are left


def serve(settings: Settings) -> None:
    """Raises CannotStart, KeysUnreadable, SecretUnreadable."""
    logs.start("media", settings)
    shared = keys.from_root(settings) or keys.HANDED in os.environ
    if settings.web_internal_url and not shared and not (settings.keys / "grant").exists():
        raise CannotStart(
            "This media process has no key in common with the web app, so it would refuse every stream: "
            "give grant_roots or grant_secret the same value for both."
        )
    grants = Grants(keys.grant_of(settings))
    web = settings.internal_web_url
    context = tls_context(settings.ca_file) if web.startswith("https://") else None
    sources = WebSources(web, grants.proof(), context)
    plane = MediaServer(
        PlaneSettings(
            bind=settings.bind,
            port=settings.media_port,
            idle_s=settings.idle_s,
            live_per_account=None if settings.is_one_house else settings.live_per_account,
            live_per_process=None if settings.is_one_house else MOST_LIVE,
            transcodes=settings.transcodes,
            ice_addresses=settings.ice_addresses,
            webrtc_ports=settings.webrtc_range,
            rtsp_port=settings.rtsp_port or None,
            exposed=settings.is_exposed,
            stun=settings.stun,
            turn=settings.turn,
            turn_secret=settings.turn_secret,
            ca_file=settings.ca_file,
            # only the operator's settings can make a loopback address a vendor's, never a vendor's answer
            allow_loopback_sources=settings.vendor_is_here,
            loopback_vendors=(settings.ezviz_open,) if settings.ezviz_open.startswith("127.0.0.1:") else (),
            drain_s=DRAIN_S if settings.fleet_url else 0.0,
            connections=raise_limit() // 2,  # the other half is for cameras and WebRTC's ports
            trusted_proxies=tuple(ipaddress.ip_network(network, strict=False) for network in settings.trusted_proxies),
        ),
        grants,
        sources,
        supervisor.handed_socket(),
        sources if settings.fleet_url else None,
        sources,
    )
    asyncio.run(plane.serve())
