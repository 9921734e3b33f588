"""Amazon's skill management API and the sign-in for it, after Amazon's pages and its published SDK model.

It is stricter than those pages where they are silent: nothing may change while a build goes on, account linking and
models need a built manifest, event credentials need the permission for events, and a function must permit the skill.
"""

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from tests.doubles.tls_vendor import answer

PROFILE = ("amzn1.application-oa2-client.owner", "owner-profile-secret")
SCOPE = "alexa::ask:skills:readwrite alexa::ask:models:readwrite"
VENDOR = "M2OWNER7VENDOR"
EVENTS = ("amzn1.application-oa2-client.skill", "skill-messaging-secret")
LINKING = "alexa::skills:account_linking"
POLLS = 2  # a build goes on for so many questions
_ARN = re.compile(r"arn:aws:lambda:(us-east-1|eu-west-1|us-west-2):\d{12}:function:[\w-]+")
_REGIONS = {"NA": "us-east-1", "EU": "eu-west-1", "FE": "us-west-2"}
# The languages of "Develop Smart Home Skills for Multiple Languages", by the region whose function their Echos reach.
_PLACES = {
    "NA": ["en-CA", "en-US", "es-MX", "es-US", "fr-CA", "pt-BR"],
    "EU": ["ar-SA", "de-DE", "en-GB", "en-IN", "es-ES", "fr-FR", "hi-IN", "it-IT", "nl-NL"],
    "FE": ["en-AU", "ja-JP"],
}
_LONGEST = {"name": 50, "summary": 160, "description": 4000, "examplePhrases": 3, "keywords": 30}


class Refuse(Exception):
    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class Skill:
    """`building` counts down, by part, with each question for its status."""

    def __init__(self, manifest: dict[str, Any]) -> None:
        self.manifest = manifest
        self.building: dict[str, int] = {"manifest": POLLS}
        self.errors: dict[str, str] = {}
        self.linking: dict[str, Any] | None = None
        self.models: dict[str, dict[str, Any]] = {}
        self.enabled = False

    @property
    def redirects(self) -> list[str]:
        """Addresses that may begin account linking: "Your Redirect URLs" of the console."""
        return list((self.linking or {}).get("redirectUrls", []))

    def reached(self, locale: str) -> tuple[str, bool]:
        """The function that an Echo in this language reaches, "" if none, and whether it has a spoken half.

        Without the locale there is no skill for that Echo, and a function in another region finds no device: Amazon's
        "How to troubleshoot smart home device discovery issues", 2023.
        """
        if locale not in _names(self.manifest):
            return "", False
        (place,) = (name for name, locales in _PLACES.items() if locale in locales)
        regions = self.manifest["apis"].get("smartHome", {}).get("regions", {})
        return regions.get(place, {"endpoint": {"uri": ""}})["endpoint"]["uri"], locale in self.models

    def must_be_built(self) -> None:
        if any(self.building.values()):
            raise Refuse("409 Conflict", "The skill is being updated.")
        if "manifest" in self.errors:
            raise Refuse("400 Bad Request", "The skill has no valid manifest.")


