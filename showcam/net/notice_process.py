"""The process that hands one notice to Apprise: it reads an order of showcam.net.notices and writes the result.

Nothing is logged here, since Apprise and the libraries below it name addresses.
"""

import base64
import contextlib
import json
import logging
import os
import sys
from typing import Any


def main() -> None:
    logging.disable(logging.CRITICAL)
    _load()
    order = json.load(sys.stdin)
    still = _attached(base64.b64decode(order["still"]))
    plugin = _plugin(order["url"], order["sender"])
    taken = plugin is not None and bool(order["title"]) and _is_taken(plugin, order["title"], order["text"], still)
    json.dump({"service": str(plugin.service_name) if plugin is not None else "", "taken": taken}, sys.stdout)


def _load() -> None:
    """Loads all services, which takes most of the time of a message, while the order is still being made."""
    from apprise import Apprise

    Apprise.instantiate("json://localhost")


def _is_taken(plugin: Any, title: str, text: str, still: Any) -> bool:
    """Whether the service took the message, with the still or else without it."""
    with_still = [still] if still is not None and plugin.attachment_support else []
    for attached in (*with_still, None):
        # the errors are as various as the services, and their text may hold the address
        with contextlib.suppress(Exception):
            if plugin.notify(body=text, title=title, body_format="text", attach=attached):
                return True
    return False


def _attached(jpeg: bytes) -> Any:
    """The JPEG as Apprise takes it, from a file in memory: many services read an attachment by its path."""
    if not jpeg:
        return None
    from apprise import AppriseAttachment
    from apprise.attachment.file import AttachFile

    file = os.memfd_create("still")
    os.write(file, jpeg)
    still = AppriseAttachment()
    path = f"/proc/self/fd/{file}"
    still.add(AttachFile(path, name="still.jpg", mimetype="image/jpeg"))  # type: ignore[no-untyped-call]
    return still


def _no_file(*_: object, **__: object) -> bool:
    raise TypeError("no file is read for a notice")


def _plugin(url: str, sender: str) -> Any:
    from apprise import Apprise, AppriseAsset, AppriseAttachment

    asset = AppriseAsset(app_id=sender, app_desc=sender, app_url="", async_mode=False, plugin_paths=[])
    asset.image_url_mask = asset.image_url_logo = ""  # no service is pointed at somebody else's pictures
    # through attachments plugins read templates and keys from files, or fetch them
    AppriseAttachment.add = _no_file  # type: ignore[method-assign]
    return Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


if __name__ == "__main__":
    main()
