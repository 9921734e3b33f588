"""Examines what Google's players are let do from the browser that they are: the offer, its preflight, the playlist."""

import json

from showcam.doctor.finding import Finding, ok, wrong
from showcam.doctor.front import not_ours
from showcam.doctor.reach import Answer, Visitor
from words.catalogue import Worded, worded

PLAYER = "https://www.gstatic.com"  # the origin of Google's players
FORGED = "doctor.forged"


def preflight(web: str, visitor: Visitor) -> Finding:
    what = worded("signalling's preflight, /google/webrtc/")
    headers = {
        "Origin": PLAYER,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = visitor.request("OPTIONS", f"{web}/google/webrtc/{FORGED}", headers=headers)
    if not 200 <= answer.status < 300:
        return wrong(
            what,
            worded("it answers {answer}", answer=answer.summary()),
            worded("Let the proxy pass OPTIONS on to showcam."),
        )
    missing = _not_allowed(answer)
    if missing:
        mend = worded("Let the proxy pass CORS headers as they are.")
        return wrong(what, missing, mend, "cors_stripped")
    return ok(what, worded("Google's player may post its offer"))


def _not_allowed(answer: Answer) -> Worded | None:
    """What the answer forbids Google's player; None where it may post its offer."""
    headers = answer.headers
    methods = {method.strip().upper() for method in headers.get("access-control-allow-methods", "").split(",")}
    fields = {name.strip().lower() for name in headers.get("access-control-allow-headers", "").split(",")}
    if headers.get("access-control-allow-origin") != PLAYER:
        allowed = headers.get("access-control-allow-origin") or worded("nobody")
        return worded("it allows {allowed} where {player} is due", allowed=allowed, player=PLAYER)
    if "POST" not in methods:
        return worded("it does not allow POST")
    if not {"authorization", "content-type"} <= fields:
        return worded("it does not allow the headers Authorization and Content-Type")
    return None


def signalling(web: str, visitor: Visitor) -> Finding:
    what = worded("signalling, /google/webrtc/")
    body = json.dumps({"action": "offer", "deviceId": "doctor", "sdp": "v=0\r\n"}).encode()
    headers = {"Origin": PLAYER, "Content-Type": "application/json"}
    answer = visitor.request("POST", f"{web}/google/webrtc/{FORGED}", headers=headers, data=body)
    if answer.status != 403 or answer.kind != "application/problem+json":
        return not_ours(
            what, answer, worded("an invented grant gets {answer} where showcam's 403 is due", answer=answer.summary())
        )
    if answer.headers.get("access-control-allow-origin") != PLAYER:
        mend = worded("Let the proxy pass CORS headers as they are.")
        return wrong(what, worded("Google's player can't read its answer"), mend, "cors_stripped")
    return ok(what, worded("an invented grant gets 403, and Google's player may read why"))


def playlist(pictures: str, visitor: Visitor) -> Finding:
    what = worded("playlist, /s/")
    answer = visitor.request("GET", f"{pictures}/s/{FORGED}/master.m3u8", headers={"Origin": PLAYER})
    mend = worded("Let the proxy send /s/ to the media process (port 8081), its path as it is.")
    if answer.status != 403 or answer.kind != "application/problem+json":
        text = worded("an invented grant gets {answer} where the media process's 403 is due", answer=answer.summary())
        found = not_ours(what, answer, text)
        return found if found.fault else wrong(what, text, mend, "pictures_not_forwarded")
    if answer.headers.get("access-control-allow-origin") not in ("*", PLAYER):
        mend = worded("Let the proxy pass CORS headers as they are.")
        return wrong(what, worded("a Chromecast can't read its answer"), mend, "cors_stripped")
    return ok(what, worded("an invented grant gets 403, and a Chromecast may read it"))
