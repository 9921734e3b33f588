"""Sends notices to an owner by Apprise, which knows some 130 services: ntfy, mail, webhooks and others.

Only the operator gives addresses, in the form of https://github.com/caronc/apprise/wiki. Apprise works in its own
process, which ends with the message. To know one service Apprise loads all of them, which takes a second and 50 MB. A
service that hangs ends with the process.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from urllib.parse import parse_qsl

WITHIN_S = 20.0  # seconds for a whole message, however slowly the service takes it
LONGEST = 2048  # characters of an address
# Services that are programs or the desktop of this machine. (Nor is a plugin loaded from a file.)
OF_THIS_MACHINE = frozenset({"dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})
# These parameters of an address make services read files of this machine. The process (notice_process.py) refuses any
# other file, such as a template.
_FILES = frozenset({"keyfile", "subfile", "pgppub", "pgpprv"})
# The environment variables that the process gets: neither settings nor keys.
_ENVIRON = frozenset(
    {"PATH", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "LD_LIBRARY_PATH"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
)


class BadAddress(ValueError):
    """The address can't be used; the text says why. Of the address it holds only the scheme."""


def service(url: str, within_s: float = WITHIN_S) -> str:
    """The name of the service, such as “ntfy”. Raises BadAddress."""
    scheme = _checked(url)
    known, _ = _done(url, "", "", within_s)  # without a title nothing is sent
    if not known:
        raise BadAddress(f"Apprise does not know the service {scheme}://, or the address lacks something it needs")
    return known


def send(
    url: str,
    title: str,
    text: str,
    within_s: float = WITHIN_S,
    sender: str = "showcam",
    still: Callable[[], bytes] | None = None,
) -> bool:
    """Sends a notice and returns whether the service took it. Raises BadAddress if the address can't be used.

    `still` is called while the process loads Apprise, and returns a JPEG, or b"" for a message without one. A service
    that takes no JPEG, or refuses this one, gets the message without it.
    """
    _checked(url)
    _, is_taken = _done(url, title, text, within_s, sender, still)
    return is_taken


def _checked(url: str) -> str:
    """The scheme of an address. Raises BadAddress."""
    scheme, found, _ = url.partition("://")
    scheme = scheme.strip().lower()
    if not found or len(url) > LONGEST or not url.isprintable():
        raise BadAddress("an address of Apprise's begins with a service, such as ntfys:// or mailtos://")
    if scheme in OF_THIS_MACHINE:
        raise BadAddress(f"{scheme}:// is of the machine itself: take a service that reaches you")
    named = {name.strip().lower() for name, _ in parse_qsl(url.partition("?")[2], keep_blank_values=True)}
    if named & _FILES:
        raise BadAddress(f"this address of {scheme}:// names a file of this machine, and none is read for a notice")
    return scheme


def _done(
    url: str, title: str, text: str, within_s: float, sender: str = "", still: Callable[[], bytes] | None = None
) -> tuple[str, bool]:
    """The service, "" if Apprise does not know it, and whether it took the notice.

    The answer is ("", False) if the process failed or took too long; then the process is ended.
    """
    environ = {name: text for name, text in os.environ.items() if name in _ENVIRON}
    order = {"url": url, "title": title, "text": text, "sender": sender}
    try:
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "showcam.net.notice_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
        ) as process:
            try:
                picture = still() if still is not None else b""
                order["still"] = base64.b64encode(picture).decode()
                written, _ = process.communicate(json.dumps(order).encode(), within_s)
            finally:
                process.kill()
        answer = json.loads(written)
        return str(answer["service"]), answer["taken"] is True
    except (subprocess.TimeoutExpired, OSError, ValueError, KeyError, TypeError):
        return "", False
