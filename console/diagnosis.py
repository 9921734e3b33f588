"""What an owner may copy to somebody who helps: the findings, without names, addresses and accounts."""

import re
from collections.abc import Iterable

from console.machine import Facts, Found

_MASKS = (
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "(account)"),
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b"), "(address)"),
    (re.compile(r"(?<![\w:])[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){2,7}(?![\w:])"), "(address)"),
    (re.compile(r"amzn1\.[\w.-]+"), "(id)"),
    (re.compile(r"\b[a-z2-7]{16,}\b"), "(id)"),
)
MARKS = {"ok": "ok", "wrong": "WRONG", "unsure": "?"}


def written(facts: Facts, findings: Iterable[Found], names: Iterable[str], host: str) -> str:
    """`names` of cameras and people, and `host`, the public one, are in none of it."""
    lines = [
        f"showcam {facts.version}, Python {facts.python}",
        f"disk {facts.disk_free // 2**20} of {facts.disk_size // 2**20} MiB free",
        *(
            f"{MARKS[found.state]}  {found.fault or ''}  {found.what}: {found.text}".replace("    ", "  ")
            for found in findings
        ),
    ]
    return masked("\n".join(lines), names, host)


def masked(text: str, names: Iterable[str], host: str) -> str:
    if host:
        text = text.replace(host, "(host)")
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "(name)", text)
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text
