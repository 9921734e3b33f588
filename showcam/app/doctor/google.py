"""Examines what Google needs of us, with the requests that Google sends, but with invented secrets: nothing changes.

The points are those of cloud-to-cloud account linking, fulfillment and the CameraStream trait.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from showcam.app.doctor.arrival import arrive
from showcam.app.doctor.finding import of, ok, unsure, wrong
from showcam.app.doctor.reach import BEFORE, Answer, Unreached, Visitor, World, not_ours
from showcam.app.setup.google_console import PROJECT, REDIRECTS, projects_of
from showcam.app.shipped import page
from showcam.console.health.machine import Finding
from showcam.i18n.catalogue import Worded, worded

PLAYER = "https://www.gstatic.com"  # the origin of Google's players
STRANGER = "192.0.2.77"  # an address for documentation (RFC 5737), which no visitor has
_FORWARDED = "X-Forwarded-For"
_FORM = 'action="/home"'  # in showcam's page that asks for the printed code
FORGED = "doctor.forged"
PADDING = 12 * 1024  # characters of a form; /oauth/token takes 16 KiB


@dataclass(frozen=True, slots=True)
class Patient:
    """`web` and `pictures` are origins without a trailing slash; `client` is Google's, `trial` tests /oauth/token.

    `hidden`: the pages of the cameras are for the house only.
    """

    web: str
    pictures: tuple[str, ...]
    client: tuple[str, tuple[str, ...]] | None  # id, redirect URIs
    trial: tuple[str, str]  # id, secret
    demo: bool = False
    hidden: bool = False


def examine(patient: Patient, visitor: Visitor, world: World | None = None) -> Iterator[Finding]:
    for origin in dict.fromkeys((patient.web, *patient.pictures)):
        arrived = list(of("reachable", _arrive(origin, patient, visitor, world or World())))
        yield from arrived
        if any(finding.state == "wrong" or finding.fault == "no_hairpin" for finding in arrived):
            return  # no endpoint can be reached
    yield from of("google", [_redirects(patient)])
    yield from of("reachable", _answers(patient, visitor))


def _answers(patient: Patient, visitor: Visitor) -> Iterator[Finding]:
    """The findings about the answers of all endpoints."""
    for check in (_client, _bearer, _authorize, _token, _fulfillment, _preflight, _signalling):
        yield _checked(check, patient, visitor)
    if patient.hidden:
        yield _checked(_home, patient, visitor)
    for origin in patient.pictures:
        yield _checked(_playlist, replace(patient, pictures=(origin,)), visitor)


def _arrive(origin: str, patient: Patient, visitor: Visitor, world: World) -> Iterator[Finding]:
    if patient.demo:
        yield ok(worded("address {origin}", origin=origin), worded("the demo's own: name and certificate are left out"))
    elif urlsplit(origin).scheme != "https":
        text = worded("{origin} is no https address, and Google comes to no other", origin=origin)
        yield wrong(
            worded("address"),
            text,
            worded("Give it your public address, in the third step of set-up."),
            command="showcam settings set public_url https://YOUR-ADDRESS",
        )
    else:
        yield from arrive(origin, visitor, world)


def _checked(check: Callable[[Patient, Visitor], Finding], patient: Patient, visitor: Visitor) -> Finding:
    try:
        return check(patient, visitor)
    except Unreached as error:
        return wrong(check.__name__.strip("_"), error.args[0], BEFORE)


def _redirects(patient: Patient) -> Finding:
    what = worded("redirect addresses")
    if patient.client is None:
        mend = worded("Let it in on showcam's page about Google's console.")
        return wrong(what, worded("no client is registered for Google"), mend, command="showcam google values")
    its_id, registered = patient.client
    mend = worded("On showcam's page about Google's console give your Project ID again. Secret and links stay.")
    again = f"showcam clients remove {its_id} --keep-links, then: showcam google values --project YOUR-PROJECT-ID"
    projects = projects_of(registered)
    if len(projects) != 1:
        text = (
            worded("they are of several projects: {projects}", projects=", ".join(projects))
            if projects
            else worded("none of them is Google's")
        )
        return wrong(what, text, mend, command=again)
    project = projects[0]
    if not PROJECT.fullmatch(project):
        return wrong(what, worded("{project} is no Project ID", project=project), mend, command=again)
    needed = {redirect.format(project=project) for redirect in REDIRECTS}
    if strange := [uri for uri in registered if uri not in needed]:
        return unsure(what, worded("{address} is none of Google's", address=strange[0]), mend, command=again)
    if missing := needed - set(registered):
        text = worded("{address} is not registered, and Google comes by both", address=missing.pop())
        return unsure(what, text, mend, "redirect_uri_missing", command=again)
    return ok(
        what,
        worded("both of the project {project} are registered for the client {client}", project=project, client=its_id),
    )


def _client(patient: Patient, visitor: Visitor) -> Finding:
    """Whether showcam believes a forged header about a visitor's address."""
    what = worded("visitors' addresses, /readyz")
    answer = visitor.request("GET", f"{patient.web}/readyz", headers={_FORWARDED: STRANGER})
    ready = answer.json()
    if answer.status == 421 and patient.demo:
        return ok(what, worded("the demo refuses whatever was forwarded"))
    if answer.status != 200 or not isinstance(ready, dict) or not isinstance(ready.get("client"), str):
        return not_ours(what, answer)
    if ready["client"] == STRANGER:
        mend = worded("Let the proxy write X-Forwarded-For itself in place of what came, or end trusted_proxies.")
        return wrong(what, worded("whoever sends {name} passes for anybody", name=_FORWARDED), mend)
    if ready["client"] in ("127.0.0.1", "::1") and not patient.demo:
        mend = worded("Name the proxy in trusted_proxies, see {page}", page=page("reachable.md"))
        return unsure(what, worded("all visitors count as one"), mend)
    return ok(what, worded("no visitor can claim another address"))


