"""Which of Amazon's kinds the certificate of the public address is, found by looking at it.

https://developer.amazon.com/en-US/docs/alexa/custom-skills/host-a-custom-skill-as-a-web-service.html
"""

import socket
import ssl
from urllib.parse import urlsplit

from showcam.setup.skill_package import Certificate

WITHIN_S = 4.0


def kind(url: str, context: ssl.SSLContext | None = None, port: int = 443) -> Certificate:
    """“wildcard” where only a name like *.example.org covers the host. “trusted” also where it can't be looked at."""
    host = urlsplit(url).hostname or ""
    try:
        with socket.create_connection((host, port), WITHIN_S) as plain:
            plain.settimeout(WITHIN_S)
            with (context or ssl.create_default_context()).wrap_socket(plain, server_hostname=host) as secure:
                held = secure.getpeercert() or {}
    except (OSError, ValueError):
        return "trusted"
    names = {str(entry[1]).lower() for entry in held.get("subjectAltName", ())}
    return "wildcard" if names and host not in names else "trusted"
