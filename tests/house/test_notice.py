"""NOTICE lists what the installed libraries hold, and travels with every copy."""

import re
import zipfile
from importlib.metadata import version
from pathlib import Path

import av
import pytest
from av._core import library_meta

ROOT = Path(__file__).parents[2]
NOTICE = (ROOT / "NOTICE").read_text()
FONTS = ROOT / "showcam/engine/fonts"
WORDS = " ".join(NOTICE.split())
LIBRARY = re.compile(r"lib[A-Za-z]+(?:[0-9]+[a-z]*(?:Enc)?)*")


def test_every_library_in_the_wheel_of_pyav_is_named() -> None:
    held = {found[0] for found in map(LIBRARY.match, (file.name for file in bundled())) if found}
    assert {"libx264", "libx265", "libavcodec", "libSvtAv1Enc"} <= held
    assert {library for library in held if not re.search(rf"\b{library}\b", NOTICE)} == set()


def bundled() -> list[Path]:
    """The libraries as the wheel has them for Linux."""
    return list((Path(av.__file__).parents[1] / "av.libs").glob("lib*.so*"))


def test_ffmpeg_is_listed_under_the_licence_it_states() -> None:
    assert f"av {version('av').split('.')[0]}," in WORDS
    assert {meta["license"] for meta in library_meta.values()} == {"LGPL version 3 or later"}
    assert '"LGPL version 3 or later"' in WORDS
    assert set(library_meta) <= set(re.findall(r"lib\w+", NOTICE))


def test_each_encoder_in_use_is_listed() -> None:
    used = set()
    for path in (ROOT / "showcam" / "engine").rglob("*.py"):
        used |= set(re.findall(r'"(lib(?:x264|x265|opus|vpx|aom)\w*)"', path.read_text()))
    [sentence] = re.findall(r"The media process uses them in production: (.*?) libx265", WORDS)
    assert used == set(re.findall(r"lib\w+", sentence))


@pytest.mark.parametrize("file", ["Roboto-Regular.ttf", "Roboto-Bold.ttf"])
def test_a_font_is_listed_as_it_names_itself(file: str) -> None:
    held = (FONTS / file).read_bytes()
    [version] = re.findall(
        r"font Roboto ([\d.]+), regular and bold \(Apache-2\.0, copyright 2011 Google Inc\.\)", WORDS
    )
    for words in (
        f"Version {version};",
        "Copyright 2011 Google Inc.",
        "Licensed under the Apache License, Version 2.0",
    ):
        assert words.encode("utf-16-be") in held


def test_the_fonts_and_their_licence_are_all_that_is_beside_them() -> None:
    assert {file.name for file in FONTS.iterdir()} == {"Roboto-Regular.ttf", "Roboto-Bold.ttf", "LICENSE"}
    assert "Apache License Version 2.0, January 2004" in " ".join((FONTS / "LICENSE").read_text().split())


def test_hls_js_is_one_file_for_both_pages() -> None:
    ours, simulators = ROOT / "showcam/console/static/vendor", ROOT / "showcam/simulator/assistants/page/vendor"
    names = {file.name for file in ours.iterdir()}
    assert names == {"hls.light.min.mjs", "hls.js.LICENSE"} == {file.name for file in simulators.iterdir()}
    assert all((ours / name).read_bytes() == (simulators / name).read_bytes() for name in names)
    assert "showcam/console/static/vendor/ and showcam/simulator/assistants/page/vendor/ hold hls.js" in WORDS


def test_it_goes_into_both_images() -> None:
    containerfile = (ROOT / "ship/Containerfile").read_text()
    assert re.search(r"^COPY LICENSE NOTICE /opt/app/$", containerfile, re.MULTILINE)
    assert re.search(r"^COPY LICENSE NOTICE /opt/showcam/$", containerfile, re.MULTILINE)
    permitted = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", containerfile, re.MULTILINE):
        for word in line.split():
            assert {word, f"{word}**", f"{word.partition('/')[0]}/**"} & permitted, word


def test_no_function_on_aws_holds_pyav(packages: dict[str, Path]) -> None:
    for name, path in packages.items():
        with zipfile.ZipFile(path) as held:
            assert not [path for path in held.namelist() if path.startswith(("av/", "av.libs/"))], name
