"""`python -P -m bench.scale`: a day of many links on AWS, what it costs, and what breaks first."""

import argparse
import sys
from dataclasses import fields, replace

from bench.scale import footprint
from bench.scale.assumptions import Assumptions
from bench.scale.bill import bill
from bench.scale.day import simulate
from bench.scale.limits import limits
from bench.scale.quotas import lifted, quotas
from bench.scale.report import render


def main(words: list[str] | None = None) -> int:
    said = vars(_parser().parse_args(words))
    alone, seed = said.pop("sub_accounts_alone"), said.pop("seed")
    given = Assumptions(**said)
    measured = footprint.measure(int(given.cameras), app_account=not alone)
    measured = replace(measured, footprints=footprint.batched(measured.footprints, given.per_process))
    asked = quotas(given, measured.footprints)
    # the bill and the peaks are of a day on which everything asked for is served
    day = simulate(given, measured.footprints, lifted(asked), seed=seed)
    held = simulate(given, measured.footprints, asked, seed=seed)
    dollars = bill(given, day, measured.footprints, measured.stored_b)
    print(render(given, measured, day, held, dollars, limits(given, day, asked)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -P -m bench.scale",
        description="Counts what showcam's requests take of DynamoDB and the vendor, lets a day of many links ask them,"
        " and says what that costs on AWS and which quota is reached first.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    told = Assumptions.told_of()
    for each in fields(Assumptions):
        name = f"--{each.name.replace('_', '-')}"
        parser.add_argument(name, type=float, default=each.default, metavar="N", help=told[each.name])
    parser.add_argument(
        "--sub-accounts-alone", action="store_true", help="households have no app account at EZVIZ, only a sub-account"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the day's chances")
    return parser


if __name__ == "__main__":
    sys.exit(main())
