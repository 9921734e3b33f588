"""Finds docstrings, comments, names and sentences for people that a stranger would stumble over, and says why.

It reads the product's Python, what pages and assistants say, and the documents. The rules are the habits that a reader
who had never seen the project stumbled over, as far as a script can tell them. `--pages` prints the words of each
page, `--documents` the findings and words of each document.
"""

import argparse
import ast
import io
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
LONGEST = 30  # words of a sentence
SHORT = 14  # words of a sentence in which two pronouns are a chain
PRONOUNS = re.compile(r"\b(what|one|it|its|so|those|such|nobody|that)\b", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.!?;:])\s+(?=[A-Z`“(])")
CODE = re.compile(r"`[^`]*`|https?://\S+|\S+/\S+|\"[^\"]*\"|“[^”]*”")
TOOLS = re.compile(r"#\s*(noqa|type:|pragma|ruff|mypy|pylint|fmt)")
WHERE = re.compile(r"\bwhere\b", re.IGNORECASE)
# "where" names a place if one of these words stands before it
PLACE = re.compile(
    r"\b(place|folder|file|address|page|column|row|line|offset|server|host|house|know|knows|known|see|says?)s?,? $",
    re.IGNORECASE,
)

type Rule = Callable[[str], bool]


class Finding(NamedTuple):
    file: Path
    line: int
    rule: str
    text: str


class Habit(NamedTuple):
    """`is_in` gets one sentence. `instead` is an example of how to say it."""

    is_in: Rule
    instead: str


def matches(pattern: str) -> Rule:
    compiled = re.compile(pattern, re.IGNORECASE)
    return lambda sentence: bool(compiled.search(sentence))


def words(sentence: str) -> list[str]:
    return re.findall(r"[\w'’-]+", sentence)


def is_chain(sentence: str) -> bool:
    if len(words(sentence)) > SHORT or re.search(r"\d|[A-Z]{2,}|Raises", sentence):
        return False
    return len(PRONOUNS.findall(sentence)) >= 2


HABITS = {
    "pronoun chain": Habit(is_chain, "name the thing: “the session”, “this camera's sound”"),
    "clause as subject": Habit(
        matches(r"^(who|whoever|whom|what)\s(?!.*\?$)"), "begin with a thing or a person: “A viewer who …”"
    ),
    "where for if": Habit(
        lambda sentence: any(not PLACE.search(sentence[: at.start()]) for at in WHERE.finditer(sentence)),
        "“if” or “when”; “where” is a place",
    ),
    "preposition and which": Habit(
        matches(r"\b(of|by|in|to|from|for|with|on|at|after|before|behind|under|into|than) (which|whom)\b"),
        "two sentences",
    ),
    "alone for only": Habit(matches(r"(?<!left )(?<!leave )(?<!leaves )(?<!let )\balone\b"), "“only”, before its word"),
    "of its own": Habit(
        matches(r"\bof (one's|one’s|its|their|our|his|her|your|my) own\b|\bby (itself|themselves)\b"),
        "“its own …”; “automatically”",
    ),
    "word to replace": Habit(
        matches(
            r"\b(mend|mends|mended|telephones?|good no more|stands? at|of worth|beside|so long(?! as)|laid|is over)\b"
        ),
        "fix · phone · no longer works · is at · useful · as well as · for this time · parked · has expired",
    ),
    "long sentence": Habit(lambda sentence: len(words(sentence)) > LONGEST, f"two sentences, {LONGEST} words at most"),
}
FRAGMENT = re.compile(
    r"^(by|of|for|in|on|at|with|without|from|to|as|till|until|behind|beside|under|after|before|between|among|than)\b",
    re.IGNORECASE,
)
# What a page or an assistant says, apart from the reasons of cameras: `interface_words` counts its words.
INTERFACE = ("showcam/console/", "oauth/", "showcam/registry/owner/", "showcam/alexa/spoken/")
CHAIN_OF_A_PAGE = 3  # pronouns: the thing itself stands beside the sentence
LONGEST_OF_A_PAGE = 25
GAP = re.compile(r"\{\w*\}")
FORBIDDEN = {"told", "heard", "said", "kept", "taken", "asked", "laid"}


def findings(root: Path, files: list[Path]) -> Iterator[Finding]:
    for file in files:
        text = file.read_text()
        for line, rule, found in found_in(text):
            yield Finding(file.relative_to(root), line, rule, found)


def found_in(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, rule and passage of each finding in the text of a module."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if docstring := ast.get_docstring(node):
                line = node.body[0].lineno
                yield from of_docstring(docstring, line, getattr(node, "name", ""))
            if not isinstance(node, ast.Module) and node.name.strip("_") in FORBIDDEN:
                yield node.lineno, "name", node.name
    for line, comment in comments(text):
        yield from of_sentences(comment, line)


def of_docstring(docstring: str, line: int, name: str) -> Iterator[tuple[int, str, str]]:
    first = SENTENCE.split(docstring)[0]
    if FRAGMENT.match(first) or len(words(first)) <= 2:
        yield line, "fragment", first
    if name and (said := set(stems(first))) and said <= set(stems(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))):
        yield line, "repeats the name", first
    for paragraph in docstring.split("\n\n"):
        yield from of_sentences(" ".join(paragraph.split()), line)


def of_sentences(text: str, line: int) -> Iterator[tuple[int, str, str]]:
    for sentence in SENTENCE.split(CODE.sub("X", text)):
        for rule, habit in HABITS.items():
            if habit.is_in(sentence):
                yield line, rule, sentence


def spoken_and_written() -> dict[str, set[str]]:
    """Each English sentence of a page or an assistant, and the files that have it."""
    from scripts import sentences

    found: dict[str, set[str]] = {}
    for domain in sentences.domains():
        for sentence, files in sentences.said(domain).items():
            found.setdefault(sentence, set()).update(files)
    return found


def interface_words() -> int:
    """The words of all sentences of `INTERFACE`, each sentence once, without its gaps."""
    return sum(
        len(words(GAP.sub("", sentence)))
        for sentence, files in spoken_and_written().items()
        if any(file.startswith(INTERFACE) for file in files)
    )


def found_on_pages() -> Iterator[tuple[str, str, str]]:
    """File, rule and passage of each finding in what pages and assistants say."""
    for text, files in spoken_and_written().items():
        for rule, sentence in of_page(text):
            yield min(files), rule, sentence


def of_page(text: str) -> Iterator[tuple[str, str]]:
    """Rule and passage of each bad habit in a sentence for people. Headings such as “What to do” are allowed."""
    text = GAP.sub("X", text)
    for _, rule, sentence in of_sentences(text, 0):
        is_heading = not text.endswith((".", "!", "?"))
        chained = len(PRONOUNS.findall(sentence)) < CHAIN_OF_A_PAGE
        if not (rule == "pronoun chain" and chained) and not (rule == "clause as subject" and is_heading):
            yield rule, sentence
    for sentence in SENTENCE.split(CODE.sub("X", text)):
        if LONGEST_OF_A_PAGE < len(words(sentence)) <= LONGEST:
            yield "long sentence", sentence


def documents() -> list[Path]:
    """The documents that git knows."""
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [file for name in listed.split() if (file := ROOT / name).is_file()]


def found_in_document(file: Path) -> Iterator[tuple[str, str]]:
    """Rule and passage of each bad habit; a sentence may have 30 words. A changelog's released sections don't count."""
    text = file.read_text()
    if file.name == "CHANGELOG.md":
        text = "\n## ".join(text.split("\n## ")[:2])
    for paragraph in paragraphs(text):
        for rule, sentence in of_page(paragraph):
            is_heading = len(words(sentence)) == 1  # of a column, such as “where”
            if not is_heading and (rule != "long sentence" or len(words(sentence)) > LONGEST):
                yield rule, sentence


def paragraphs(text: str) -> list[str]:
    """Running text, cells of tables and items of lists, without headings, commands, pictures and what screens say."""
    text = re.sub(r"^(```.*?^```| {4,}\S[^\n]*|#[^\n]*|\|[-:| ]+\|)$", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"!\[[^]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\*\*.+?\*\*|`[^`\n]+`|“[^”]+”", "X", text, flags=re.DOTALL)
    text = re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", text)
    parts = re.split(r"\n\s*\n|\n\s*(?:\d+\.|-) |^(?:\d+\.|-) |^\| | \| | \|$", text, flags=re.MULTILINE)
    return [" ".join(part.replace("*", "").split()) for part in parts if part.strip()]


def figures() -> dict[str, int]:
    return {
        "interface_words": interface_words(),
        "page_wording": sum(1 for _ in found_on_pages()),
        "documents_wording": sum(1 for file in documents() for _ in found_in_document(file)),
    }


def words_by_page() -> Iterator[tuple[int, int, str]]:
    """Fixed words before *More*, all fixed words, and the name of each template; with those of all its branches."""
    for template in sorted([*ROOT.glob("showcam/console/**/*.html"), *ROOT.glob("oauth/**/*.html")]):
        text = template.read_text()
        shown = re.sub(r"<details.*?</details>", "", text, flags=re.DOTALL)
        counted = [
            sum(len(words(GAP.sub("", said))) for _, said in re.findall(r"\b_\(\s*([\"'])(.*?)\1", part, re.DOTALL))
            for part in (shown, text)
        ]
        yield counted[0], counted[1], template.relative_to(ROOT).as_posix()


def comments(text: str) -> Iterator[tuple[int, str]]:
    """Line and words of each comment; comments on successive lines are one."""
    held: list[str] = []
    began = last = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or TOOLS.match(token.string):
            continue
        is_whole_line = not token.line[: token.start[1]].strip()
        if held and not (is_whole_line and token.start[0] == last + 1):
            yield began, " ".join(held)
            held = []
        began = began if held else token.start[0]
        held.append(token.string.lstrip("# "))
        last = token.start[0] if is_whole_line else -1
    if held:
        yield began, " ".join(held)


def stems(text: str) -> Iterator[str]:
    for word in re.findall(r"[a-z]+", text.lower().replace("_", " ")):
        if word not in {"the", "a", "an", "of", "to", "and", "this", "its", "is", "has"}:
            yield re.sub(r"(ies|es|s|ed|ing)$", "", word)


def main() -> int:
    from scripts.house import House

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pages", action="store_true", help="print the words of each page instead")
    parser.add_argument("--documents", action="store_true", help="print findings and words of each document")
    options = parser.parse_args()
    if options.documents:
        for document in documents():
            habits = list(found_in_document(document))
            print(f"{len(habits):6} {len(document.read_text().split()):6} {document.relative_to(ROOT)}")
        return 0
    if options.pages:
        for before, whole, name in sorted(words_by_page(), reverse=True):
            print(f"{before:6} {whole:6} {name}")
        print(f"{interface_words():6} words of pages and spoken sentences, each sentence once")
        return 0
    found = list(findings(ROOT, [module.path for module in House().modules]))
    for each in found:
        instead = HABITS[each.rule].instead if each.rule in HABITS else ""
        print(f"{each.file}:{each.line}: {each.rule}: {each.text[:160]!r}{f' → {instead}' if instead else ''}")
    for file, rule, sentence in found_on_pages():
        print(f"{file}: {rule}: {sentence[:160]!r} → {HABITS[rule].instead}")
    for document in documents():
        for rule, sentence in found_in_document(document):
            print(f"{document.relative_to(ROOT)}: {rule}: {sentence[:160]!r} → {HABITS[rule].instead}")
    for rule, count in Counter(each.rule for each in found).most_common():
        print(f"{count:6} {rule}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
