"""The pages that bring showcam to Alexa: with one security profile, or by hand, screen by screen at Amazon."""

from collections.abc import Iterable
from functools import partial
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, g, render_template, request

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console.look import pages
from showcam.console.look.area import FORM, Area, Rule
from showcam.console.setup.skill import STEPS, Hand, NotMade, Road, Skill, Stack
from showcam.i18n.catalogue import OURS, mark

AT, HAND = "/home/alexa", "/home/alexa/hand"
_LONGEST = 300  # characters of an id or a secret
_CODE = 1000
# the part of the short road that is open
_OPEN: dict[Road, str] = {"begin": "profile", "allow": "profile", "making": "making", "function": "function"}
_PARTS = ("skill", "function", "linking", "permissions", "link", "say")  # of the road by hand
_TICKS = (
    mark("A sign-in came from Alexa"),
    mark("Alexa came through the function at AWS"),
    mark("showcam may announce rings and motion"),
)


class SkillPage:
    def __init__(self, area: Area, skill: Skill) -> None:
        self._area, self._skill = area, skill

    def rules(self) -> list[Rule]:
        return [(AT, "alexa", self.page, FORM), (HAND, "alexa_hand", self.by_hand, FORM)]

    def page(self, current: ConsoleSession) -> Response:
        language = request.values.get("language", "")
        if request.method == "GET":
            return self._shown(current, language=language)
        try:
            return self._run_step(current, request.form.get("step", ""), language)
        except NotMade as failed:
            return self._shown(current, 403, error=error_text(failed), language=language)

    def by_hand(self, current: ConsoleSession) -> Response:
        hand = self._skill.hand
        if request.method == "GET" or hand is None:
            return self._shown_by_hand(current, hand, 200 if request.method == "GET" else 403)
        step = request.form.get("step", "")
        try:
            return self._take_by_hand(current, step, hand)
        except NotMade as failed:
            return self._shown_by_hand(current, hand, 403, error=error_text(failed), part=_part_of(step))

    def _take_by_hand(self, current: ConsoleSession, step: str, hand: Hand) -> Response:
        language = request.form.get("language", "")
        match step:
            case "hand-client":
                secret = hand.client(_typed("redirect"))
                if secret:
                    return self._shown_by_hand(current, hand, secret=secret, part="linking")
            case "hand-secret":
                return self._shown_by_hand(current, hand, secret=hand.new_secret(), part="linking")
            case "hand-stack" | "hand-template":
                if language not in self._skill.languages:
                    return pages.problem("request")
                stack = hand.stack(language)
                if step == "hand-template":
                    return _downloaded(stack)
                return self._shown_by_hand(current, hand, stack=stack, part="function")
            case "hand-keep":
                hand.keep(_typed("skill-id"), _typed("events-id"), _typed("events-secret"))
            case _:
                return pages.problem("request")
        following = {"linking": "permissions", "permissions": "link", "skill": "function"}[_part_of(step)]
        return pages.led(f"{HAND}?{urlencode({'kept': step, 'language': language, 'open': following})}")

    def _run_step(self, current: ConsoleSession, step: str, language: str) -> Response:
        match step:
            case "begin":
                client_id, client_secret = _typed("client-id"), _typed("client-secret")
                return self._shown(current, allow=self._skill.begin(client_id, client_secret, language))
            case "link" if self._skill.one_tap is not None:
                return pages.led(self._skill.one_tap.begin(current))
            case "go-on":
                self._skill.go_on()
            case "stack":
                return self._shown(current, stack=self._skill.stack())
            case "template":
                return _downloaded(self._skill.stack())
            case "function":
                self._skill.use_function(_typed("arn"))
                self._skill.go_on()
            case "forget":
                self._skill.forget()
            case _:
                return pages.problem("request")
        return pages.led(AT)

    def _shown(
        self,
        current: ConsoleSession,
        status: int = 200,
        *,
        error: str = "",
        language: str = "",
        allow: str = "",
        stack: Stack | None = None,
    ) -> Response:
        standing = self._skill.standing()
        ticks = self._ticks(current.account)
        tap = self._skill.one_tap if standing.road == "made" else None
        g.leads_to = tap.leads_to if tap else ()
        road = _OPEN.get(standing.road) or ("say" if ticks[0][0] else "link")
        return self._area.page(
            "setup/alexa",
            status,
            standing=standing,
            one_tap=tap is not None,
            linked=self._area.linked(current.account, "alexa"),
            seen=ticks,
            steps=STEPS,
            return_url=self._skill.return_url,
            languages=self._skill.languages,
            language=self._language(language, standing.language),
            error=error or (error_text(standing.failed) if standing.failed else ""),
            allow=allow,
            stack=stack,
            open="link" if request.args.get("open") == "link" else road,
        )

    def _shown_by_hand(
        self,
        current: ConsoleSession,
        hand: Hand | None,
        status: int = 200,
        *,
        error: str = "",
        part: str = "",
        stack: Stack | None = None,
        secret: str = "",
    ) -> Response:
        """`secret` is the client's secret, if it was just made. The `part` is open."""
        ticks = self._ticks(current.account)
        linked, called, _ = (seen for seen, _ in ticks)
        is_client = self._area.store.client("alexa") is not None
        reports = hand is not None and hand.reports
        passed = {
            "skill": hand is not None and bool(hand.skill_id),
            "function": is_client or called,
            "linking": is_client,
            "permissions": reports or linked,
            "link": linked,
        }
        asked = part or request.args.get("open", "")
        return self._area.page(
            "setup/alexa_hand",
            status,
            hand=hand,
            linked=linked,
            called=called,
            seen=ticks,
            languages=self._skill.languages,
            language=self._language(request.values.get("language", ""), self._skill.standing().language),
            is_client=is_client,
            secret=secret,
            stack=stack,
            kept=request.args.get("kept", ""),
            error=error,
            open=asked if asked in _PARTS else next((name for name, done in passed.items() if not done), "say"),
        )

    def _language(self, asked: str, otherwise: str) -> str:
        """The language to begin with: the asked, the skill's own, else the browser's nearest."""
        if asked in self._skill.languages:
            return asked
        return otherwise or _nearest(request.accept_languages.values(), self._skill.languages)

    def _ticks(self, account: str) -> list[tuple[bool, str]]:
        """Tells what showcam itself has seen of Alexa: a sign-in, a call by the function, and leave to report."""
        links = [link for link in self._area.store.links(account) if link.assistant == "alexa"]
        hand = self._skill.hand
        seen = (
            bool(links),
            any(link.last_used for link in links),
            hand is not None and any(hand.is_granted(link.id) for link in links),
        )
        return [(done, pages.say(name)) for done, name in zip(seen, _TICKS, strict=True)]


