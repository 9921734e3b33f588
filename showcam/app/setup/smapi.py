"""Amazon's skill management API (SMAPI), used by an owner's own security profile of Login with Amazon.

https://developer.amazon.com/en-US/docs/alexa/smapi/smapi-overview.html
The calls are those of Amazon's published SDK model. No account of Amazon's has answered them here yet.
"""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from msgspec import Struct

from showcam.console.setup.skill import NotMade
from showcam.i18n.catalogue import mark
from showcam.net.exchange import PATIENT_S, Hosts, Unreached
from showcam.net.http import Http, Reply
from showcam.net.text import JsonObject

LOGIN, API = "api.amazon.com", "api.amazonalexa.com"
# a customer's skills are enabled at one of these
PLACES = (API, "api.eu.amazonalexa.com", "api.fe.amazonalexa.com")
AUTHORIZE = "https://www.amazon.com/ap/oa"
SCOPE = "alexa::ask:skills:readwrite alexa::ask:models:readwrite"
LINKING = "alexa::skills:account_linking"
_PAGES = 40  # the most pages of a developer's list of skills, 50 rows each

type Build = Literal["done", "going on"]


class Failed(NotMade):
    """A call did not do what was wanted; the text is for the owner, and holds no token, secret or address."""


class SignInAgain(Failed):
    """Amazon takes neither the code nor the refresh token."""


class Silent(Failed):
    """No answer came: Amazon may have done it or not."""


class NotBuilt(Failed):
    """Amazon took a change and could not build it."""


class Profile(Struct, frozen=True):
    """A security profile of Login with Amazon."""

    client_id: str
    client_secret: str


