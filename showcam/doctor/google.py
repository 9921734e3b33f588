"""Examines what Google needs of us, with the requests that Google sends, but with invented secrets: nothing changes.

The points are those of cloud-to-cloud account linking, fulfillment and the CameraStream trait.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from showcam.doctor.finding import Finding, ok, unsure, wrong
from showcam.doctor.reach import Answer, Unreached, Visitor
from showcam.setup.google_console import PROJECT, REDIRECTS, projects_of
from showcam.shipped import document

STRANGER = "192.0.2.77"  # an address for documentation (RFC 5737), which no visitor has
FORWARDED = ("X-Forwarded-For", "X_Forwarded_For")  # WSGI has one key for both
PLAYER = "https://www.gstatic.com"  # the origin of Google's players
FORGED = "doctor.forged"
_REGISTER = "showcam clients remove {}, then add it as this tells: showcam google values --project YOUR-PROJECT-ID"
_FORGEABLE = {
    FORWARDED[0]: "Let the proxy write X-Forwarded-For itself in place of what came, or end trusted_proxies.",
    FORWARDED[1]: "Let the proxy drop headers with underscores in their names, or end trusted_proxies: see "
    f"{document('running.md')}",
}
_BEFORE = "See what stands before showcam: a proxy that lacks this path, or one that asks whether you are a robot."


@dataclass(frozen=True, slots=True)
class Patient:
    """`web` and `pictures` are origins without a trailing slash; `client` is Google's, `trial` tests /oauth/token."""

    web: str
    pictures: tuple[str, ...]
    client: tuple[str, tuple[str, ...]] | None  # id, redirect URIs
    trial: tuple[str, str]  # id, secret
    demo: bool = False


def examine(patient: Patient, visitor: Visitor) -> Iterator[Finding]:
    for origin in dict.fromkeys((patient.web, *patient.pictures)):
        arrived = list(_arrive(origin, patient, visitor))
        yield from arrived
        if any(finding.state == "wrong" for finding in arrived):
            return  # no endpoint can be reached
    yield _redirects(patient)
    for check in (_client, _authorize, _token, _fulfillment, _preflight, _signalling):
        yield _checked(check, patient, visitor)
    for origin in patient.pictures:
        yield _checked(_playlist, replace(patient, pictures=(origin,)), visitor)


def _arrive(origin: str, patient: Patient, visitor: Visitor) -> Iterator[Finding]:
    if patient.demo:
        yield ok(f"address {origin}", "the demo's own: name and certificate are left out")
    elif urlsplit(origin).scheme != "https":
        text = f"{origin} is no https address, and Google comes to no other"
        yield wrong("address", text, "Set public_url in showcam.toml to your public https:// address.")
    else:
        yield from visitor.arrive(origin)


def _checked(
    check: Callable[[Patient, Visitor], Finding],
    patient: Patient,
    visitor: Visitor,
) -> Finding:
    try:
        return check(patient, visitor)
    except Unreached as error:
        return wrong(check.__name__.strip("_"), str(error), _BEFORE)


def _redirects(patient: Patient) -> Finding:
    what = "redirect addresses"
    if patient.client is None:
        mend = "Let it in with the values of: showcam google values"
        return wrong(what, "no client is registered for Google", mend)
    its_id, registered = patient.client
    mend = _REGISTER.format(its_id)
    projects = projects_of(registered)
    if len(projects) != 1:
        text = f"they are of several projects: {', '.join(projects)}" if projects else "none of them is Google's"
        return wrong(what, text, mend)
    project = projects[0]
    if not PROJECT.fullmatch(project):
        return wrong(what, f"{project} is no Project ID", mend)
    needed = {redirect.format(project=project) for redirect in REDIRECTS}
    if strange := [uri for uri in registered if uri not in needed]:
        return unsure(what, f"{strange[0]} is none of Google's", mend)
    if missing := needed - set(registered):
        return unsure(what, f"{missing.pop()} is not registered, and Google comes by both", mend)
    return ok(what, f"both of the project {project} are registered for the client {its_id}")


def _client(patient: Patient, visitor: Visitor) -> Finding:
    what = "visitors' addresses, /readyz"
    for name in FORWARDED:
        answer = visitor.request("GET", f"{patient.web}/readyz", headers={name: STRANGER})
        ready = answer.json()
        if answer.status == 421 and patient.demo:
            return ok(what, "the demo refuses whatever was forwarded")
        if answer.status != 200 or not isinstance(ready, dict) or not isinstance(ready.get("client"), str):
            return wrong(what, f"it answers {answer.summary()}", _BEFORE)
        if ready["client"] == STRANGER:
            return wrong(what, f"whoever sends {name} passes for anybody", _FORGEABLE[name])
    if ready["client"] in ("127.0.0.1", "::1") and not patient.demo:
        mend = f"Name the proxy in trusted_proxies, see {document('running.md')}"
        return unsure(what, "all visitors count as one", mend)
    return ok(what, "nobody's own word is taken for where he comes from")


