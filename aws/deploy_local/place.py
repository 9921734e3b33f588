"""What the walk needs to know of the deployment."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws.deploy_local.amazon import Amazon

USER, PASSWORD = "demo@example.com", "showcam-demo"
REDIRECTS = {
    "alexa": "https://pitangui.amazon.com/api/skill/link/LOCAL",
    "google": "https://oauth-redirect.googleusercontent.com/r/showcam-local",
}


@dataclass(frozen=True)
class Place:
    """`directive` invokes the function as Amazon does. `secrets` are the clients', by client id."""

    web: str
    authorities: Path
    directive: Callable[[dict[str, Any]], dict[str, Any]]
    secrets: dict[str, str]
    amazon: Amazon | None = None  # its event gateway, in the process that started it
    control: str = ""  # address of the simulated EZVIZ's control door