class Amazon:
    """`double`: "host:port" of a stand-in for Amazon, whose authority is in `ca_file`; "": Amazon."""

    def __init__(self, double: str = "", ca_file: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._login, self._api = f"https://{double or LOGIN}", f"https://{double or API}"
        self._authorize = f"https://{double}/ap/oa" if double else AUTHORIZE
        self._places = (double,) if double else PLACES
        self._http = Http(Hosts((double,) if double else tuple(f"{host}:443" for host in (LOGIN, *PLACES))), ca_file)
        self._clock = clock

    @property
    def origin(self) -> str:
        """The origin of the page that asks for a permission."""
        return self._authorize.removesuffix("/ap/oa")

    def authorize_url(self, profile: Profile, return_url: str, state: str, scope: str = SCOPE, **more: str) -> str:
        """The address for the owner's permission in a browser."""
        request = {
            "client_id": profile.client_id,
            "scope": scope,
            "response_type": "code",
            "redirect_uri": return_url,
            "state": state,
            **more,
        }
        return f"{self._authorize}?{urlencode(request)}"

    def customer(self, profile: Profile, code: str, return_url: str, verifier: str) -> "Customer":
        """The calls for the customer who has agreed to linking. Raises SignInAgain, Failed."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": return_url, "code_verifier": verifier}
        return Customer(self._http, self._places, _text(self._token(profile, form), "access_token"))

    def redeem(self, profile: Profile, code: str, return_url: str) -> str:
        """The refresh token for a code. Raises SignInAgain, Failed."""
        answer = self._token(profile, {"grant_type": "authorization_code", "code": code, "redirect_uri": return_url})
        return _text(answer, "refresh_token")

    def skills(self, profile: Profile, refresh: str) -> "Skills":
        """The calls under an owner's permission. Raises SignInAgain, Failed."""
        answer = self._token(profile, {"grant_type": "refresh_token", "refresh_token": refresh})
        return Skills(self._http, self._api, _text(answer, "access_token"))

    def _token(self, profile: Profile, form: Mapping[str, str]) -> JsonObject:
        whole = {**form, "client_id": profile.client_id, "client_secret": profile.client_secret}
        try:
            reply = self._http.post(f"{self._login}/auth/o2/token", whole, PATIENT_S)
        except Unreached:
            raise Silent(_SILENT) from None
        error = (reply.data or {}).get("error")
        if error in ("invalid_client", "unauthorized_client"):
            raise Failed(mark("Amazon does not know this client id with this client secret. Copy both again."))
        if error == "invalid_grant":
            raise SignInAgain(_OVER)
        return _whole(reply)


class Caller:
    """Calls with one access token, which lives an hour. Each raises Failed, and SignInAgain if the token is refused."""

    _not_covered = mark("Amazon's permission does not cover skills. Allow it again, with both boxes ticked.")

    def __init__(self, http: Http, api: str, access: str) -> None:
        self._http, self._api = http, api
        self._headers = {"Authorization": f"Bearer {access}", "Content-Type": "application/json"}

    def _call(self, method: str, path: str, body: Mapping[str, object] | None = None) -> JsonObject:
        data = json.dumps(body).encode() if body is not None else None
        try:
            reply = self._http.ask(method, self._api + path, PATIENT_S, body=data, headers=self._headers)
        except Unreached:
            raise Silent(_SILENT) from None
        if reply.status == 401:
            raise SignInAgain(_OVER)
        if reply.status == 403:
            raise SignInAgain(self._not_covered)
        if reply.status == 429:
            raise Failed(mark("Amazon takes no more calls just now. Go on in a minute."))
        return _whole(reply)


class Skills(Caller):
    def vendor(self) -> str:
        """The id of the developer account; the redirect addresses of account linking end with it."""
        vendors = self._call("GET", "/v1/vendors").get("vendors")
        match vendors:
            case [{"id": str(vendor)}, *_] if _VENDOR(vendor):
                return vendor
        raise Failed(
            mark("This Amazon account is no developer account yet. Open developer.amazon.com once and register.")
        )

    def find(self, vendor: str, name: str) -> str:
        """The id of a skill in development with this name; "" if there is none."""
        query = {"vendorId": vendor, "maxResults": "50"}
        for _ in range(_PAGES):
            page = self._call("GET", f"/v1/skills?{urlencode(query)}")
            listed = page.get("skills")
            for skill in listed if isinstance(listed, list) else []:
                match skill:
                    case {"skillId": str(found), "stage": "development", "nameByLocale": dict(names)}:
                        if name in names.values() and _SKILL(found):
                            return found
            following = page.get("nextToken")
            if not isinstance(following, str) or not following:
                return ""
            query["nextToken"] = following
        raise Failed(_UNCLEAR)

    def create(self, vendor: str, manifest: Mapping[str, object]) -> str:
        skill = _text(self._call("POST", "/v1/skills", {"vendorId": vendor, **manifest}), "skillId")
        if not _SKILL(skill):
            raise Failed(_UNCLEAR)
        return skill

    def change(self, skill: str, manifest: Mapping[str, object]) -> None:
        self._call("PUT", f"/v1/skills/{skill}/stages/development/manifest", manifest)

    def manifest_built(self, skill: str) -> Build:
        return _built(self._call("GET", f"/v1/skills/{skill}/status?resource=manifest"), "manifest")

    def link_accounts(self, skill: str, linking: Mapping[str, object]) -> None:
        self._call("PUT", f"/v1/skills/{skill}/stages/development/accountLinkingClient", linking)

    def put_model(self, skill: str, locale: str, model: Mapping[str, object]) -> None:
        path = f"/v1/skills/{skill}/stages/development/interactionModel/locales/{locale}"
        self._call("PUT", path, model)

    def model_built(self, skill: str, locale: str) -> Build:
        answered = self._call("GET", f"/v1/skills/{skill}/status?resource=interactionModel").get("interactionModel")
        return _built(answered if isinstance(answered, dict) else {}, locale)

    def event_credentials(self, skill: str) -> tuple[str, str]:
        """Client id and secret for sending events: those of the console's page Permissions."""
        held = self._call("GET", f"/v1/skills/{skill}/credentials").get("skillMessagingCredentials")
        match held:
            case {"clientId": str(client), "clientSecret": str(secret)} if client and secret:
                return client, secret
        raise Failed(
            mark(
                "Amazon gave no credentials for events. On the console's page Permissions switch Send Alexa Events on."
            )
        )

    def enable(self, skill: str) -> None:
        """Enables testing in development, for the spoken half."""
        self._call("PUT", f"/v1/skills/{skill}/stages/development/enablement")


class Customer(Caller):
    """A customer's own skills.

    https://developer.amazon.com/en-US/docs/alexa/account-linking/your-app-to-alexa-step6.html
    https://developer.amazon.com/en-US/docs/alexa/smapi/skill-enablement.html
    """

    _not_covered = mark("Sign in at Amazon with the account that made the skill.")

    def __init__(self, http: Http, places: Sequence[str], access: str) -> None:
        super().__init__(http, f"https://{places[0]}", access)
        self._places = places

    def enable(self, skill: str, code: str, redirect_uri: str) -> None:
        """Enables the skill and links it by an authorization code of showcam's, which Amazon redeems meanwhile."""
        answered = self._call("GET", "/v1/alexaApiEndpoint").get("endpoints")
        named = [str(place).removeprefix("https://") for place in answered] if isinstance(answered, list) else []
        known = [place for place in named if place in self._places]
        if not known:
            raise Failed(_UNCLEAR)
        self._api = f"https://{known[0]}"
        body = {
            "stage": "development",
            "accountLinkRequest": {"redirectUri": redirect_uri, "authCode": code, "type": "AUTH_CODE"},
        }
        match self._call("POST", f"/v1/users/~current/skills/{skill}/enablement", body):
            case {"accountLink": {"status": "LINKED"}}:
                return
        raise Failed(_UNCLEAR)


_SILENT = mark("Amazon can't be reached just now. Go on in a minute.")
_UNCLEAR = mark("Amazon's answer can't be understood. Try again, or press “Do it by hand”.")
_SAYS = mark("Amazon says: {words}")
_OVER = mark("Amazon's permission has expired. Allow it again.")
_VENDOR = re.compile(r"[A-Za-z0-9]{1,64}").fullmatch
_SKILL = re.compile(r"amzn1\.ask\.skill\.[0-9a-f-]{36}").fullmatch
_SHOWN = 300  # characters of Amazon's own message


def _whole(reply: Reply) -> JsonObject:
    if 200 <= reply.status < 300:
        return reply.data or {}
    answered = (reply.data or {}).get("message")
    if isinstance(answered, str):
        raise Failed(_SAYS, words=_one_line(answered))
    raise Failed(mark("Amazon refused (HTTP {status}). Try again, or press “Do it by hand”."), status=str(reply.status))


def _built(answered: JsonObject, name: str) -> Build:
    """The state of a part's last change, from a status resource. Raises NotBuilt if the change failed."""
    part = answered.get(name)
    request = part.get("lastUpdateRequest") if isinstance(part, dict) else None
    if not isinstance(request, dict):
        return "going on"
    match request.get("status"):
        case "SUCCEEDED":
            return "done"
        case "FAILED":
            errors = request.get("errors")
            match errors:
                case [{"message": str(message)}, *_]:
                    raise NotBuilt(_SAYS, words=_one_line(message))
            raise NotBuilt(mark("Amazon could not build it. Try again, or press “Do it by hand”."))
    return "going on"


def _one_line(message: str) -> str:
    """Amazon's own words, as one line of printable characters."""
    line = " ".join("".join(char if char.isprintable() else " " for char in message).split())
    return line[:_SHOWN]


def _text(data: JsonObject, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise Failed(_UNCLEAR)
    return value
