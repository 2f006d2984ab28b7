"""Simulate studies whose truth is known: how often the tests of Gradus err, what they find, and how other ways compare.

Prints the tables of docs/background/statistics.md.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gradus.analysis.claim_simulation import CASES, decided
from gradus.analysis.transfer_simulation import TRANSFERS, TransferDesign, transfer_rates
from gradus.presentation.number import percent
from gradus.presentation.table import Table
from gradus.runtime import program
from gradus.statistics import comparators
from gradus.statistics.measurements import Rows
from gradus.statistics.pairs import BESTS, SHAPES, SINGLE, pair_rates, set_rates
from gradus.statistics.simulation import (
    DOSES,
    TRUTHS,
    Design,
    calls_non_monotone,
    dose_rates,
    keeps_the_best,
    rates,
    rejects_flat_pair,
)

DESIGNS = {
    "3 runs, 1,319 problems, sd 1 point": Design(),
    "the same, sd 3 points": Design(seed_sd=0.03),
    "the same, every other level 3 times as uneven": Design(uneven=3.0),
    "3 runs, 254 problems, sd 2 points": Design(problems=254, seed_sd=0.02),
    "5 runs, 254 problems, sd 2 points": Design(runs=5, problems=254, seed_sd=0.02),
}

TRANSFER_DESIGNS = {
    "3 runs of 3 levels, 300 problems each, sd 2 points, luck half shared": TransferDesign(),
    "2 runs of 1 level, 300 problems each, sd 2 points, luck of opposite signs": TransferDesign(2, 1, shared=-0.5),
    "3 runs of 3 levels, 1,319 problems each, sd 1 point, luck half shared": TransferDesign(
        problems=1319, seed_sd=0.01
    ),
}

RUNS = (2, 3, 5)
PROBLEMS = (50, 254, 1319)


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument(
        "--studies", type=program.whole_number_option(1), default=400, help="simulated studies per line"
    )
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--pairs", action="store_true", help="only the pairs and sets under every shape of a study")
    options.add_argument("--claims", action="store_true", help="only claims about datasets, students and texts")
    options.add_argument(
        "--comparators", action="store_true", help="only the comparators of other programs beside ours"
    )
    options.add_argument("--doses", action="store_true", help="only the shapes of accuracy over the values of a key")
    options.add_argument("--transfer", action="store_true", help="only gains at home and on another dataset")
    given = options.parse_args()
    if given.comparators:
        other_comparators(given.studies, given.seed)
    if given.doses:
        doses(given.studies, given.seed)
    if given.transfer:
        transfer(given.studies, given.seed)
    if given.comparators or given.doses or given.transfer:
        return
    if not given.claims:
        pairs(given.studies, given.seed)
    if given.pairs:
        return
    print(f"\nClaims about datasets, students and texts (in brackets: what is true; {given.studies} studies a line):\n")
    table({case: decided(case, given.studies, given.seed) for case in CASES})
    if given.claims:
        return

    def ask(question: Callable[[Sequence[Rows]], Mapping[str, bool]], truth: str, design: Design) -> dict[str, float]:
        return rates(question, TRUTHS[truth], design, given.studies, given.seed)

    print(f"\nTwo conditions that are equally good are called different (5 % meant; {given.studies} studies a line):\n")
    table({name: ask(rejects_flat_pair, "flat", design) for name, design in DESIGNS.items()})
    for name, design in list(DESIGNS.items())[::3]:
        print(f"\nSix levels are called non-monotone ({name}):\n")
        table({truth: ask(calls_non_monotone, truth, design) for truth in TRUTHS})
        print(f"\nThe truly best level is kept ({name}):\n")
        table({truth: ask(partial(keeps_the_best, truth=TRUTHS[truth]), truth, design) for truth in TRUTHS})
    doses(given.studies, given.seed)
    transfer(given.studies, given.seed)


def doses(studies: int, seed: int) -> None:
    """Which shapes curves over six doses are called; where a shape is true of a curve, the rate is bold and is its power."""
    for name, design in list(DESIGNS.items())[::3]:
        print(f"\nSix doses are called ({name}; {studies} studies a line; bold: it is true):\n")
        lines = []
        for truth, (_, true) in DOSES.items():
            found = dose_rates(truth, design, studies, seed)
            cells = [f"**{percent(rate)}**" if claim in true else percent(rate) for claim, rate in found.items()]
            lines.append([truth, *cells])
        print(Table(["", *found], lines).markdown(), end="", flush=True)


def transfer(studies: int, seed: int) -> None:
    """What is said of gains at home and on another dataset; bold where it is true, and so its power."""
    for name, design in TRANSFER_DESIGNS.items():
        print(f"\nOf gains over the untaught student is said ({name}; {studies} studies a line; bold: it is true):\n")
        lines = []
        for truth, (_, true) in TRANSFERS.items():
            found = transfer_rates(truth, design, studies, seed)
            cells = [f"**{percent(rate)}**" if said in true else percent(rate) for said, rate in found.items()]
            lines.append([truth, *cells])
        print(Table(["true gains", *found], lines).markdown(), end="", flush=True)


def pairs(studies: int, seed: int) -> None:
    """Errors for an equally good pair and of the recommended set, whatever the other conditions of the study are like."""
    heads = [f"{runs} runs, n = {problems}" for runs in RUNS for problems in PROBLEMS]
    lines = []
    for name, shape in {**SHAPES, **SINGLE}.items():
        found = [pair_rates(shape, runs, problems, studies, seed) for runs in RUNS for problems in PROBLEMS]
        lines.append([name, *(f"{100 * one['own variance']:.1f} ({100 * one['pooled']:.1f})" for one in found)])
    print(f"\nAn equally good pair is called different, in percent (in brackets: pooled; {studies} studies a line):\n")
    print(Table(["", *heads], lines).markdown(), end="")
    for runs in RUNS[:2]:
        print(f"\nThe recommended set, the accuracy and the gain of the best mean ({runs} runs, 254 problems):\n")
        table({name: set_rates(shape, runs, 254, studies, seed) for name, shape in BESTS.items()})


def other_comparators(studies: int, seed: int) -> None:
    """How often comparators call two equally good models different, and find a difference of 5 points."""
    lines = []
    for name, design in comparators.DESIGNS.items():
        equal, apart = (comparators.rates(design, pair, studies, seed) for pair in ((0.5, 0.5), (0.525, 0.475)))
        lines.append([name, *(f"{100 * equal[way]:.1f} ({100 * apart[way]:.1f})" for way in equal)])
    print(f"\nTwo models are called different, in percent (in brackets: of 5 points; {studies} pairs a line):\n")
    print(Table(["", *equal], lines).markdown(), end="")


def table(lines: Mapping[str, Mapping[str, float]]) -> None:
    """Print shares in percent as a Markdown table."""
    names = list(next(iter(lines.values())))
    rows = [[label, *(percent(line[name]) for name in names)] for label, line in lines.items()]
    print(Table(["", *names], rows).markdown(), end="")


if __name__ == "__main__":
    program.run(main)
