"""The interfaces that show a camera: HLS, WebRTC and the still."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, structs

from showcam.alexa.errors import DirectiveError, SnapshotError, refused
from showcam.alexa.interface import Answer, CameraDirective, Capability, Handler, Interface, timestamp
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera, Refusal, Stream, StreamRequest, Video
from showcam.engine.messages import BadOffer
from showcam.net.cache import Recent
from showcam.registry.gate.gate import USUAL, best, beyond, not_found, shown
from showcam.registry.registry import Registry

WIDEST = 7680
# names of the directives that ask for a live picture
ASKS = frozenset(
    {"Alexa.CameraStreamController.InitializeCameraStreams", "Alexa.RTCSessionController.InitiateSessionWithOffer"}
)


class Resolution(Struct):
    width: int = 0
    height: int = 0


class _Configuration(Struct, rename="camel"):
    protocols: tuple[str, ...]
    resolutions: list[Resolution]
    authorization_types: tuple[str, ...]
    video_codecs: tuple[str, ...]
    audio_codecs: tuple[str, ...]


class CameraStreamCapability(Capability):
    camera_stream_configurations: tuple[_Configuration, ...]


class Wanted(Struct, rename="camel"):
    """A combination that the display can play. showcam chooses any field that the display omits."""

    protocol: str = ""
    resolution: Resolution | None = None
    authorization_type: str = "NONE"
    video_codec: str = "H264"
    audio_codec: str = "AAC"


class _Initialize(Struct, rename="camel"):
    camera_streams: list[Wanted]


class _CameraStream(Struct, rename="camel"):
    uri: str
    protocol: str
    resolution: Resolution
    authorization_type: str
    video_codec: str
    audio_codec: str
    expiration_time: str
    idle_timeout_seconds: int


class _Initialized(Struct, rename="camel"):
    camera_streams: tuple[_CameraStream, ...]
    image_uri: str


class _Request(Struct, frozen=True):
    """The request from displays of one kind. `size`: reported for a video whose own size is unknown."""

    stream: StreamRequest
    size: Resolution


_USUAL = Resolution(*USUAL)
_payload = msgspec.json.Decoder(_Initialize)
_read_before: Recent[bytes, _Request] = Recent(256)
LONGEST_KEPT = 2048  # bytes of a payload


class CameraStreamController(Interface):
    """Alexa.CameraStreamController 3: HLS for displays that don't take WebRTC.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-camerastreamcontroller.html
    HLS is not in the published list of protocols; displays play it all the same, from an https address with a public
    name.
    """

    name = "Alexa.CameraStreamController"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        configuration = _Configuration(
            protocols=("HLS",),
            resolutions=_resolutions(camera),
            authorization_types=("NONE",),
            video_codecs=("H264",),
            audio_codecs=("NONE",) if camera.audio == "none" else ("AAC", "NONE"),
        )
        return (
            CameraStreamCapability(interface=self.name, version="3", camera_stream_configurations=(configuration,)),
        )

    def directives(self) -> Mapping[str, Handler]:
        return {"InitializeCameraStreams": self.initialize}

    def initialize(self, directive: CameraDirective) -> Answer:
        """Answers with one stream, if the display can play the stream."""
        request = _request(directive)
        wanted = structs.replace(request.stream, within_s=directive.left_s)
        stream = self._registry.open_stream(directive.link, directive.camera_id, wanted)
        if isinstance(stream, Refusal):
            raise refused(stream, directive.link.locale)
        payload = _Initialized((_rendered(stream, request.size),), stream.image_url)
        return Answer(self.name, "Response", payload, stream.camera or self._camera(directive))

    def _camera(self, directive: CameraDirective) -> Camera | None:
        """The camera in whose place a card is shown."""
        state = self._registry.states(directive.link, (directive.camera_id,), directive.left_s).get(directive.camera_id)
        return state.camera if state else None


def _resolutions(camera: Camera) -> list[Resolution]:
    """The sizes offered: the main stream's and, once its size is known, the sub stream's, or only the sub stream's.

    A camera that can show neither is offered at the size of the card that names the reason. A display never requests a
    size that is not offered, so the reason would stay hidden.
    """
    if best(camera) == "sub":
        return [_resolution(shown(camera, "sub")) or _USUAL]
    if camera.video.is_foreign or beyond(camera):
        return [_USUAL]
    whole = _resolution(camera.video) or _USUAL
    smaller = _resolution(camera.sub) if camera.sub and not camera.sub.is_foreign else None
    return [whole, smaller] if smaller and smaller != whole else [whole]


def _request(directive: CameraDirective) -> _Request:
    """The request in a directive.

    Displays of one kind send the same payload: decoding it once saves a tenth of the time.
    """
    payload = bytes(directive.original.payload)
    request = _read_before.get(payload)
    if request is None:
        request = _read(directive)
        if len(payload) <= LONGEST_KEPT:
            _read_before.put(payload, request)
    return request


def _read(directive: CameraDirective) -> _Request:
    """Reads the display's wishes from the payload. Raises DirectiveError."""
    playable = [wanted for wanted in directive.read(_payload).camera_streams if _playable(wanted)]
    named = [wanted.resolution for wanted in playable if wanted.resolution and _real(wanted.resolution)]
    # if one combination names no size, a video of any size is accepted
    largest = max(named, key=lambda size: size.width * size.height) if named and len(named) == len(playable) else None
    stream = StreamRequest(
        "alexa",
        ("hls",) if playable else (),
        largest=(largest.width, largest.height) if largest else None,
        image=True,
        silent=all(wanted.audio_codec == "NONE" for wanted in playable),
    )
    return _Request(stream, named[0] if named else _USUAL)


