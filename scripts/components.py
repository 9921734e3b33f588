"""Lists what an installed showcam is made of, as CycloneDX 1.6 names it: each pinned library with its version."""

import json
import re
from pathlib import Path

PINNED = re.compile(r"^([\w.-]+)==([^\s;\\]+)(?: ; ([^\\\n]+))?", re.MULTILINE)  # name, version, for which systems
WINDOWS = "sys_platform == 'win32'"


def listed(requirements: Path, version: str, made: str) -> str:
    """The list as JSON. `made`: the time of the commit, as ISO 8601 writes it."""
    pinned = PINNED.findall(requirements.read_text())
    showcam = _component("application", "showcam", version) | {"licenses": [{"license": {"id": "Apache-2.0"}}]}
    listed = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": made, "component": showcam},
        "components": [_component("library", name, at) for name, at, systems in pinned if systems.strip() != WINDOWS],
    }
    return json.dumps(listed, indent=2) + "\n"


def _component(kind: str, name: str, version: str) -> dict[str, object]:
    address = f"pkg:pypi/{name}@{version}"  # github.com/package-url/purl-spec, types/pypi
    return {"type": kind, "bom-ref": address, "name": name, "version": version, "purl": address}
