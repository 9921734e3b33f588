"""Turns an HTTP API's event (payload format 2.0) into a request, and a response into what the API takes."""

import base64
import binascii
from typing import TypedDict

from showcam.app.http_types import Refuse, Request, Response, problem
from showcam.net.text import JsonObject

type Event = JsonObject


class HttpReply(TypedDict):
    """An answer in payload format 2.0."""

    statusCode: int
    headers: dict[str, str]
    body: str


def request_of(event: Event, limit: int) -> Request:
    """A request by POST of at most `limit` bytes. Raises Refuse, and ValueError for another kind of event."""
    if event.get("version") != "2.0":
        raise ValueError("an HTTP API's event of payload format 2.0 is wanted")
    context = event["requestContext"]
    headers = {name.lower(): str(value) for name, value in event.get("headers", {}).items()}
    method, path = context["http"]["method"], event["rawPath"]
    if method != "POST":
        refused = problem(405, "That method is not for this address", "It takes POST.")
        raise Refuse(Response(405, refused.body, [*refused.headers, ("Allow", "POST")]))
    # a header with underscores in its name would have the key of another
    environ = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items() if "_" not in name}
    return Request(context["requestId"], method, path, "", _body(event, limit), environ)


def answer_of(response: Response) -> HttpReply:
    headers = {name.lower(): value for name, value in response.headers}
    return {"statusCode": response.status, "headers": headers, "body": response.body.decode()}


def _body(event: Event, limit: int) -> bytes:
    text = event.get("body") or ""
    try:
        # base64 is a third longer than what it encodes; no more than twice the limit is decoded
        body = base64.b64decode(text[: limit * 2], validate=True) if event.get("isBase64Encoded") else text.encode()
    except (binascii.Error, ValueError):
        raise Refuse(problem(400, "The body can't be read", "Send it as JSON.")) from None
    if len(body) > limit:
        raise Refuse(problem(413, "That is too much", f"At most {limit} bytes are taken."))
    return body