def _real(size: Resolution) -> bool:
    return 0 < size.width <= WIDEST and 0 < size.height <= WIDEST


def _playable(wanted: Wanted) -> bool:
    return (
        wanted.protocol == "HLS"
        and wanted.authorization_type == "NONE"
        and wanted.video_codec == "H264"
        and wanted.audio_codec in ("AAC", "NONE")
    )


def _rendered(stream: Stream, otherwise: Resolution) -> _CameraStream:
    return _CameraStream(
        uri=stream.url,
        protocol="HLS",
        resolution=_resolution(stream.video) or otherwise,
        authorization_type="NONE",
        video_codec="H264",
        audio_codec="AAC" if stream.sound else "NONE",
        expiration_time=timestamp(stream.expires),
        idle_timeout_seconds=max(1, stream.idle_timeout_s),
    )


def _resolution(video: Video) -> Resolution | None:
    return Resolution(video.width, video.height) if video.width > 0 and video.height > 0 else None


type SessionId = Annotated[str, Meta(min_length=1, max_length=128)]


class _Description(Struct):
    """An offer or an answer of WebRTC."""

    format: str
    value: str


class _Initiate(Struct, rename="camel"):
    session_id: SessionId
    offer: _Description


class _Answered(Struct):
    answer: _Description


class _Session(Struct, rename="camel"):
    session_id: SessionId


class _SessionConfiguration(Struct, rename="camel"):
    is_full_duplex_audio_supported: bool


_initiate = msgspec.json.Decoder(_Initiate)
_session = msgspec.json.Decoder(_Session)