def _home(patient: Patient, visitor: Visitor) -> Finding:
    """Whether the proxy adds no header: showcam then takes all visitors for browsers on the proxy's machine.

    A proxy may hand on the Host that a visitor chose.
    """
    what, at = worded("pages of the cameras, /home"), f"{patient.web}/home"
    answer = visitor.request("GET", at)
    answers = [answer]
    with contextlib.suppress(Unreached):
        answers.append(visitor.request("GET", at, headers={"Host": "localhost"}))
    if any(each.status == 200 and _FORM in each.text for each in answers):
        mend = worded(
            "Let the proxy add X-Forwarded-For with the visitor's address, see {page}", page=page("reachable.md")
        )
        return wrong(what, worded("the internet is asked for the printed code"), mend)
    return ok(what, worded("the internet gets 404, as it must")) if answer.status == 404 else not_ours(what, answer)


def _bearer(patient: Patient, visitor: Visitor) -> Finding:
    """Whether the header Authorization arrives: assistants show their tokens in it."""
    what = worded("header Authorization, /oauth/userinfo")
    answer = visitor.request("GET", f"{patient.web}/oauth/userinfo", headers={"Authorization": f"Bearer {FORGED}"})
    content = answer.json()
    error = content.get("error") if isinstance(content, dict) else None
    if answer.status == 401 and error == "invalid_token":
        return ok(what, worded("it arrives"))
    if answer.status == 401 and error == "invalid_request":
        text = worded("it does not arrive, so no assistant is ever known")
        return wrong(what, text, worded("Let the proxy pass the header Authorization on."), "header_dropped")
    return not_ours(what, answer)


def _authorize(patient: Patient, visitor: Visitor) -> Finding:
    what = worded("sign-in page, /oauth/authorize")
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
            return unsure(
                what, worded("it refuses, for want of a client"), worded("Register Google's client and ask again.")
            )
    elif answer.status == 200 and answer.kind == "text/html":
        if "Google" in answer.text:
            return ok(what, worded("it shows whom the account is linked to"))
        return wrong(what, worded("it is a page, but not of showcam"), BEFORE)
    return not_ours(what, answer)


def _token(patient: Patient, visitor: Visitor) -> Finding:
    """Sends the longest form allowed, with the parts that count at its end, to find a proxy that cuts bodies."""
    what = worded("token endpoint, /oauth/token")
    form = {
        "padding": "x" * PADDING,
        "grant_type": "authorization_code",
        "code": FORGED,
        "redirect_uri": "https://oauth-redirect.googleusercontent.com/r/doctor",
        "client_id": patient.trial[0],
        "client_secret": patient.trial[1],
    }
    answer = visitor.request("POST", f"{patient.web}/oauth/token", data=form)
    content = answer.json()
    error = content.get("error") if isinstance(content, dict) else None
    if answer.status == 400 and error == "invalid_grant":
        return ok(what, worded("an invented code gets 400 invalid_grant, as it must"))
    if answer.status == 413 or (answer.status == 400 and error == "invalid_request"):
        text = worded(
            "the end of a form of {size} KiB is lost ({answer})", size=PADDING // 1024, answer=answer.summary()
        )
        return wrong(what, text, worded("Let the proxy pass bodies of at least 256 KiB whole."), "body_cut")
    if error == "invalid_client":
        return wrong(
            what,
            worded("it does not know a client that was just registered here"),
            worded(
                "The public address leads to another showcam, or this command reads other settings: see data and store."
            ),
        )
    return not_ours(
        what, answer, worded("an invented code gets {answer}, not 400 invalid_grant", answer=answer.summary())
    )


