"""The authorization endpoint: sign-in, the vendor's code, consent. One address; each form says which step it takes.

What was asked stays in the address, so nothing is written before somebody has signed in.
"""

from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Response, g, request
from werkzeug.datastructures import MultiDict

from oauth import authorize_request, wording
from oauth.agreement import Agreement
from oauth.authorize_request import AuthorizeRequest, Untrusted
from oauth.server import Server
from oauth.signing_in import SigningIn
from oauth.visits import Visit, Visits
from store.ports import Store


class Linking:
    def __init__(
        self, store: Store, server: Server, visits: Visits, signing_in: SigningIn, agreement: Agreement
    ) -> None:
        self._store, self._server, self._visits = store, server, visits
        self._signing_in, self._agreement = signing_in, agreement

    def authorize(self) -> Response:
        """GET shows the step that is due, POST takes one. Raises Untrusted."""
        if len(request.query_string) > authorize_request.MAX_QUERY:
            raise Untrusted("request")
        asked = authorize_request.read(self._store, request.args)
        g.form_action = asked.form_action
        try:
            grant = self._grant(asked)
        except OAuth2Error as error:
            error.redirect_uri = asked.redirect_uri
            told = self._server.create_oauth2_request(None)
            told.client = asked.client
            return self._server.handle_error_response(told, error)
        visit = self._visits.read(request)
        if request.method != "POST":
            return self._due(asked, visit)
        return self._take(asked, grant, visit)

    def _take(self, asked: AuthorizeRequest, grant: Any, visit: Visit | None) -> Response:
        match step_of(request.form):
            case "sign-in":
                return self._signing_in.begin(asked)
            case "code":
                return self._signing_in.code(asked, visit)
            case "switch":
                return self._signing_in.switch()
            case "agree":
                return self._agreement.agree(asked, grant, visit)
            case "cancel":
                return self._agreement.cancel(grant)
            case "":
                return self._due_again(asked, visit)
        raise Untrusted("request")

    def _grant(self, asked: AuthorizeRequest) -> Any:
        if not asked.response_type:
            raise InvalidRequestError("The response_type is missing.")
        if asked.response_type != "code":
            raise OAuth2Error("Only response_type=code is supported.", error="unsupported_response_type")
        return self._server.get_consent_grant()

    def _due(self, asked: AuthorizeRequest, visit: Visit | None) -> Response:
        if visit is not None and visit.step == "signed":
            return self._agreement.page(asked, visit)
        return self._signing_in.page(asked, visit)

    def _due_again(self, asked: AuthorizeRequest, visit: Visit | None) -> Response:
        """No button was pressed, and nothing typed that would be a step: nothing happened, which the page says."""
        if visit is not None and visit.step == "signed":
            return self._agreement.page(asked, visit, 400, wording.NOT_AGREED)
        if "label" in request.form:  # of the page where one agrees
            return self._signing_in.gone(asked, visit)
        return self._signing_in.page(asked, visit, 400)


def step_of(form: MultiDict[str, str]) -> str:
    """The button's word, or, where a form came without one, the step that its fields are for; "" for none.

    A password manager's form.submit() presses no button. Agreeing takes its button, whatever else the form holds.
    """
    if step := form.get("step"):
        return step
    if "user" in form or "password" in form:
        return "sign-in"
    return "code" if "code" in form else ""
