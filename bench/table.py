"""Measured rows, what they are compared with, and their table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

type Unit = Literal["µs", "s", "MB", "ms", "%", "calls", ""]  # "": a number of pictures


@dataclass(frozen=True)
class Bound:
    """The most a row may be: `share` of what it is compared with, or `most` in the row's unit."""

    share: float | None = None
    most: float | None = None
    beside: str = "HA"

    def text(self, unit: Unit) -> str:
        if self.most is not None:
            return f"≤ {self.most:g} {unit}"
        assert self.share is not None
        if self.share > 1:
            return f"≤ {self.share:g} × {self.beside}"
        return f"≤ {self.beside}" if self.share == 1 else f"≤ {self.beside}/{round(1 / self.share, 2):g}"

    def met(self, ours: float, other: float | None) -> bool | None:
        """None where there is nothing to judge by."""
        if self.most is not None:
            return ours <= self.most
        assert self.share is not None
        return None if other is None else ours <= other * self.share


@dataclass(frozen=True)
class Row:
    """`other` is the figure of the peer or floor in the same run, or None; `beside` is its name.

    `runs`: all the measurements that `ours` was taken from.
    """

    name: str
    unit: Unit
    ours: float
    beside: str = ""
    other: float | None = None
    bound: Bound | None = None
    runs: Sequence[float] = ()

    @property
    def ratio(self) -> float | None:
        return self.ours / self.other if self.other else None

    @property
    def met(self) -> bool | None:
        return self.bound.met(self.ours, self.other) if self.bound else None

    def cells(self) -> tuple[str, ...]:
        other = f"{self.beside} {figure(self.other, self.unit)}" if self.other is not None else "–"
        bound = self.bound.text(self.unit) if self.bound else "–"
        met = {True: "met", False: "NOT MET", None: "–"}[self.met]
        return self.name, figure(self.ours, self.unit), spread(self.runs), other, ratio(self.ratio), bound, met


@dataclass(frozen=True)
class LeftOut:
    name: str
    why: str


def figure(value: float, unit: Unit) -> str:
    if unit == "s":
        return f"{value:.2f} s" if value >= 0.1 else f"{value:.3f} s"
    if unit == "calls":
        return f"{value:g} calls"
    return f"{value:,.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}"


def spread(runs: Sequence[float]) -> str:
    """How many there were, and from where to where they went."""
    return f"{len(runs)}: {_short(min(runs))} – {_short(max(runs))}" if runs else "1"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def ratio(value: float | None) -> str:
    """The ratio to the other figure, under 0.95 as a fraction."""
    if value is None:
        return "–"
    if not value:
        return "0"
    return f"1/{1 / value:.1f}" if value < 0.95 else f"{value:.2f}"


HEAD = ("row", "showcam", "n: from – to", "peer or floor", "ratio", "bound", "")


def render(results: Iterable[Row | LeftOut]) -> str:
    """One table, and below it the rows that were left out."""
    results = list(results)
    lines = [HEAD, *(row.cells() for row in results if isinstance(row, Row))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    # names to the left, figures to the right
    drawn = [
        "  ".join(
            cell.rjust(width) if 0 < column < 5 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]
    drawn.insert(1, "  ".join("─" * width for width in widths))
    missing = [row for row in results if isinstance(row, LeftOut)]
    if missing:
        drawn += ["", "Left out:", *(f"  {row.name}: {row.why}" for row in missing)]
    return "\n".join(drawn)


def missing(known: Sequence[str], results: Sequence[Row | LeftOut], why: str = "") -> list[str]:
    """Names each row of `known` that was not measured, and each row without a peer or floor beside it.

    `why` says what ended the group, if no LeftOut of its results does.
    """
    whys = [f"{result.name}: {result.why}" for result in results if isinstance(result, LeftOut)]
    reason = "; ".join(whys) or why or "its group said no reason"
    rows = [row for row in results if isinstance(row, Row)]
    measured = {row.name for row in rows}
    lines = [f"{name}: not measured ({reason})" for name in known if name not in measured]
    lines += [
        f"{row.name}: not compared with {row.beside} ({reason})" for row in rows if row.beside and row.other is None
    ]
    return lines
