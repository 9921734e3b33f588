"""Events of a function on AWS: an HTTP API's (payload format 2.0), a directive, a spoken request,
an operator's call."""

import base64
import json
from typing import Any


def http_event(
    path: str,
    method: str = "GET",
    *,
    query: str = "",
    headers: dict[str, str] | None = None,
    cookies: tuple[str, ...] = (),
    body: str | bytes = "",
    source_ip: str = "203.0.113.7",
) -> dict[str, Any]:
    """As AWS documents it: lower-case header names, cookies apart, a binary body in base64."""
    host = "showcam.example"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": host, "x-forwarded-proto": "https", "x-forwarded-for": source_ip} | (headers or {}),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": host,
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source_ip,
                "userAgent": "test",
            },
            "requestId": "api-request-1",
            "stage": "$default",
            "timeEpoch": 1_790_000_000_000,
        },
        "isBase64Encoded": isinstance(body, bytes),
    }
    if cookies:
        event["cookies"] = list(cookies)
    if body:
        event["body"] = base64.b64encode(body).decode() if isinstance(body, bytes) else body
    return event


CALLER = "arn:aws:iam::111122223333:user/example-user"


def operator_event(call: object = None) -> dict[str, Any]:
    """A request to a function's own address that IAM has let through, with the ids of AWS's own example."""
    address = "urlid0123456789abcdefghijklmnopqr.lambda-url.eu-west-1.on.aws"
    event = http_event("/", "POST", headers={"host": address, "content-type": "application/json"})
    event["requestContext"]["authentication"] = None
    event["requestContext"]["authorizer"] = {
        "iam": {
            "accessKey": "AKIAIOSFODNN7EXAMPLE",
            "accountId": "111122223333",
            "callerId": "AIDACKCEVSQ6C2EXAMPLE",
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": CALLER,
            "userId": "AIDACOSFODNN7EXAMPLE2",
        }
    }
    return event if call is None else event | {"body": json.dumps(call)}


def intent_event(token: str, intent: str = "SYNC", payload: Any = None, *, encoded: bool = False) -> dict[str, Any]:
    given: dict[str, Any] = {"intent": f"action.devices.{intent}"} | ({"payload": payload} if payload else {})
    text = json.dumps({"requestId": "google-1", "inputs": [given]})
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json;charset=UTF-8"}
    return http_event("/google/fulfillment", "POST", headers=headers, body=text.encode() if encoded else text)


def directive(token: str, namespace: str = "Alexa.Discovery", name: str = "Discover", **more: Any) -> dict[str, Any]:
    header = {"namespace": namespace, "name": name, "payloadVersion": "3", "messageId": "m-1"}
    given: dict[str, Any] = {"header": header, "payload": {"scope": {"type": "BearerToken", "token": token}}}
    return {"directive": given | more}


def spoken(skill: str, user: dict[str, str] | None = None) -> dict[str, Any]:
    """A LaunchRequest: a person opens the skill."""
    request = {"type": "LaunchRequest", "requestId": "r", "timestamp": "2026-11-25T02:00:00Z", "locale": "en-GB"}
    system = {"application": {"applicationId": skill}, "user": {"userId": "u"} | (user or {})}
    return {"version": "1.0", "context": {"System": system}, "request": request}