class SkillManagement:
    """`reply` answers requests. `allowed_return` is what the owner wrote into the profile.

    `permits`: ARN and skill id of the functions that permit a skill. `fault`: what is answered to a request in place
    of doing it, b"" for a connection that is cut; None: nothing is wrong.
    """

    def __init__(self, allowed_return: str) -> None:
        self.allowed_return = allowed_return
        self.skills: dict[str, Skill] = {}
        self.permits: set[tuple[str, str]] = set()
        self.developer = True
        self.fault: Callable[[str], bytes | None] = lambda _request: None
        self.cut_after: str = ""  # the answer to the request that begins so never arrives
        self._codes: set[str] = set()
        self._refresh: set[str] = set()
        self._access: set[str] = set()
        self.places = ["https://api.amazonalexa.com"]  # what a customer's calls are sent to, as Amazon names it
        self.is_developer = True  # the customer's account made the skill: nobody else may enable one in development
        self.redeem: Callable[[Skill, str, str], int] = lambda _skill, _code, _redirect: 0
        self._consents: dict[str, dict[str, str]] = {}  # by code: the request that the customer agreed to
        self._customers: set[str] = set()

    def agree(self, authorize_url: str) -> dict[str, str]:
        """What a browser does whose customer agrees to linking: the query with which Amazon returns."""
        asked = dict(parse_qsl(urlsplit(authorize_url).query))
        assert (asked["response_type"], asked["client_id"], asked["scope"]) == ("code", EVENTS[0], LINKING)
        assert asked["redirect_uri"] in [url for skill in self.skills.values() for url in skill.redirects]
        assert (asked["code_challenge_method"], len(asked["code_challenge"]), bool(asked["state"])) == (
            "S256",
            43,
            True,
        )
        code = "AN" + secrets.token_hex(9)
        self._consents[code] = asked
        return {"code": code, "scope": LINKING, "state": asked["state"]}

    def allow(self, authorize_url: str) -> dict[str, str]:
        """What a browser does whose owner presses Allow: the query with which Amazon returns."""
        asked = dict(parse_qsl(urlsplit(authorize_url).query))
        assert asked["response_type"] == "code"
        assert (asked["client_id"], asked["scope"]) == (PROFILE[0], SCOPE)
        assert asked["redirect_uri"] == self.allowed_return
        code = "AN" + secrets.token_hex(9)
        self._codes.add(code)
        return {"code": code, "scope": SCOPE, "state": asked["state"]}

    def end_permission(self) -> None:
        self._refresh.clear()
        self._access.clear()

    def reply(self, request: str, body: bytes, headers: dict[str, str]) -> bytes:
        instead = self.fault(request)
        if instead == b"":
            raise ConnectionResetError
        if instead is not None:
            return instead
        method, _, target = request.partition(" ")
        path = urlsplit(target).path
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        try:
            if path == "/ap/oa":
                return self._browser(target)
            if path == "/auth/o2/token":
                return self._token(dict(parse_qsl(body.decode())))
            token = headers.get("authorization", "").removeprefix("Bearer ")
            if token not in self._access | self._customers:
                raise Refuse("401 Unauthorized", "Token is invalid/expired")
            given = json.loads(body) if body else {}
            customer = token in self._customers
            done = self._customer(method, path, given) if customer else self._call(method, path, query, given)
        except Refuse as refused:
            return answer(json.dumps({"message": refused.message}).encode(), refused.status)
        if self.cut_after and request.startswith(self.cut_after):
            self.cut_after = ""
            raise ConnectionResetError
        return done

    def _browser(self, target: str) -> bytes:
        """The browser of a customer or an owner who has agreed before: it is sent back without being asked."""
        asked = dict(parse_qsl(urlsplit(target).query))
        agree = self.allow if asked["client_id"] == PROFILE[0] else self.agree
        back = f"{asked['redirect_uri']}?{urlencode(agree(target))}"
        return f"HTTP/1.1 302 Found\r\nLocation: {back}\r\nContent-Length: 0\r\n\r\n".encode()

    def _customer(self, method: str, path: str, given: dict[str, Any]) -> bytes:
        """Skill enablement for a customer: https://developer.amazon.com/en-US/docs/alexa/smapi/skill-enablement.html"""
        match method, path.strip("/").split("/"):
            case "GET", ["v1", "alexaApiEndpoint"]:
                return answer(json.dumps({"endpoints": self.places}).encode())
            case "POST", ["v1", "users", "~current", "skills", skill_id, "enablement"]:
                return self._enabled(skill_id, given)
        raise Refuse("403 Forbidden", "The token does not have the scope.")

    def _enabled(self, skill_id: str, given: dict[str, Any]) -> bytes:
        skill, asked = self._skill(skill_id), given.get("accountLinkRequest", {})
        if (given.get("stage"), asked.get("type"), sorted(asked)) != (
            "development", "AUTH_CODE", ["authCode", "redirectUri", "type"]
        ):  # fmt: skip
            raise Refuse("400 Bad Request", "The request is not valid.")
        if not self.is_developer:
            raise Refuse("403 Forbidden", "The user has no access to the skill.")
        if (
            asked["redirectUri"] not in skill.redirects
            or self.redeem(skill, asked["authCode"], asked["redirectUri"]) != 200
        ):
            raise Refuse("400 Bad Request", "Invalid account linking credentials")
        linked = {"skill": {"stage": "development", "id": skill_id}, "accountLink": {"status": "LINKED"}}
        return answer(json.dumps({**linked, "status": "ENABLED"}).encode(), "201 Created")

    def _consented(self, form: dict[str, str]) -> bytes:
        """A code counts once, for its redirect and the verifier of its challenge (RFC 7636)."""
        asked = self._consents.pop(form.get("code", ""), {})
        digest = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (asked.get("redirect_uri"), asked.get("code_challenge")) != (
            form.get("redirect_uri", ""), digest.rstrip(b"=").decode()
        ):  # fmt: skip
            return answer(b'{"error":"invalid_grant"}', "400 Bad Request")
        access = "Atza|" + secrets.token_hex(16)
        self._customers.add(access)
        tokens = {"access_token": access, "refresh_token": "Atzr|x", "token_type": "bearer", "expires_in": 3600}
        return answer(json.dumps(tokens).encode())

    def _token(self, form: dict[str, str]) -> bytes:
        if (form.get("client_id"), form.get("client_secret")) == EVENTS and form["grant_type"] == "authorization_code":
            return self._consented(form)
        if (form.get("client_id"), form.get("client_secret")) != PROFILE:
            return answer(
                b'{"error":"invalid_client","error_description":"Client authentication failed"}', "401 Unauthorized"
            )
        if form["grant_type"] == "authorization_code":
            if form["code"] not in self._codes or form["redirect_uri"] != self.allowed_return:
                return answer(b'{"error":"invalid_grant"}', "400 Bad Request")
            self._codes.remove(form["code"])
            refresh = "Atzr|" + secrets.token_hex(16)
            self._refresh.add(refresh)
        else:
            refresh = form["refresh_token"]
            if refresh not in self._refresh:
                return answer(b'{"error":"invalid_grant"}', "400 Bad Request")
        access = "Atza|" + secrets.token_hex(16)
        self._access.add(access)
        tokens = {"access_token": access, "refresh_token": refresh, "token_type": "bearer", "expires_in": 3600}
        return answer(json.dumps(tokens).encode())

    def _call(self, method: str, path: str, query: dict[str, str], given: dict[str, Any]) -> bytes:
        match method, path.strip("/").split("/")[1:]:
            case "GET", ["vendors"]:
                vendors = [{"id": VENDOR, "name": "Owner", "roles": ["ROLE_ADMINISTRATOR"]}] if self.developer else []
                return answer(json.dumps({"vendors": vendors}).encode())
            case "GET", ["skills"]:
                return self._listed(query)
            case "POST", ["skills"]:
                return self._created(given)
            case "GET", ["skills", skill, "status"]:
                return self._status(self._skill(skill), query["resource"])
            case "GET", ["skills", skill, "credentials"]:
                return self._credentials(self._skill(skill))
            case "PUT", ["skills", skill, "stages", "development", *what]:
                return self._put(skill, what, given)
        raise Refuse("404 Not Found", "There is no such resource.")

    def _skill(self, skill: str) -> Skill:
        if skill not in self.skills:
            raise Refuse("404 Not Found", "Skill not found.")
        return self.skills[skill]

    def _listed(self, query: dict[str, str]) -> bytes:
        if query.get("vendorId") != VENDOR:
            raise Refuse("400 Bad Request", "Vendor ID is invalid.")
        skills = [
            {"skillId": skill, "stage": "development", "nameByLocale": _names(held.manifest)}
            for skill, held in self.skills.items()
        ]
        first, most = int(query.get("nextToken", "0")), int(query.get("maxResults", "10"))
        if most > 50:
            raise Refuse("400 Bad Request", "maxResults is invalid.")
        page: dict[str, Any] = {"skills": skills[first : first + most], "isTruncated": first + most < len(skills)}
        if page["isTruncated"]:
            page["nextToken"] = str(first + most)
        return answer(json.dumps(page).encode())

    def _created(self, given: dict[str, Any]) -> bytes:
        if given.get("vendorId") != VENDOR:
            raise Refuse("400 Bad Request", "Vendor ID is invalid.")
        _check(given["manifest"])
        number = len(self.skills) + 1
        skill = f"amzn1.ask.skill.00000000-0000-4000-8000-{number:012d}"
        self.skills[skill] = Skill(given["manifest"])
        return answer(json.dumps({"skillId": skill}).encode(), "202 Accepted")

    def _status(self, skill: Skill, resource: str) -> bytes:
        parts = ["manifest"] if resource == "manifest" else sorted(skill.models)
        states = {part: {"lastUpdateRequest": self._part(skill, part)} for part in parts}
        return answer(json.dumps(states if resource == "manifest" else {resource: states}).encode())

    def _part(self, skill: Skill, part: str) -> dict[str, Any]:
        if skill.building.get(part, 0) > 0:
            skill.building[part] -= 1
            return {"status": "IN_PROGRESS"}
        if part in skill.errors:
            return {"status": "FAILED", "errors": [{"message": skill.errors[part]}]}
        return {"status": "SUCCEEDED"}

    def _credentials(self, skill: Skill) -> bytes:
        skill.must_be_built()
        names = [permission["name"] for permission in skill.manifest.get("permissions", [])]
        if "alexa::async_event:write" not in names:
            return answer(b"{}")
        credentials = {"skillMessagingCredentials": {"clientId": EVENTS[0], "clientSecret": EVENTS[1]}}
        return answer(json.dumps(credentials).encode())

    def _put(self, skill_id: str, what: list[str], given: dict[str, Any]) -> bytes:
        skill = self._skill(skill_id)
        if what == ["manifest"]:
            if skill.building["manifest"]:
                raise Refuse("409 Conflict", "The skill is being updated.")
            _check(given["manifest"])
            skill.manifest, skill.building["manifest"] = given["manifest"], POLLS
            skill.errors.pop("manifest", None)
            self._check_functions(skill_id, skill)
            return answer(b"", "202 Accepted")
        skill.must_be_built() if what[0] != "interactionModel" else None
        match what:
            case ["accountLinkingClient"]:
                skill.linking = _checked_linking(given["accountLinkingRequest"])
            case ["interactionModel", "locales", locale]:
                if locale not in _names(skill.manifest) or skill.building["manifest"]:
                    raise Refuse("400 Bad Request", f"Locale {locale} is not in the manifest.")
                assert given["interactionModel"]["languageModel"]["intents"]
                skill.models[locale], skill.building[locale] = given, POLLS
                return answer(b"", "202 Accepted")
            case ["enablement"]:
                if not skill.models:
                    raise Refuse("400 Bad Request", "The skill has no interaction model.")
                skill.enabled = True
            case _:
                raise Refuse("404 Not Found", "There is no such resource.")
        return answer(b"", "204 No Content")

    def _check_functions(self, skill_id: str, skill: Skill) -> None:
        smart_home = skill.manifest["apis"].get("smartHome")
        if smart_home is None:
            return
        for place in (smart_home, *smart_home["regions"].values()):
            arn = place["endpoint"]["uri"]
            if not _ARN.fullmatch(arn) or (arn, skill_id) not in self.permits:
                skill.errors["manifest"] = "The trigger setting for the Lambda is invalid."


