"""Alexa.RTCSessionController 3: WebRTC, one way. The answer carries every candidate: this interface has no trickle ICE.

https://developer.amazon.com/en-US/docs/alexa/device-apis/alexa-rtcsessioncontroller.html
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from showcam.alexa.capability import Capability
from showcam.alexa.errors import InvalidValue, refused
from showcam.alexa.interface import Answer, CameraDirective, Handler, Interface, Stated
from showcam.alexa.texts import Locales
from showcam.drivers.camera import Camera, Refusal, StreamRequest
from showcam.drivers.errors import BadOffer
from showcam.registry.gate.gate import not_found
from showcam.registry.registry import Registry

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


class _Configuration(Struct, rename="camel"):
    is_full_duplex_audio_supported: bool


_initiate = msgspec.json.Decoder(_Initiate)
_session = msgspec.json.Decoder(_Session)


class RtcSessionController(Interface):
    name = "Alexa.RTCSessionController"

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def capabilities(self, camera: Camera, locales: Locales) -> Sequence[Capability]:
        if "webrtc" not in self._registry.playable:
            return ()
        configuration = _Configuration(is_full_duplex_audio_supported=False)
        return (Capability(interface=self.name, version="3", configuration=configuration),)

    def states(self, camera: Camera) -> Sequence[Stated]:
        return ()

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
            raise InvalidValue("The offer's format is not SDP.")
        request = StreamRequest(
            "alexa", ("webrtc",), sdp=given.offer.value, session=given.session_id, within_s=directive.left_s
        )
        try:
            stream = self._registry.open_stream(directive.link, directive.camera_id, request)
        except BadOffer:
            raise InvalidValue("The offer is not SDP that asks for video.") from None
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