class RtcSessionController(Interface):
    """Alexa.RTCSessionController 3: WebRTC. The answer carries every candidate: there is no trickle ICE.

    Full duplex is declared only for a camera with a speaker, whose owner lets people talk through it: a false true
    gives a microphone that leads nowhere.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-rtcsessioncontroller.html
    """

    name = "Alexa.RTCSessionController"

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        if "webrtc" not in self._registry.playable:
            return ()
        configuration = _SessionConfiguration(is_full_duplex_audio_supported=camera.may_be_talked_through)
        return (Capability(interface=self.name, version="3", configuration=configuration),)

    def directives(self) -> Mapping[str, Handler]:
        return {
            "InitiateSessionWithOffer": self.initiate,
            "SessionConnected": self.connected,
            "SessionDisconnected": self.disconnected,
        }

    def initiate(self, directive: CameraDirective) -> Answer:
        """Answers an offer. A second offer in the same session replaces the first one's answer."""
        given = directive.read(_initiate)
        if given.offer.format.upper() != "SDP":
            raise DirectiveError("INVALID_VALUE", "The offer's format is not SDP.")
        request = StreamRequest(
            "alexa", ("webrtc",), sdp=given.offer.value, session=given.session_id, within_s=directive.left_s
        )
        try:
            stream = self._registry.open_stream(directive.link, directive.camera_id, request)
        except BadOffer:
            raise DirectiveError("INVALID_VALUE", "The offer is not SDP that asks for video.") from None
        if isinstance(stream, Refusal):
            raise refused(stream, directive.link.locale)
        return Answer(self.name, "AnswerGeneratedForSession", _Answered(_Description("SDP", stream.answer)))

    def connected(self, directive: CameraDirective) -> Answer:
        """Confirms the display's report that the video plays; not every display reports."""
        return self._confirmed("SessionConnected", directive, directive.read(_session))

    def disconnected(self, directive: CameraDirective) -> Answer:
        """Ends the session; a display may send this any number of times."""
        session = directive.read(_session)
        # the session of the link ends even when its camera is no longer visible
        self._registry.end_session(directive.link, session.session_id)
        return self._confirmed("SessionDisconnected", directive, session)

    def _confirmed(self, name: str, directive: CameraDirective, session: _Session) -> Answer:
        if not self._registry.knows(directive.link, directive.camera_id):
            raise refused(not_found(), directive.link.locale)
        return Answer(self.name, name, session)


VERSION = "1.1"  # of the interface and of its messages
FRESH_MS = 2000  # the still is taken when it is fetched, from a stream with up to this delay


class _GetSnapshot(Struct, rename="camel"):
    prefer_on_demand_snapshot: bool = False  # every still of ours is on demand


_get_snapshot = msgspec.json.Decoder(_GetSnapshot)


class _Picture(Struct, rename="camel"):
    uri: str
    uri_expiration_time: str
    authentication_type: str


class _Snapshot(Struct, rename="camel"):
    value: _Picture
    time_of_sample: str
    uncertainty_in_milliseconds: int


class SnapshotProvider(Interface):
    """Alexa.SmartVision.SnapshotProvider 1.1: the address of a still, which Alexa fetches with its access token.

    https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-smartvision-snapshotprovider.html
    No public implementation shows the Snapshot event's payload. `enabled`: False for a trial, whose link is not stored;
    then the interface is not advertised.
    """

    name = "Alexa.SmartVision.SnapshotProvider"

    def __init__(self, registry: Registry, *, enabled: bool) -> None:
        super().__init__(registry)
        self._enabled = enabled and registry.stills

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        return (Capability(interface=self.name, version=VERSION),) if self._enabled else ()

    def directives(self) -> Mapping[str, Handler]:
        return {"GetSnapshot": self.get}

    def get(self, directive: CameraDirective) -> Answer:
        directive.read(_get_snapshot)
        if not self._enabled:
            without = "No still can be had here: showcam runs without a media process, or this is a trial."
            raise SnapshotError("DISABLED_BY_USER", without)
        snapshot = self._registry.snapshot(directive.link, directive.camera_id, "alexa", directive.left_s)
        if isinstance(snapshot, Refusal):
            raise refused(snapshot, directive.link.locale)
        picture = _Picture(snapshot.url, timestamp(snapshot.expires), "ACCESS_TOKEN")
        payload = _Snapshot(picture, timestamp(snapshot.at), FRESH_MS)
        return Answer(self.name, "Snapshot", payload, version=VERSION)