def _fulfillment(patient: Patient, visitor: Visitor) -> Finding:
    what = worded("fulfillment, /google/fulfillment")
    body = json.dumps({"requestId": "1", "inputs": [{"intent": "action.devices.SYNC"}]}).encode()
    headers = {"Content-Type": "application/json;charset=UTF-8", "Authorization": f"Bearer {FORGED}"}
    answer = visitor.request("POST", f"{patient.web}/google/fulfillment", headers=headers, data=body)
    if answer.status == 401 and answer.json() == {"error": "invalid_token"}:
        return ok(what, worded("an invented token gets 401, as it must"))
    if answer.status == 401:
        mend = worded("Let the proxy pass /google/ without one.")
        return wrong(what, worded("something before showcam asks for a password"), mend, "password")
    return not_ours(what, answer, worded("an invented token gets {answer}, not showcam's 401", answer=answer.summary()))


def _preflight(patient: Patient, visitor: Visitor) -> Finding:
    what = worded("signalling's preflight, /google/webrtc/")
    headers = {
        "Origin": PLAYER,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    answer = visitor.request("OPTIONS", f"{patient.web}/google/webrtc/{FORGED}", headers=headers)
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
    """The part of the answer that forbids Google's player to post; None if the player may post its offer."""
    headers = answer.headers
    methods = {method.strip().upper() for method in headers.get("access-control-allow-methods", "").split(",")}
    fields = {name.strip().lower() for name in headers.get("access-control-allow-headers", "").split(",")}
    if headers.get("access-control-allow-origin") != PLAYER:
        allowed = headers.get("access-control-allow-origin") or worded("nobody")
        return worded("it allows {allowed}, not {player}", allowed=allowed, player=PLAYER)
    if "POST" not in methods:
        return worded("it does not allow POST")
    if not {"authorization", "content-type"} <= fields:
        return worded("it does not allow the headers Authorization and Content-Type")
    return None


def _signalling(patient: Patient, visitor: Visitor) -> Finding:
    what = worded("signalling, /google/webrtc/")
    body = json.dumps({"action": "offer", "deviceId": "doctor", "sdp": "v=0\r\n"}).encode()
    headers = {"Origin": PLAYER, "Content-Type": "application/json"}
    answer = visitor.request("POST", f"{patient.web}/google/webrtc/{FORGED}", headers=headers, data=body)
    if answer.status != 403 or answer.kind != "application/problem+json":
        return not_ours(
            what, answer, worded("an invented grant gets {answer}, not showcam's 403", answer=answer.summary())
        )
    if answer.headers.get("access-control-allow-origin") != PLAYER:
        mend = worded("Let the proxy pass CORS headers as they are.")
        return wrong(what, worded("Google's player can't read its answer"), mend, "cors_stripped")
    return ok(what, worded("an invented grant gets 403, and Google's player may read why"))


def _playlist(patient: Patient, visitor: Visitor) -> Finding:
    what = worded("playlist, /s/")
    answer = visitor.request("GET", f"{patient.pictures[0]}/s/{FORGED}/master.m3u8", headers={"Origin": PLAYER})
    mend = worded("Let the proxy send /s/ to the media process (port 8081), its path as it is.")
    if answer.status != 403 or answer.kind != "application/problem+json":
        text = worded("an invented grant gets {answer}, not the media process's 403", answer=answer.summary())
        found = not_ours(what, answer, text)
        return found if found.fault else wrong(what, text, mend, "pictures_not_forwarded")
    if answer.headers.get("access-control-allow-origin") not in ("*", PLAYER):
        mend = worded("Let the proxy pass CORS headers as they are.")
        return wrong(what, worded("a Chromecast can't read its answer"), mend, "cors_stripped")
    return ok(what, worded("an invented grant gets 403, and a Chromecast may read it"))
