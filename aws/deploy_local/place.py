"""Where the walk finds what it speaks to."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

USER, PASSWORD = "demo@example.com", "showcam-demo"
REDIRECTS = {
    "alexa": "https://pitangui.amazon.com/api/skill/link/LOCAL",
    "google": "https://oauth-redirect.googleusercontent.com/r/showcam-local",
}


@dataclass(frozen=True)
class Place:
    """`directive` is what Amazon does: the function invoked with a directive. `secrets` are the clients', by name."""

    web: str
    authorities: Path
    directive: Callable[[dict[str, Any]], dict[str, Any]]
    secrets: dict[str, str]
