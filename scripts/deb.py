"""Builds the package for Debian 13 from a wheel: showcam_VERSION_ARCHITECTURE.deb, with all libraries inside.

Usage: deb.py TREE WHEEL OUT [ARCHITECTURE …]. TREE is a checkout, whose folder ship/deb holds what the package adds to
the wheel, and whose requirements/app.txt pins the libraries. No program of the target machine is run, so that a package
for arm64 is built on amd64.
"""

import argparse
import gzip
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

PYTHON = (3, 13)  # of Debian 13: bytecode is of one version
PLATFORMS = {"amd64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}
HOME = Path("usr/lib/showcam")
SITE = HOME / "lib/python3.13/site-packages"
COMPLETIONS: dict[str, type[ShellComplete]] = {
    "usr/share/bash-completion/completions/showcam": BashComplete,
    "usr/share/fish/vendor_completions.d/showcam.fish": FishComplete,
    "usr/share/zsh/vendor-completions/_showcam": ZshComplete,
}
# a file of ship/deb, its place in the package and its mode
PLACED = (
    ("showcam", "usr/bin/showcam", 0o755),
    ("showcam.service", "usr/lib/systemd/system/showcam.service", 0o644),
    ("sysusers.conf", "usr/lib/sysusers.d/showcam.conf", 0o644),
    ("showcam.toml", "etc/showcam/showcam.toml", 0o644),
)
SCRIPTS = ("postinst", "prerm", "postrm")
COMPILED_FROM = {".pyi", ".pyx", ".pxd", ".c", ".h"}
OF_THE_INSTALLER = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", ".lock"}


class CannotBuild(Exception):
    """The text says what is wrong and what to do."""


def build(tree: Path, wheel: Path, architecture: str, out: Path, dated: int | None = None) -> Path:
    """The package. Raises CannotBuild. `dated`: the time of all its files, in epoch seconds; None is the present."""
    if sys.version_info[:2] != PYTHON:
        raise CannotBuild(
            "The package is for Debian 13, whose Python is 3.13: make clean, then make PYTHON=python3.13 …"
        )
    if shutil.which("dpkg-deb") is None:
        raise CannotBuild("dpkg-deb is missing, which Debian's package dpkg brings.")
    version = wheel.name.split("-")[1]
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out) as made:
        root = Path(made) / "root"
        _install(root / SITE, architecture, tree / "requirements/app.txt", wheel)
        _make_environment(root / HOME)
        _add(root, tree, version)
        _describe(root, tree / "ship/deb", {"VERSION": version, "ARCHITECTURE": architecture})
        package = Path(made) / f"showcam_{version}_{architecture}.deb"
        made_at = int(time.time()) if dated is None else dated
        for path in (root, *root.rglob("*")):
            os.utime(path, (made_at, made_at), follow_symlinks=False)
        pack: list[str | Path] = ["dpkg-deb", "--root-owner-group", "-Zzstd", "--build", root, package]
        _run(*pack, SOURCE_DATE_EPOCH=str(made_at))
        return package.replace(out / package.name)


def _install(site: Path, architecture: str, pinned: Path, wheel: Path) -> None:
    """Installs the pinned libraries and the wheel, and compiles them: the running service may write no bytecode."""
    uv = Path(sys.executable).with_name("uv")
    install: list[str | Path] = [uv, "pip", "install", "-q", "--no-config", "--no-deps", "--target", site]
    install += ["--link-mode", "copy", "--python-version", "{}.{}".format(*PYTHON)]
    install += ["--python-platform", PLATFORMS[architecture]]
    _run(*install, "--require-hashes", "--only-binary", ":all:", "-r", pinned)
    _run(*install, wheel)
    shutil.rmtree(site / "bin", ignore_errors=True)
    for path in site.rglob("*"):
        if path.suffix in COMPILED_FROM or path.name in OF_THE_INSTALLER:
            path.unlink()
    # in a process with a fixed hash seed: bytecode has sets in their hash order
    compiled: list[str | Path] = ["-W", "ignore", "-P", "-m", "compileall", "-q", "-f", "-j", "0"]
    compiled += ["--invalidation-mode", "unchecked-hash", "-s", site, "-p", f"/{SITE}", site]
    _run(sys.executable, *compiled, PYTHONHASHSEED="0")


def _make_environment(home: Path) -> None:
    """An environment as `python3 -m venv` makes it, for the interpreter of the machine that installs the package."""
    (home / "bin").mkdir()
    (home / "bin/python").symlink_to("/usr/bin/python3.13")
    (home / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\nversion = 3.13\n")


def _add(root: Path, tree: Path, version: str) -> None:
    """Files of the package that the wheel lacks."""
    for name, place, mode in PLACED:
        _write(root / place, (tree / "ship/deb" / name).read_bytes(), mode)
    for place, shell in COMPLETIONS.items():
        source = shell(click.Command("showcam"), {}, "showcam", "_SHOWCAM_COMPLETE").source()
        _write(root / place, source.encode())
    documents = root / "usr/share/doc/showcam"
    _write(documents / "copyright", (tree / "NOTICE").read_bytes() + b"\n" + (tree / "LICENSE").read_bytes())
    _write(documents / "changelog.gz", gzip.compress((tree / "CHANGELOG.md").read_bytes(), mtime=0))
    (documents / "docs").symlink_to(f"/{SITE}/showcam/docs")


def _describe(root: Path, of_deb: Path, values: dict[str, str]) -> None:
    """What dpkg reads: the control file, the scripts, which file is a setting, and the sum of each file."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    values["KIB"] = str(sum(path.stat().st_size for path in files) // 1024)
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n" for path in files]  # noqa: S324
    control = (of_deb / "control.in").read_text()
    for name, value in values.items():
        control = control.replace(f"@{name}@", value)
    _write(root / "DEBIAN/control", control.encode())
    _write(root / "DEBIAN/md5sums", "".join(sums).encode())
    _write(root / "DEBIAN/conffiles", b"/etc/showcam/showcam.toml\n")
    for name in SCRIPTS:
        _write(root / "DEBIAN" / name, (of_deb / name).read_bytes(), 0o755)
    for path in root.rglob("*"):  # whatever the umask of whoever builds
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    root.chmod(0o755)


def _write(place: Path, text: bytes, mode: int = 0o644) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text)
    place.chmod(mode)


def _run(*command: str | Path, **environ: str) -> None:
    done = subprocess.run(command, env=os.environ | environ, stdout=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise CannotBuild(f"{Path(command[0]).name} failed, see above.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path)
    parser.add_argument("wheel", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("architectures", nargs="*", default=list(PLATFORMS), choices=PLATFORMS)
    asked = parser.parse_args()
    for architecture in asked.architectures:
        try:
            made = build(asked.tree, asked.wheel, architecture, asked.out.resolve())
        except CannotBuild as error:
            sys.exit(f"deb: {error}")
        print(f"{made}  {made.stat().st_size / 1e6:.1f} MB")  # noqa: T201 - what a person waits for


if __name__ == "__main__":
    main()
