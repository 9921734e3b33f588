"""Sends notices to an owner by Apprise, which knows some 130 services: ntfy, mail, webhooks and others.

Addresses are the operator's alone, as https://github.com/caronc/apprise/wiki has them. Apprise is imported with the
first call: it takes 0.1 s and 10 MB.
"""

from typing import Any

from net.within import within

WITHIN_S = 15.0  # for a whole message, however slowly the service takes it
LONGEST = 2048  # characters of an address
# Services that are programs or the desktop of this machine; and no plugin is loaded from a file.
OF_THIS_MACHINE = frozenset({"dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"})


class BadAddress(ValueError):
    """Not an address that is sent to; the text says why, and holds nothing of it but its scheme."""


def service(url: str) -> str:
    """The name of the service, such as “ntfy”. Raises BadAddress."""
    return str(_plugin(url).service_name)


def send(url: str, title: str, text: str, within_s: float = WITHIN_S) -> bool:
    """Whether the service took it. Raises BadAddress."""
    plugin = _plugin(url)
    try:
        return bool(within(within_s, lambda: plugin.notify(body=text, title=title, body_format="text"), "notice"))
    except Exception:
        # also TimeoutError; Apprise's own faults are as various as its services, and their texts hold addresses
        return False


def _plugin(url: str) -> Any:
    from apprise import Apprise, AppriseAsset

    scheme, found, _ = url.partition("://")
    scheme = scheme.strip().lower()
    if not found or len(url) > LONGEST or not url.isprintable():
        raise BadAddress("an address of Apprise's begins with a service, such as ntfys:// or mailtos://")
    if scheme in OF_THIS_MACHINE:
        raise BadAddress(f"{scheme}:// is of the machine itself: take a service that reaches you")
    asset = AppriseAsset(app_id="showcam", app_desc="showcam", app_url="", async_mode=False, plugin_paths=[])
    asset.image_url_mask = asset.image_url_logo = ""  # no service is pointed at somebody else's pictures
    plugin = Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if plugin is None:
        raise BadAddress(f"Apprise does not know the service {scheme}://, or the address lacks something it needs")
    return plugin