def _authorize(patient: Patient, visitor: Visitor) -> Finding:
    what = "sign-in page, /oauth/authorize"
    client, redirects = patient.client or (patient.trial[0], ())
    query = {
        "client_id": client,
        "redirect_uri": redirects[0] if redirects else "https://oauth-redirect.googleusercontent.com/r/doctor",
        "state": "doctor",
        "response_type": "code",
        "scope": "cameras",
        "user_locale": "en-US",
    }
    answer = visitor.request("GET", f"{patient.web}/oauth/authorize?{urlencode(query)}")
    if patient.client is None:
        refused = answer.status == 400 and answer.kind == "text/html"
        if refused:
            return unsure(what, "it refuses, for want of a client", "Register Google's client and ask again.")
    elif answer.status == 200 and answer.kind == "text/html":
        if "Google" in answer.text:
            return ok(what, "it shows whom the account is linked to")
        return wrong(what, "it is a page, but not of showcam", _BEFORE)
    return wrong(what, f"it answers {answer.summary()}", _BEFORE)


def _token(patient: Patient, visitor: Visitor) -> Finding:
    what = "token endpoint, /oauth/token"
    form = {
        "grant_type": "authorization_code",
        "code": FORGED,
        "redirect_uri": "https://oauth-redirect.googleusercontent.com/r/doctor",
        "client_id": patient.trial[0],
        "client_secret": patient.trial[1],
    }
    answer = visitor.request("POST", f"{patient.web}/oauth/token", data=form)
    content = answer.json()
    if answer.status == 400 and isinstance(content, dict) and content.get("error") == "invalid_grant":
        return ok(what, "an invented code gets 400 invalid_grant, as it must")
    if isinstance(content, dict) and content.get("error") == "invalid_client":
        return wrong(
            what,
            "it does not know a client that was just registered here",
            "The public address leads to another showcam, or this command reads other settings: see data and store.",
        )
    return wrong(what, f"an invented code gets {answer.summary()} where 400 invalid_grant is due", _BEFORE)


def _fulfillment(patient: Patient, visitor: Visitor) -> Finding:
    what = "fulfillment, /google/fulfillment"
    body = json.dumps({"requestId": "1", "inputs": [{"intent": "action.devices.SYNC"}]}).encode()
    headers = {"Content-Type": "application/json;charset=UTF-8", "Authorization": f"Bearer {FORGED}"}
    answer = visitor.request("POST", f"{patient.web}/google/fulfillment", headers=headers, data=body)
    if answer.status == 401 and answer.json() == {"error": "invalid_token"}:
        return ok(what, "an invented token gets 401, as it must")
    if answer.status == 401:
        return wrong(what, "something before showcam asks for a password", "Let the proxy pass /google/ without one.")
    return wrong(what, f"an invented token gets {answer.summary()} where showcam's 401 is due", _BEFORE)


def _preflight(patient: Patient, visitor: Visitor) -> Finding:
    what = "signalling's preflight, /google/webrtc/"
    headers = {
        "Origin": PLAYER,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = visitor.request("OPTIONS", f"{patient.web}/google/webrtc/{FORGED}", headers=headers)
    if not 200 <= answer.status < 300:
        return wrong(what, f"it answers {answer.summary()}", "Let the proxy pass OPTIONS on to showcam.")
    missing = _not_allowed(answer)
    if missing:
        return wrong(what, missing, "Let the proxy pass CORS headers as they are, and see signal_origins.")
    return ok(what, "Google's player may post its offer")


def _not_allowed(answer: Answer) -> str:
    """What the answer forbids Google's player; "" where it may post its offer."""
    headers = answer.headers
    methods = {method.strip().upper() for method in headers.get("access-control-allow-methods", "").split(",")}
    fields = {name.strip().lower() for name in headers.get("access-control-allow-headers", "").split(",")}
    if headers.get("access-control-allow-origin") != PLAYER:
        return f"it allows {headers.get('access-control-allow-origin', 'nobody')} where {PLAYER} is due"
    if "POST" not in methods:
        return "it does not allow POST"
    if not {"authorization", "content-type"} <= fields:
        return "it does not allow the headers Authorization and Content-Type"
    return ""


def _signalling(patient: Patient, visitor: Visitor) -> Finding:
    what = "signalling, /google/webrtc/"
    body = json.dumps({"action": "offer", "deviceId": "doctor", "sdp": "v=0\r\n"}).encode()
    headers = {"Origin": PLAYER, "Content-Type": "application/json"}
    answer = visitor.request("POST", f"{patient.web}/google/webrtc/{FORGED}", headers=headers, data=body)
    if answer.status != 403 or answer.kind != "application/problem+json":
        return wrong(what, f"an invented grant gets {answer.summary()} where showcam's 403 is due", _BEFORE)
    if answer.headers.get("access-control-allow-origin") != PLAYER:
        return wrong(what, "Google's player can't read its answer", "Let the proxy pass CORS headers as they are.")
    return ok(what, "an invented grant gets 403, and Google's player may read why")


def _playlist(patient: Patient, visitor: Visitor) -> Finding:
    what = "playlist, /s/"
    answer = visitor.request("GET", f"{patient.pictures[0]}/s/{FORGED}/master.m3u8", headers={"Origin": PLAYER})
    mend = "Let the proxy send /s/ to the media process (port 8081), its path as it is."
    if answer.status != 403 or answer.kind != "application/problem+json":
        return wrong(what, f"an invented grant gets {answer.summary()} where the media process's 403 is due", mend)
    if answer.headers.get("access-control-allow-origin") not in ("*", PLAYER):
        return wrong(what, "a Chromecast can't read its answer", "Let the proxy pass CORS headers as they are.")
    return ok(what, "an invented grant gets 403, and a Chromecast may read it")
