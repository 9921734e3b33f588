"""Builds the console's pages that a function on AWS has no use for: sentences to try, cameras of one's own."""

from collections.abc import Sequence

from console.adding import Adding as AddingPage
from console.home import Home, Page
from console.own_camera import OwnCamera
from console.trial import Trial
from media.messages import MediaBusy, MediaUnavailable, NoPicture
from media.source import Rtsp, Watched
from net.addresses import house_networks
from registry.drivers.lan.adding import Adding
from registry.drivers.lan.devices import Device
from registry.drivers.lan.search import Candidate, Heard, search
from registry.errors import Refused, is_reason
from registry.owner.own_cameras import OwnCameras, Search
from showcam.compose import ground, trials
from showcam.settings import Settings

PROBE_S = 2.0  # a camera is watched for so long at most


def own_pages(settings: Settings, base: ground.Ground, home: Home) -> list[Page]:
    trial = Trial(base.adapter.owner, home.area, trials.doors(settings, base))
    return [trial, *_of_own_cameras(settings, base, home)]


def _of_own_cameras(settings: Settings, base: ground.Ground, home: Home) -> list[Page]:
    if base.own_cameras is None:
        return []

    def watch(spec: Rtsp) -> Watched:
        try:
            return base.pictures.probe(spec, PROBE_S)
        except NoPicture as none:
            raise Refused(none.reason if is_reason(none.reason) else "media_down") from None
        except MediaBusy:
            raise Refused("busy") from None
        except MediaUnavailable:
            raise Refused("media_down") from None

    own = OwnCameras(
        base.store,
        base.adapter.owner,
        base.own_cameras.devices,
        Adding(loopback=settings.demo),
        watch,
        None if settings.demo else ground.discovered,
        loopback=settings.demo,
    )
    # the demo asks nothing of a real house
    looking = None if settings.demo else Search(_found)
    return [AddingPage(own, looking, home.area), OwnCamera(own, home.area)]


def _found(known: Sequence[Device], look: bool, heard: Heard) -> Sequence[Candidate]:
    return search(house_networks(), known, look=look, heard=heard)
