"""Removes our own secrets from log lines, whoever wrote them, by what they look like."""

import re

# tokens, grants in paths, OAuth queries, bearer headers, URLs with credentials
_SECRET = re.compile(
    r"sc[ar]\.[a-z2-7]+\.[\w-]+"
    r"|(?<=/s/)[\w.-]{20,}"
    r"|(?<=/players/)[\w-]{20,}"
    r"|(?<=/google/webrtc/)[\w.-]{20,}"
    r"|(?<=[Bb]earer )\S+"
    r"|(?<=://)[^/\s@]+@"
    r"|(?<=[?&]code=)[^&\s]+"
    r"|(?<=[?&]state=)[^&\s]+"
    r"|(?<=accessToken=)[^&\s]+"
)
SHORTEST = 12  # characters; no secret is shorter
# Libraries that log what must stay secret: issued tokens, raw vendor answers, SDP, whole requests.
QUIET = (
    *("authlib", "pyezvizapi", "aioice", "aiortc", "urllib3", "requests", "botocore", "boto3", "aiohttp.access"),
    *("oauthlib", "requests_oauthlib"),
)
# Libraries that log raw vendor answers and SDP even as warnings.
SILENT = {"pyezvizapi": "CRITICAL", "aiortc": "ERROR"}


def redact(text: str) -> str:
    return _SECRET.sub("…", text)
