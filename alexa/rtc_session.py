"""Alexa.RTCSessionController 3: WebRTC, one way; the answer carries every candidate, since nothing trickles."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from alexa.directive import Directive
from alexa.errors import InvalidValue, refused
from alexa.event import Reply
from alexa.interface import encoded
from registry.camera import Refusal, StreamRequest
from registry.errors import BadOffer
from registry.gate.gate import not_found
from registry.registry import Registry
from store.records import Link

_NAMESPACE = "Alexa.RTCSessionController"

type SessionId = Annotated[str, Meta(min_length=1, max_length=128)]


class _Offer(Struct):
    format: str
    value: str


class _Initiate(Struct, rename="camel"):
    session_id: SessionId
    offer: _Offer


class _Session(Struct, rename="camel"):
    session_id: SessionId


_initiate = msgspec.json.Decoder(_Initiate)
_session = msgspec.json.Decoder(_Session)


CAPABILITY = encoded(_NAMESPACE, "3", configuration={"isFullDuplexAudioSupported": False})


class RtcSessions:
    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def initiate(self, link: Link, camera_id: str, directive: Directive, reply: Reply) -> bytes:
        """InitiateSessionWithOffer; a second one in the same session replaces the first one's answer."""
        given = directive.read(_initiate)
        if given.offer.format.upper() != "SDP":
            raise InvalidValue("The offer's format is not SDP.")
        request = StreamRequest(
            "alexa", ("webrtc",), sdp=given.offer.value, session=given.session_id, within_s=reply.left_s
        )
        try:
            stream = self._registry.open_stream(link, camera_id, request)
        except BadOffer:
            raise InvalidValue("The offer is not SDP that asks for video.") from None
        if isinstance(stream, Refusal):
            raise refused(stream, link.locale)
        payload = {"answer": {"format": "SDP", "value": stream.answer}}
        return reply.event(_NAMESPACE, "AnswerGeneratedForSession", payload)

    def connected(self, link: Link, camera_id: str, directive: Directive, reply: Reply) -> bytes:
        """SessionConnected: the display's word that it plays; not always sent."""
        return self._told("SessionConnected", link, camera_id, directive.read(_session).session_id, reply)

    def disconnected(self, link: Link, camera_id: str, directive: Directive, reply: Reply) -> bytes:
        """SessionDisconnected, as often as it comes."""
        session_id = directive.read(_session).session_id
        # the link's own session ends, though its camera may be gone meanwhile
        self._registry.end_session(link, session_id)
        return self._told("SessionDisconnected", link, camera_id, session_id, reply)

    def _told(self, name: str, link: Link, camera_id: str, session_id: str, reply: Reply) -> bytes:
        if not self._registry.knows(link, camera_id):
            raise refused(not_found(), link.locale)
        return reply.event(_NAMESPACE, name, {"sessionId": session_id})
