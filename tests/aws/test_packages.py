"""Each function's zip holds what its entry imports, compiled for AWS, and nothing else."""

import functools
import importlib.util
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import boto3
import pytest

from tests.aws.conftest import ARCHITECTURE

ROOT = Path(__file__).parents[2]
NOWHERE = {"av", "aiortc", "aiohttp", "granian", "tests", "bench", "scripts", "boto3", "botocore"}
NOT_FOR_A_DIRECTIVE = {"flask", "flask_wtf", "authlib", "jinja2", "werkzeug", "babel"}
NOT_FOR_A_DIRECTIVE |= {"oauth", "actions", "showcam/console"}
FORBIDDEN = {
    "directives": NOWHERE | NOT_FOR_A_DIRECTIVE,
    "fulfillment": NOWHERE | NOT_FOR_A_DIRECTIVE - {"actions"} | {"showcam/alexa", "ask_sdk_core", "ask_sdk_model"},
    "web": NOWHERE,
    "changes": NOWHERE
    | NOT_FOR_A_DIRECTIVE
    | {"showcam/alexa", "showcam/registry", "showcam/drivers", "showcam/accounts"}
    | {"requests", "pyezvizapi", "cryptography"},
    "reports": NOWHERE | NOT_FOR_A_DIRECTIVE - {"actions"} | {"ask_sdk_core", "ask_sdk_model"},
    "sweep": NOWHERE | NOT_FOR_A_DIRECTIVE | {"showcam/alexa", "ask_sdk_core", "ask_sdk_model"},
    "operators": NOWHERE | NOT_FOR_A_DIRECTIVE | {"showcam/alexa", "ask_sdk_core", "ask_sdk_model"},
}
OF_THE_RUNTIME = {"boto3", "botocore"}
# what boto3 stands on; the runtime brings all of it
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")


