"""The authorization endpoint: sign-in, the vendor's code and consent at one address; a form names its step.

The authorization request stays in the address, so nothing is stored before somebody has signed in.
"""

from typing import Any

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError
from flask import Response, g, request
from werkzeug.datastructures import MultiDict

from oauth import clients, pages, wording
from oauth.clients import AuthorizeRequest, Untrusted
from oauth.consent import Agreement
from oauth.server import Server
from oauth.sign_in import SigningIn
from oauth.visits import Visit, Visits
from showcam.store.ports import Store


class Linking:
    def __init__(
        self, store: Store, server: Server, visits: Visits, signing_in: SigningIn, agreement: Agreement
    ) -> None:
        self._store, self._server, self._visits = store, server, visits
        self._signing_in, self._agreement = signing_in, agreement

    def authorize(self) -> Response:
        """GET shows the step that is due, POST takes a step. Raises Untrusted."""
        if len(request.query_string) > clients.MAX_QUERY:
            raise Untrusted("request")
        auth_request = clients.read(self._store, request.args)
        g.form_action = auth_request.form_action
        try:
            grant = self._grant(auth_request)
        except OAuth2Error as error:
            error.redirect_uri = auth_request.redirect_uri
            error_request = self._server.create_oauth2_request(None)
            error_request.client = auth_request.client
            return self._server.handle_error_response(error_request, error)
        self._signing_in.name_vendor()
        visit = self._visits.read(request)
        if request.method != "POST":
            return self._due(auth_request, visit)
        return self._take(auth_request, grant, visit)

    def _take(self, auth_request: AuthorizeRequest, grant: Any, visit: Visit | None) -> Response:
        match step_of(request.form):
            case "vendor":
                return self._signing_in.choose(auth_request)
            case "key":
                return self._signing_in.begin_key(auth_request)
            case "sign-in":
                return self._signing_in.begin(auth_request)
            case "fill" if self._signing_in.practice:
                return self._signing_in.fill(auth_request)
            case "code":
                return self._signing_in.code(auth_request, visit)
            case "switch":
                return self._signing_in.switch()
            case "agree":
                return self._agreement.agree(auth_request, grant, visit)
            case "cancel":
                return self._agreement.cancel(grant)
            case "":
                return self._due_again(auth_request, visit)
        raise Untrusted("request")

    def _grant(self, auth_request: AuthorizeRequest) -> Any:
        if not auth_request.response_type:
            raise InvalidRequestError("The response_type is missing.")
        if auth_request.response_type != "code":
            raise OAuth2Error("Only response_type=code is supported.", error="unsupported_response_type")
        return self._server.get_consent_grant()

    def _due(self, auth_request: AuthorizeRequest, visit: Visit | None) -> Response:
        if visit is not None and visit.step == "signed":
            return self._agreement.page(auth_request, visit)
        return self._signing_in.page(auth_request, visit)

    def _due_again(self, auth_request: AuthorizeRequest, visit: Visit | None) -> Response:
        """The form named no step: the due page is shown again and says that nothing happened."""
        if visit is not None and visit.step == "signed":
            return self._agreement.page(auth_request, visit, 400, pages.say(wording.NOT_AGREED))
        if "label" in request.form:  # the form is of the consent page
            return self._signing_in.gone(auth_request, visit)
        return self._signing_in.page(auth_request, visit, 400)


def step_of(form: MultiDict[str, str]) -> str:
    """The step of the pressed button; without one, the step of the form's fields; "" for none.

    A password manager's form.submit() presses no button. Consent always needs its button.
    """
    if step := form.get("step"):
        return step
    if "user" in form or "password" in form:
        return "sign-in"
    return "code" if "code" in form else ""