def _names(manifest: dict[str, Any]) -> dict[str, str]:
    return {locale: texts["name"] for locale, texts in manifest["publishingInformation"]["locales"].items()}


def _check(manifest: dict[str, Any]) -> None:
    custom = urlsplit(manifest["apis"]["custom"]["endpoint"]["uri"])
    if custom.scheme != "https" or custom.port not in (None, 443):
        raise Refuse("400 Bad Request", "The endpoint must be https on port 443.")
    if manifest["apis"]["custom"]["endpoint"]["sslCertificateType"] not in ("SelfSigned", "Wildcard", "Trusted"):
        raise Refuse("400 Bad Request", "The certificate type is unknown.")
    for place, held in manifest["apis"].get("smartHome", {}).get("regions", {}).items():
        if f":{_REGIONS.get(place)}:" not in held["endpoint"]["uri"]:
            raise Refuse("400 Bad Request", f"The endpoint of {place} is in another region.")
    if manifest["publishingInformation"]["locales"].keys() != manifest["privacyAndCompliance"]["locales"].keys():
        raise Refuse("400 Bad Request", "Locale information should be consistent through out the skill definition.")
    for locale, texts in manifest["publishingInformation"]["locales"].items():
        if not any(locale in locales for locales in _PLACES.values()):
            raise Refuse("400 Bad Request", f"Locale {locale} is not supported.")
        if {"name", "summary", "description"} - texts.keys():
            raise Refuse("400 Bad Request", "A locale lacks its texts.")
        if any(len(texts.get(name, "")) > longest for name, longest in _LONGEST.items()):
            raise Refuse("400 Bad Request", "A text is too long.")
        if not all(texts.get(icon, "https://").startswith("https://") for icon in ("smallIconUri", "largeIconUri")):
            raise Refuse("400 Bad Request", "An icon's URI is not https.")


def _checked_linking(given: dict[str, Any]) -> dict[str, Any]:
    if not given["scopes"] or not given["clientSecret"] or given["type"] != "AUTH_CODE":
        raise Refuse("400 Bad Request", "Account linking is incomplete.")
    if not all(given[name].startswith("https://") for name in ("authorizationUrl", "accessTokenUrl")):
        raise Refuse("400 Bad Request", "Account linking needs https.")
    return given


def returned(query: dict[str, str]) -> str:
    """The query of Amazon's return as it stands in an address."""
    return urlencode(query)
