"""A person without a browser: reads showcam's pages, fills in their forms and presses their buttons."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import aiohttp

from showcam.simulator.assistants.wire import PERSON_S, Reply, Wire

type Pairs = list[tuple[str, str]]

MAX_STEPS = 12
_TURN_AWAY = re.compile(
    r"cancel|deny|decline|refuse|reject|avbryt|avslå|another|other|annen|switch|not you|ikke deg", re.I
)


class LinkFailed(Exception):
    """Linking ended without a link; the text is for a person."""


@dataclass(slots=True)
class Field:
    name: str
    kind: str
    value: str = ""
    checked: bool = False
    autocomplete: str = ""


@dataclass(slots=True)
class Form:
    action: str = ""
    method: str = "get"
    fields: list[Field] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # name, value, text

    def of_kind(self, kind: str) -> Field | None:
        return next((field for field in self.fields if field.kind == kind), None)


class Page(HTMLParser):
    """A page's forms, heading and error text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.heading = ""
        self.alert = ""
        self._form: Form | None = None
        self._button: list[str] | None = None
        self._select: str | None = None
        self._into: list[tuple[str, str]] = []  # (tag, "heading" or "alert") that is open
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if given.get("role") == "alert":
            self._into.append((tag, "alert"))
        elif tag == "h1":
            self._into.append((tag, "heading"))
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        elif tag == "button" and given.get("type", "submit") == "submit":
            self._button = [given.get("name", ""), given.get("value", ""), ""]
        elif tag == "select":
            self._select = given.get("name", "")
        elif self._form is not None:
            self._control(tag, given)

    def _control(self, tag: str, given: dict[str, str]) -> None:
        assert self._form is not None
        name, kind = given.get("name", ""), given.get("type", "text").lower()
        if tag == "input" and kind in ("submit", "image"):
            self._form.buttons.append((name, given.get("value", ""), given.get("value", "")))
        elif tag == "input" and name:
            value = given.get("value", "on" if kind in ("checkbox", "radio") else "")
            self._form.fields.append(Field(name, kind, value, "checked" in given, given.get("autocomplete", "")))
        elif tag == "textarea" and name:
            self._form.fields.append(Field(name, "textarea"))
        elif tag == "option" and self._select and ("selected" in given or not self._has(self._select)):
            self._form.fields = [known for known in self._form.fields if known.name != self._select]
            self._form.fields.append(Field(self._select, "select", given.get("value", "")))

    def _has(self, name: str) -> bool:
        return self._form is not None and any(known.name == name for known in self._form.fields)

    def handle_endtag(self, tag: str) -> None:
        if self._into and self._into[-1][0] == tag:
            self._into.pop()
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "button" and self._button is not None:
            name, value, text = self._button
            if self._form is not None:
                self._form.buttons.append((name, value, " ".join(text.split())))
            self._button = None

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button[2] += data
        for _, target in self._into[-1:]:
            setattr(self, target, " ".join(f"{getattr(self, target)} {data}".split()))


@dataclass(frozen=True, slots=True)
class Person:
    user: str
    password: str
    code: str = ""  # the sign-in code, if the vendor requires one
    label: str = ""  # the name of this assistant account on the consent page

    async def authorize(self, wire: Wire, http: aiohttp.ClientSession, url: str, redirect_uri: str) -> dict[str, str]:
        """Walks from the authorize URL to the redirect back, and returns its query.

        Raises LinkFailed, wire.NoAnswer.
        """
        given: set[str] = set()
        reply = await wire.send("Browser: opens the sign-in", url, method="GET", timeout_s=PERSON_S, http=http)
        for _ in range(MAX_STEPS):
            if target := reply.headers.get("location"):
                url = urljoin(url, target)
                if url.partition("?")[0] == redirect_uri:
                    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
                if reply.status not in (301, 302, 303):
                    raise LinkFailed(f"showcam redirected a form with status {reply.status}")
                reply = await wire.send("Browser: follows a redirect", url, method="GET", timeout_s=PERSON_S, http=http)
                continue
            page = self._page(reply)
            form, title, values = self._fill(page, given)
            url = urljoin(url, form.action) if form.action else url
            reply = await wire.send(f"Browser: {title}", url, form=values, timeout_s=PERSON_S, http=http)
        raise LinkFailed("the sign-in did not come to an end")

    @staticmethod
    def _page(reply: Reply) -> Page:
        if not reply.headers.get("content-type", "").startswith("text/html"):
            raise LinkFailed(f"showcam's sign-in answered {reply.status} without a page: {reply.text[:200]}")
        page = Page(reply.text)
        if not page.forms:
            reason = page.alert or page.heading or "an empty page"
            raise LinkFailed(f"showcam's sign-in answered {reply.status}: {reason}")
        return page

    def _fill(self, page: Page, given: set[str]) -> tuple[Form, str, Pairs]:
        posts = [form for form in page.forms if form.method == "post"]
        for form in posts:
            if secret := form.of_kind("password"):
                self._once("sign-in", page, given)
                return form, "signs in", self._values(form, {_user_field(form): self.user, secret.name: self.password})
        for form in posts:
            if code := next((known for known in form.fields if known.autocomplete == "one-time-code"), None):
                if not self.code:
                    raise LinkFailed("EZVIZ asks for a sign-in code, and none was given")
                self._once("code", page, given)
                return form, "gives the sign-in code", self._values(form, {code.name: self.code})
        for form in posts:
            if any(not _TURN_AWAY.search(" ".join(button)) for button in form.buttons):
                self._once("consent", page, given)
                return form, "agrees", self._values(form, {})
        raise LinkFailed(f"nothing to press on showcam's page: {page.heading}")

    @staticmethod
    def _once(step: str, page: Page, given: set[str]) -> None:
        """Raises LinkFailed if a step comes a second time: showcam refused the step, and its page says why."""
        if step in given:
            raise LinkFailed(page.alert or f"the {step} page came back without saying why")
        given.add(step)

    def _values(self, form: Form, typed: dict[str, str]) -> Pairs:
        """Returns the fields that a browser would send. If no box is ticked, all boxes count as ticked."""
        boxes = [known for known in form.fields if known.kind == "checkbox"]
        ticked = [box for box in boxes if box.checked] or boxes
        values: Pairs = []
        for known in form.fields:
            if (known.kind == "checkbox" and known not in ticked) or (known.kind == "radio" and not known.checked):
                continue
            if self.label and known.kind == "text" and "label" in known.name:
                values.append((known.name, self.label))
            else:
                values.append((known.name, typed.get(known.name, known.value)))
        go_on = next((button for button in form.buttons if not _TURN_AWAY.search(" ".join(button))), None)
        if go_on and go_on[0]:
            values.append((go_on[0], go_on[1]))
        return values


def _user_field(form: Form) -> str:
    texts = [known for known in form.fields if known.kind in ("text", "email")]
    named = [known for known in texts if known.autocomplete in ("username", "email")]
    if not texts:
        raise LinkFailed("showcam's sign-in page has no field for a user name")
    return (named + texts)[0].name
