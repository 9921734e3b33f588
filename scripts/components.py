"""Lists what an installed showcam is made of, as CycloneDX 1.6 names it: each pinned library with its version."""

import json
import re
from pathlib import Path

from packaging.requirements import Requirement

PINNED = re.compile(r"^([\w.-]+==[^\\\n]+)", re.MULTILINE)
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}


def listed(requirements: Path, version: str, made: str) -> str:
    """The list as JSON. `made`: the time of the commit, as ISO 8601 writes it."""
    pinned = [Requirement(line) for line in PINNED.findall(requirements.read_text())]
    libraries = [each for each in pinned if each.marker is None or each.marker.evaluate(LINUX)]
    showcam = _component("application", "showcam", version) | {"licenses": [{"license": {"id": "Apache-2.0"}}]}
    listed = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": made, "component": showcam},
        "components": [_component("library", each.name, _version(each)) for each in libraries],
    }
    return json.dumps(listed, indent=2) + "\n"


def _version(pinned: Requirement) -> str:
    [only] = pinned.specifier
    return only.version


def _component(kind: str, name: str, version: str) -> dict[str, object]:
    address = f"pkg:pypi/{name}@{version}"  # github.com/package-url/purl-spec, types/pypi
    return {"type": kind, "bom-ref": address, "name": name, "version": version, "purl": address}
