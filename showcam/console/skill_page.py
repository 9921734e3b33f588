"""The page that brings showcam to Alexa: field by field by hand, or automatically with one security profile."""

from functools import partial
from itertools import groupby
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, render_template, request

from showcam.accounts.console_sessions import ConsoleSession
from showcam.console import pages
from showcam.console.area import FORM, Area, Rule
from showcam.console.skill import STEPS, Hand, NotMade, Row, Skill, Stack
from showcam.i18n.catalogue import OURS

_LONGEST = 300  # characters of an id or a secret
_CODE = 1000


class SkillPage:
    def __init__(self, area: Area, skill: Skill) -> None:
        self._area, self._skill = area, skill

    def rules(self) -> list[Rule]:
        return [("/home/alexa", "alexa", self.page, FORM)]

    def page(self, current: ConsoleSession) -> Response:
        language = request.values.get("language", "")
        if request.method == "GET":
            return self._shown(current, language=language)
        step = request.form.get("step", "")
        try:
            if step.startswith("hand-") and self._skill.hand is not None:
                return self._by_hand(current, step, self._skill.hand, language)
            return self._run_step(current, step, language)
        except NotMade as failed:
            return self._shown(current, 403, error=error_text(failed), language=language)

    def _by_hand(self, current: ConsoleSession, step: str, hand: Hand, language: str) -> Response:
        match step:
            case "hand-client":
                secret = hand.client(_typed("redirect"))
                if secret:
                    return self._shown(current, language=language, secret=secret)
            case "hand-secret":
                return self._shown(current, language=language, secret=hand.new_secret())
            case "hand-stack" | "hand-template":
                if language not in self._skill.languages:
                    return pages.problem("request")
                stack = hand.stack(language)
                if step == "hand-template":
                    return _downloaded(stack)
                return self._shown(current, language=language, hand_stack=stack)
            case "hand-keep":
                hand.keep(_typed("skill-id"), _typed("events-id"), _typed("events-secret"))
            case _:
                return pages.problem("request")
        return pages.led(f"/home/alexa?{urlencode({'kept': step, 'language': language})}")

    def _run_step(self, current: ConsoleSession, step: str, language: str) -> Response:
        match step:
            case "begin":
                client_id, client_secret = _typed("client-id"), _typed("client-secret")
                return self._shown(current, allow=self._skill.begin(client_id, client_secret, language))
            case "go-on":
                self._skill.go_on()
            case "stack":
                return self._shown(current, stack=self._skill.stack())
            case "template":
                return _downloaded(self._skill.stack())
            case "function":
                self._skill.use_function(_typed("arn"))
            case "forget":
                self._skill.forget()
            case _:
                return pages.problem("request")
        return pages.led("/home/alexa")

    def _shown(
        self,
        current: ConsoleSession,
        status: int = 200,
        *,
        error: str = "",
        language: str = "",
        allow: str = "",
        stack: Stack | None = None,
        hand_stack: Stack | None = None,
        secret: str = "",
    ) -> Response:
        """`secret` is the client's secret, if it was just made."""
        standing, hand = self._skill.standing(), self._skill.hand
        chosen = language if language in self._skill.languages else standing.language
        return self._area.page(
            "alexa",
            status,
            standing=standing,
            linked=self._area.linked(current.account, "alexa"),
            steps=STEPS,
            return_url=self._skill.return_url,
            languages=self._skill.languages,
            language=chosen,
            by_hand=_grouped(hand.rows(chosen)) if hand else [],
            is_client=self._area.store.client("alexa") is not None,
            secret=secret,
            hand_stack=hand_stack,
            kept=request.args.get("kept", ""),
            error=error or (error_text(standing.failed) if standing.failed else ""),
            allow=allow,
            stack=stack,
        )


def arrivals(skill: Skill) -> Blueprint:
    """Amazon's return at the public address. The address exists only while a return is expected."""
    room = Blueprint("set_up", __name__, template_folder="templates")

    @room.get("/setup/lwa")
    def returned() -> tuple[str, int]:
        state, code = request.args.get("state", ""), request.args.get("code", "")
        if not skill.takes(state):
            abort(404)
        if not code or len(code) > _CODE:
            return _arrived("", 403)
        try:
            skill.allowed(state, code)
        except NotMade as failed:
            return _arrived(error_text(failed), 403)
        return _arrived("", 200)

    return room


def _arrived(error: str, status: int) -> tuple[str, int]:
    say = partial(OURS.say, pages.language())
    text = render_template("home/arrived.html", _=say, locale=pages.language(), vendor="", error=error, status=status)
    return text, status


def _downloaded(stack: Stack) -> Response:
    response = Response(stack.template, content_type="text/yaml; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="showcam.yaml"'
    return response


def _typed(field: str) -> str:
    return request.form.get(field, "").strip()[:_LONGEST]


def error_text(failed: NotMade) -> str:
    return OURS.say(pages.language(), failed.sentence, **failed.gaps)


def _grouped(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    return [(page, list(of_page)) for page, of_page in groupby(rows, key=lambda row: row.page)]
