"""Opening a stream of a household, and what came of it."""

from showcam.drivers.camera import Refusal, Stream, StreamRequest
from tests.doubles.household import MEDIA_URL, Household

HLS = StreamRequest("alexa", ("hls",), image=True)


WEBRTC = StreamRequest("google", ("webrtc", "hls"))


def opened(home: Household, name: str = "Garden", request: StreamRequest = HLS) -> Stream:
    stream = home.registry.open_stream(home.link, home.id(name), request)
    assert isinstance(stream, Stream), stream
    return stream


def refused(home: Household, name: str = "Garden", request: StreamRequest = HLS) -> str:
    refusal = home.registry.open_stream(home.link, home.id(name), request)
    assert isinstance(refusal, Refusal), refusal
    return refusal.reason


def grant_of(url: str) -> str:
    return url.removeprefix(f"{MEDIA_URL}/s/").split("/")[0]
