"""The process that hands one notice to Apprise: it reads an order of showcam.net.notices and writes the result.

Nothing is logged here, since Apprise and the libraries below it name addresses.
"""

import contextlib
import json
import logging
import sys
from typing import Any


def main() -> None:
    logging.disable(logging.CRITICAL)
    order = json.load(sys.stdin)
    plugin = _plugin(order["url"], order["sender"])
    taken = False
    if plugin is not None and order["title"]:
        # the errors are as various as the services, and their text may hold the address
        with contextlib.suppress(Exception):
            taken = bool(plugin.notify(body=order["text"], title=order["title"], body_format="text"))
    json.dump({"service": str(plugin.service_name) if plugin is not None else "", "taken": taken}, sys.stdout)


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