def _nearest(tags: Iterable[str], languages: tuple[str, ...]) -> str:
    """The first of the tags that an Echo speaks, in its own country or in the language's; en-GB if it speaks none."""
    for tag in tags:
        own = tag[:2].lower()
        wanted = (tag, "en-GB" if own == "en" else f"{own}-{own.upper()}")
        spoken = [language for language in languages if language[:2] == own]
        if spoken:
            return next((language for language in wanted if language in spoken), spoken[0])
    return "en-GB"


def _part_of(step: str) -> str:
    """Returns the part of the road by hand that a form belongs to."""
    match step:
        case "hand-client" | "hand-secret":
            return "linking"
        case "hand-keep":
            return "skill" if "skill-id" in request.form else "permissions"
    return "function"


def arrivals(skill: Skill) -> Blueprint:
    """Amazon's return at the public address. The address exists only while a return is expected."""
    room = Blueprint("set_up", __name__)

    @room.get("/setup/lwa")
    def returned() -> tuple[str, int]:
        state, code = request.args.get("state", ""), request.args.get("code", "")
        tap = skill.one_tap
        links = tap is not None and tap.takes(state)
        if not links and not skill.takes(state):
            abort(404)
        if not code or len(code) > _CODE:
            return _arrived("", 403, links=links)
        try:
            if tap is not None and links:
                tap.finish(state, code)
            else:
                skill.allowed(state, code)
                skill.go_on()
        except NotMade as failed:
            return _arrived(error_text(failed), 403, links=links)
        return _arrived("", 200, links=links)

    return room


def _arrived(error: str, status: int, *, links: bool) -> tuple[str, int]:
    """`links`: the consent was to linking, not to making the skill."""
    say, locale = partial(OURS.say, pages.language()), pages.language()
    given = {"_": say, "locale": locale, "vendor": "", "error": error, "status": status, "links": links}
    return render_template("setup/arrived.html", **given), status


def _downloaded(stack: Stack) -> Response:
    return pages.saved(stack.template, "text/yaml; charset=utf-8", "showcam.yaml")


def _typed(field: str) -> str:
    return request.form.get(field, "").strip()[:_LONGEST]


def error_text(failed: NotMade) -> str:
    return OURS.say(pages.language(), failed.sentence, **failed.gaps)
