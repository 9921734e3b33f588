"""The extras [aws] and [demo]: the parts that are missing here, and the command that installs them."""

import json
import re
import shlex
import sys
from importlib.metadata import Distribution, PackageNotFoundError
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

EXTRAS = ("aws", "demo")
# as metadata has it: boto3>=1.40; extra == 'aws'
_OF_EXTRA = re.compile(r"""([\w.-]+)[^;]*;.*\bextra\s*==\s*["'](\w+)["']""")


class ExtraMissing(Exception):
    """The extra is not installed. The text names the extra and the command for installing it."""

    def __init__(self, extra: str) -> None:
        lacked = ", ".join(lacking(extra))
        super().__init__(f"The extra [{extra}] is not installed, which brings {lacked}. Install it: {_command(extra)}")


def need(extra: str) -> None:
    """Raises ExtraMissing if a distribution of the extra is not installed."""
    if lacking(extra):
        raise ExtraMissing(extra)


def bringing(module: str) -> str:
    """The extra that is missing and would bring this module; empty if none would."""
    top = module.partition(".")[0]
    return next((extra for extra in EXTRAS if top in (name.replace("-", "_") for name in lacking(extra))), "")


def lacking(extra: str) -> list[str]:
    """The extra's distributions that are not installed; none for sources that were not installed, as in an image."""
    showcam = _installed("showcam")
    found = [_OF_EXTRA.match(requirement) for requirement in (showcam.requires or [] if showcam else [])]
    return [match[1] for match in found if match and match[2] == extra and not _installed(match[1])]


def _installed(name: str) -> Distribution | None:
    try:
        return Distribution.from_name(name)
    except PackageNotFoundError:
        return None


def _command(extra: str) -> str:
    """The command for installing the extra from the source of showcam itself, noted in direct_url.json (PEP 610)."""
    showcam = _installed("showcam")
    source = json.loads((showcam and showcam.read_text("direct_url.json")) or "{}")
    address = str(source.get("url", ""))
    if source.get("dir_info", {}).get("editable"):
        return shlex.join(["make", "-C", unquote(urlsplit(address).path), ".venv/all"])
    installer = [sys.executable, "-m", "pip", "install"]
    if find_spec("pip") is None:
        installer = ["uv", "pip", "install", "--python", sys.executable]
    return shlex.join([*installer, f"showcam[{extra}] @ {address}" if address else f"showcam[{extra}]"])
