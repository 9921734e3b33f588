"""Cuts the packages for AWS: build/lambda/{function}.zip, each with only what its entry imports.

Bytecode is compiled with unchecked hashes, since /var/task is read-only and its times mean nothing. The same input
gives the same bytes, so that a function's change shows in its zip. boto3 comes with the runtime, whose Python has this
version.
"""

import argparse
import ast
import csv
import functools
import hashlib
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSION = "{}.{}".format(*sys.version_info)
FUNCTIONS = ("directives", "fulfillment", "web", "changes", "reports", "sweep", "operators")
PLATFORMS = {"x86_64": "x86_64-manylinux_2_28", "arm64": "aarch64-manylinux_2_28"}
# The SQLite store is for an owner's machine; functions that AWS never calls import it.
LEFT_OUT = ("showcam.store.sqlite", "showcam.simulator")
DATA = ("templates/**/*", "static/**/*", "locale/**/*", "*.html")  # files of a package that it reads
# authlib reads werkzeug's version when it is imported
READ_METADATA = ("werkzeug",)


class CannotPackage(Exception):
    """The text says what is wrong and what to do."""


def modules(function: str) -> dict[str, Path]:
    """The project's modules that the entry imports, directly or not, by name."""
    return reached(f"lambda.{function}")


def reached(entry: str) -> dict[str, Path]:
    """The project's modules that this one imports, directly or not, by name."""
    found: dict[str, Path] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        path = _file(name) if name else None  # the package above a top one has no name
        if path is None or name in found or name.startswith(LEFT_OUT):
            continue
        found[name] = path
        waiting += [name.rpartition(".")[0], *_imports(path)]
    return found


def foreign(function: str) -> set[str]:
    """Top-level names of the third-party packages that the function imports."""
    return foreign_to(modules(function).values())


def foreign_to(paths: Iterable[Path]) -> set[str]:
    """Top-level names of the third-party packages that these files import."""
    names = {name.split(".")[0] for path in paths for name in _imports(path)}
    ours = {folder.name for folder in ROOT.iterdir() if (folder / "__init__.py").exists()}
    return names - ours - sys.stdlib_module_names


def build(functions: Sequence[str], architecture: str, out: Path, product: Path | None = None) -> list[Path]:
    """Makes the zip of each function, and adds the product's folder if there is one. Raises CannotPackage.

    A file that several functions hold is compiled and compressed once.
    """
    for function in functions:
        if _file(f"lambda.{function}") is None:
            raise CannotPackage(f"there is no lambda/{function}.py")
    more = files_of(product) if product else []
    pins, own = {name: _pins(name) for name in functions}, {name: _own_files(name) for name in functions}
    libraries = _libraries({pin for each in pins.values() for pin in each}, architecture, out / "libraries")
    with tempfile.TemporaryDirectory(dir=out) as made:
        tree = Path(made) / "tree"
        for path in set[Path]().union(*own.values()):
            place = tree / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
        _compile(tree)
        for file in more:
            (tree / "product").mkdir(exist_ok=True)
            shutil.copyfile(file, tree / "product" / file.name)
        files = [path.relative_to(tree) for path in _files(tree)]
        ours, comment = _zip(tree, files, Path(made) / "ours"), f"{architecture} python{VERSION}"
        for name in functions:
            others = {
                str(file) for file in files if file.parts[0] != "product" and ROOT / _source(file) not in own[name]
            }
            parts = [*(libraries[pin] for pin in pins[name]), ours]
            _merged(parts, others, Path(made) / "whole", comment).replace(out / f"{name}.zip")
    return [out / f"{name}.zip" for name in functions]


def files_of(product: Path) -> list[Path]:
    """The files of a product's folder that functions read. Raises CannotPackage if no function starts with them."""
    sys.path.insert(0, str(ROOT))
    from showcam.i18n.product import FILE, BadProduct, product_of

    try:
        logo = product_of(product).logo
    except BadProduct as error:
        raise CannotPackage(f"product={product}: {error}") from None
    return [product / FILE, *([logo] if logo else [])]