@pytest.fixture(params=FORBIDDEN)
def function(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def tree(packages: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function's zip, unpacked once for all tests, each of which leaves it as it was."""

    @functools.cache
    def unpack(function: str) -> Path:
        folder = tmp_path_factory.mktemp(function)
        zipfile.ZipFile(packages[function]).extractall(folder)
        return folder

    return unpack


@pytest.fixture
def unpacked(function: str, tree: Callable[[str], Path]) -> Path:
    return tree(function)


def names(package: Path) -> list[str]:
    return zipfile.ZipFile(package).namelist()


def run(program: str, *path: Path) -> subprocess.CompletedProcess[str]:
    """In a Python that finds the standard library and these folders alone."""
    command = [sys.executable, "-I", "-S", "-W", "ignore", "-c", f"import sys; sys.path[:0] = sys.argv[1:]\n{program}"]
    return subprocess.run([*command, *map(str, path)], capture_output=True, text=True, check=False)


def test_every_function_is_held_to_what_it_may_hold(cutter: ModuleType) -> None:
    assert set(cutter.FUNCTIONS) == set(FORBIDDEN)


def test_it_holds_nothing_it_must_not(function: str, packages: dict[str, Path]) -> None:
    parts = [name.split("/") for name in names(packages[function])]
    held = {first.removesuffix(".py") for first, *_ in parts}
    held |= {"/".join(path[:2]) for path in parts if path[0] == "showcam"}
    assert {"showcam", "msgspec"} <= held
    if function != "changes":
        assert {"showcam/registry", "showcam/drivers", "showcam/store", "cryptography", "pyezvizapi"} <= held
    assert "showcam/simulator" not in held
    assert not held & FORBIDDEN[function]
    assert ("ask_sdk_core" in held) == (function == "directives")
    assert not [
        name for name in names(packages[function]) if re.search(r"(^|/)(tests?|SelfTest)/|\.dist-info/RECORD", name)
    ]


def test_no_entry_but_its_own(function: str, packages: dict[str, Path]) -> None:
    entries = [name for name in names(packages[function]) if re.fullmatch(r"lambda/\w+\.py", name)]
    assert sorted(entries) == ["lambda/__init__.py", f"lambda/{function}.py"]


def tracked(*folders: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    found = set(listed.stdout.splitlines())
    assert all(any(name.startswith(f"{folder}/") for name in found) for folder in folders), folders
    return found


def test_pages_have_what_they_read(packages: dict[str, Path]) -> None:
    read = {name for name in tracked("showcam/console", "oauth") if not name.endswith((".py", ".md"))}
    assert {"oauth/templates/oauth/consent.html", "showcam/console/help/front.html"} <= read
    # pages that no function has
    of_a_house = ("showcam/console/adding/", "showcam/console/players/", "showcam/console/trial/")
    assert read - set(names(packages["web"])) == {name for name in read if name.startswith(of_a_house)}


def test_it_can_say_everything_in_every_language(function: str, packages: dict[str, Path]) -> None:
    held, ours = set(names(packages[function])), tracked("showcam/i18n", "showcam/drivers")
    # changes hands on what others say, and says nothing to a person
    said = set() if function == "changes" else {name for name in ours if name.endswith(".mo")}
    assert said <= held
    assert not {name for name in ours if name.endswith(".po")} & held
    german = {"showcam/i18n/locale/de/LC_MESSAGES/showcam.mo", "showcam/drivers/ezviz/locale/de/LC_MESSAGES/ezviz.mo"}
    assert (german <= held) == (function != "changes")


def test_what_is_imported_is_pinned(function: str, cutter: ModuleType, packages: dict[str, Path]) -> None:
    held = {name.split("/")[0].removesuffix(".py") for name in names(packages[function])}
    assert cutter.foreign(function) - OF_THE_RUNTIME <= held


def test_every_module_of_it_can_be_imported(function: str, unpacked: Path, cutter: ModuleType, tmp_path: Path) -> None:
    libraries = Path(boto3.__file__).parents[1]
    (tmp_path / "runtime").mkdir()
    for name in RUNTIME:
        (tmp_path / "runtime" / name).symlink_to(libraries / name)
    modules = sorted(name for name in cutter.modules(function) if name != f"lambda.{function}")
    program = f"import importlib\nfor name in {modules!r}: importlib.import_module(name)"
    done = run(program, unpacked, tmp_path / "runtime")
    assert done.returncode == 0, done.stderr


def test_its_bytecode_is_complete_and_asks_no_source(function: str, packages: dict[str, Path]) -> None:
    package = zipfile.ZipFile(packages[function])
    held = set(package.namelist())
    sources = [Path(name) for name in held if name.endswith(".py")]
    assert len(sources) > (30 if function == "changes" else 300)
    for source in sources:
        bytecode = source.parent / "__pycache__" / f"{source.stem}.{sys.implementation.cache_tag}.pyc"
        with package.open(str(bytecode)) as held_code:
            code = held_code.read(8)
        assert code[:4] == importlib.util.MAGIC_NUMBER
        assert code[4:] == b"\x01\0\0\0"  # by hash, unchecked (PEP 552)


def test_python_takes_that_bytecode_whatever_the_files_say_of_themselves(unpacked: Path) -> None:
    module = unpacked / "showcam/net/text.py"
    source = module.read_text()
    module.write_text("raise SystemExit('compiled again')")
    done = run("import showcam.net.text; print(showcam.net.text.__file__)", unpacked)
    module.write_text(source)
    assert done.stdout.split() == [str(module)], done.stderr


def test_the_same_input_makes_the_same_bytes(cutter: ModuleType, packages: dict[str, Path], tmp_path: Path) -> None:
    (again,) = cutter.build(["fulfillment"], ARCHITECTURE, tmp_path)
    assert again.read_bytes() == packages["fulfillment"].read_bytes()


@pytest.mark.parametrize("name", FORBIDDEN)
def test_it_is_pinned_as_everything_else_is(name: str) -> None:
    def pins(file: str) -> set[str]:
        return set(re.findall(r"^([\w.-]+==\S+)", (ROOT / "requirements" / file).read_text(), re.MULTILINE))

    assert pins(f"lambda-{name}.txt") <= pins("all.txt")


def test_an_integrators_product_is_in_the_package_and_nothing_else_of_its_folder(
    cutter: ModuleType, tmp_path: Path
) -> None:
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "product.toml").write_text('name = "Acme View"')
    (folder / "logo.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    (folder / "notes.txt").write_text("for nobody")
    (made,) = cutter.build(["changes"], ARCHITECTURE, tmp_path, folder)
    held = zipfile.ZipFile(made)
    assert {name for name in held.namelist() if name.startswith("product/")} == {
        "product/product.toml",
        "product/logo.svg",
    }
    (folder / "product.toml").write_text('name = "<b>"')
    with pytest.raises(cutter.CannotPackage, match=r"name in product\.toml there is '<b>'"):
        cutter.build(["changes"], ARCHITECTURE, tmp_path, folder)
