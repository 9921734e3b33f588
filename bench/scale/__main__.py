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
    options = vars(_parser().parse_args(words))
    alone, seed = options.pop("sub_accounts_alone"), options.pop("seed")
    given = Assumptions(**options)
    measured = footprint.measure(int(given.cameras), app_account=not alone)
    measured = replace(measured, footprints=footprint.batched(measured.footprints, given.per_process, given.gate_s))
    if given.bells:
        measured.footprints[footprint.BELL] = footprint.OF_BELL
    today = quotas(given, measured.footprints)
    # the bill and the peaks are of a day on which every request is served
    day = simulate(given, measured.footprints, lifted(today), seed=seed)
    held = simulate(given, measured.footprints, today, seed=seed)
    dollars = bill(given, day, measured.footprints, measured.stored_b)
    print(render(given, measured, day, held, dollars, limits(given, day, today)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -P -m bench.scale",
        description="Measures what showcam's requests take of DynamoDB and the vendor, simulates a day of many links,"
        " and prints its cost on AWS and the first quota it reaches.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    texts = Assumptions.texts()
    for field in fields(Assumptions):
        name = f"--{field.name.replace('_', '-')}"
        parser.add_argument(name, type=float, default=field.default, metavar="N", help=texts[field.name])
    parser.add_argument(
        "--sub-accounts-alone", action="store_true", help="households have no app account at EZVIZ, only a sub-account"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the day's random numbers")
    return parser


if __name__ == "__main__":
    sys.exit(main())