@functools.cache
def _file(name: str) -> Path | None:
    path = ROOT.joinpath(*name.split("."))
    if path.with_suffix(".py").is_file():
        return path.with_suffix(".py")
    return path / "__init__.py" if name and (path / "__init__.py").is_file() else None


@functools.cache
def _imports(path: Path) -> tuple[str, ...]:
    return tuple(_imported(ast.parse(path.read_text())))


def _imported(module: ast.Module) -> Iterator[str]:
    for node in _running(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """All statements below, without TYPE_CHECKING blocks."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):  # imports nothing
            continue
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        yield child
        yield from _running(child)


def _own_files(function: str) -> set[Path]:
    files = set(modules(function).values())
    packages = [path.parent for path in files if path.name == "__init__.py"]
    data = {path for package in packages for names in DATA for path in package.glob(names) if path.is_file()}
    return files | {path for path in data if path.suffix != ".po"}  # what `.mo` files were compiled from


def _pins(function: str) -> list[str]:
    """The function's packages from its requirements file, each with version and hashes as pip reads them."""
    text = (ROOT / "requirements" / f"lambda-{function}.txt").read_text()
    return re.findall(r"^\w.*==.*(?:\n +--hash=.*)*", text, re.MULTILINE)


def _libraries(pins: set[str], architecture: str, out: Path) -> dict[str, Path]:
    """A zip of each of these packages, installed, trimmed and compiled; made once for each pin."""
    out.mkdir(parents=True, exist_ok=True)
    ready = {}
    for pin in pins:
        seed = [Path(__file__).read_bytes(), pin.encode(), architecture.encode(), sys.version.encode()]
        ready[pin] = out / f"{_name(pin)}-{hashlib.sha256(b'\0'.join(seed)).hexdigest()[:16]}.zip"
    missing = sorted(pin for pin in pins if not ready[pin].exists())
    if not missing:
        return ready
    with tempfile.TemporaryDirectory(dir=out) as made:
        tree = Path(made) / "tree"
        _install(missing, architecture, tree)
        recorded = _recorded(tree)
        _trim(tree)
        _compile(tree)
        for pin in missing:
            own = recorded.get(_name(pin), ())  # a pin for another platform installs nothing
            files = [file for path in _files(tree) if _source(file := path.relative_to(tree)) in own]
            _zip(tree, files, Path(made) / "zip").replace(ready[pin])
    return ready


def _install(pins: list[str], architecture: str, tree: Path) -> None:
    pinned = tree.with_name("pinned.txt")
    pinned.write_text("\n".join(pins))
    command: list[str | Path] = [_uv(), "pip", "install", "-q", "--no-config", "--no-deps", "--target", tree]
    command += ["--require-hashes", "--only-binary", ":all:", "--link-mode", "copy", "--python-version", VERSION]
    command += ["--python-platform", PLATFORMS[architecture], "-r", pinned]
    if subprocess.run(command, check=False).returncode:
        raise CannotPackage(f"{', '.join(map(_name, pins))} could not be installed for {architecture}; see above.")


def _name(pin: str) -> str:
    return re.sub(r"[-_.]+", "-", pin.partition("==")[0]).lower()


def _recorded(tree: Path) -> dict[str, set[Path]]:
    """The files of each installed package by its name."""
    found = {}
    for record in tree.glob("*.dist-info/RECORD"):
        with record.open(newline="") as lines:
            found[_name(record.parent.name.partition("-")[0])] = {Path(row[0]) for row in csv.reader(lines) if row}
    return found


def _source(path: Path) -> Path:
    """The file that bytecode was compiled from; any other file itself."""
    return path.parents[1] / f"{path.name.partition('.')[0]}.py" if path.suffix == ".pyc" else path


def _uv() -> Path:
    beside = Path(sys.executable).with_name("uv")
    if not beside.exists():
        raise CannotPackage("uv is missing beside this Python: run make package, which brings it.")
    return beside


def _trim(tree: Path) -> None:
    for path in sorted(tree.rglob("*"), reverse=True):
        if _needless(path.relative_to(tree)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _needless(path: Path) -> bool:
    if path.suffix == ".dist-info":
        return not path.name.startswith(READ_METADATA)
    if path.suffix in (".pyi", ".typed", ".c", ".h", ".pyx", ".pxd", ".exe", ".lock"):
        return True
    return path.name in (
        "bin",
        "tests",
        "SelfTest",
        "__pycache__",
        "RECORD",
        "INSTALLER",
        "REQUESTED",
        "direct_url.json",
    )


def _compile(tree: Path) -> None:
    # in a process with a fixed hash seed: bytecode has sets in their hash order
    command = [sys.executable, "-W", "ignore", "-P", "-m", "compileall", "-q", "-f"]
    command += ["--invalidation-mode", "unchecked-hash"]
    paths: list[str | Path] = ["-s", tree, "-p", "/var/task", tree]
    environ = {"PATH": os.environ.get("PATH", ""), "PYTHONHASHSEED": "0"}
    if subprocess.run([*command, *paths], env=environ, check=False).returncode:
        raise CannotPackage("Some module can't be compiled; see above.")


def _files(tree: Path) -> list[Path]:
    return sorted(file for file in tree.rglob("*") if file.is_file())


def _zip(tree: Path, files: Iterable[Path], target: Path) -> Path:
    """A zip of these files, named as they are in the tree."""
    with zipfile.ZipFile(target, "w") as made:
        for path in files:
            entry = zipfile.ZipInfo(path.as_posix())  # dated 1980, as every entry
            entry.external_attr = 0o100644 << 16
            made.writestr(entry, (tree / path).read_bytes(), zipfile.ZIP_DEFLATED)
    return target


def _merged(sources: Iterable[Path], left_out: set[str], target: Path, comment: str) -> Path:
    """A zip of the entries of others. The comment names the platform of the zip for a deployment."""
    with zipfile.ZipFile(target, "w") as made:
        for source in sources:
            with zipfile.ZipFile(source) as held:
                for entry in held.infolist():
                    if entry.filename not in left_out and entry.filename not in made.NameToInfo:
                        _add(entry, held, made)
        made.comment = comment.encode()
    return target


def _add(entry: zipfile.ZipInfo, held: zipfile.ZipFile, made: zipfile.ZipFile) -> None:
    """Copies an entry's compressed bytes: to compress 40 MB again for each function takes a second."""
    assert held.fp
    assert made.fp
    held.fp.seek(entry.header_offset + 26)
    held.fp.seek(sum(struct.unpack("<HH", held.fp.read(4))), os.SEEK_CUR)  # the entry's name and extra field
    packed = held.fp.read(entry.compress_size)
    entry.header_offset = made.start_dir
    made.fp.seek(made.start_dir)
    made.fp.write(entry.FileHeader(zip64=False) + packed)
    made.start_dir = made.fp.tell()
    made.filelist.append(entry)
    made.NameToInfo[entry.filename] = entry


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("functions", nargs="*", default=FUNCTIONS, help=f"of {', '.join(FUNCTIONS)}; all of them")
    parser.add_argument("--architecture", choices=PLATFORMS, default="x86_64")
    parser.add_argument("--product", type=Path, help="the folder with product.toml and a logo")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "lambda")
    options = parser.parse_args()
    for function in options.functions:
        if function not in FUNCTIONS:
            parser.error(f"{function} is no function")
    try:
        packages = build(options.functions, options.architecture, options.out.resolve(), options.product)
    except CannotPackage as error:
        sys.exit(str(error))
    for made in packages:
        print(f"{made}  {made.stat().st_size / 1e6:.1f} MB")  # noqa: T201 - what a person waits for


if __name__ == "__main__":
    main()
