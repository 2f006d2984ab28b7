"""The seven datasets of the paper: where each comes from, under which licence, and what its splits are.

Hub revisions are not written down here: one is resolved and recorded at the first download, or pinned in the study file.
"""

from __future__ import annotations

from dataclasses import dataclass

from gradus.data.datasets import readers
from gradus.data.datasets.reading import Reader


@dataclass(frozen=True)
class Entry:
    """One dataset. ``hub`` is None where its authors publish on no hub; ``splits`` are the hub's names of train and test,
    ``sizes`` what those hold (where not published on a hub: the paper's split).

    ``human`` says who wrote the rationales of the teacher ``human``; None where nobody did.
    """

    title: str
    reader: Reader
    hub: str | None
    hub_configurations: tuple[str, ...]
    splits: tuple[str, str]
    sizes: tuple[int, int]
    licence: str
    citation: str
    human: str | None


_SUBJECTS = (
    "algebra",
    "counting_and_probability",
    "geometry",
    "intermediate_algebra",
    "number_theory",
    "prealgebra",
    "precalculus",
)

CATALOGUE = {
    "svamp": Entry(
        "SVAMP",
        readers.svamp,
        "ChilleD/SVAMP",
        (),
        ("train", "test"),
        (700, 300),
        "MIT",
        "Patel et al. 2021",
        "its own equations",
    ),
    "gsm8k": Entry(
        "GSM8K",
        readers.gsm8k,
        "openai/gsm8k",
        ("main",),
        ("train", "test"),
        (7473, 1319),
        "MIT",
        "Cobbe et al. 2021",
        "its own solutions",
    ),
    "aqua": Entry(
        "AQuA-RAT",
        readers.aqua,
        "deepmind/aqua_rat",
        ("raw",),
        ("train", "test"),
        (97467, 254),
        "Apache-2.0",
        "Ling et al. 2017",
        "its own rationales (the flattened rows: as edited by MathInstruct)",
    ),
    "math": Entry(
        "MATH",
        readers.math,
        "EleutherAI/hendrycks_math",
        _SUBJECTS,
        ("train", "test"),
        (7500, 5000),
        "MIT",
        "Hendrycks et al. 2021",
        "its own solutions",
    ),
    "csqa": Entry(
        "CommonsenseQA",
        readers.csqa,
        "tau/commonsense_qa",
        (),
        ("train", "validation"),
        (9741, 1221),
        "MIT",
        "Talmor et al. 2019",
        "ECQA (Aggarwal et al. 2021), from a file `csqa/ecqa.jsonl` with id and explanation",
    ),
    "obqa": Entry(
        "OpenBookQA",
        readers.obqa,
        "allenai/openbookqa",
        ("main",),
        ("train", "test"),
        (4957, 500),
        "none stated (repository: Apache-2.0)",
        "Mihaylov et al. 2018",
        None,
    ),
    "strategyqa": Entry(
        "StrategyQA",
        readers.strategyqa,
        None,
        (),
        ("train", "test"),
        (2000, 290),
        "MIT",
        "Geva et al. 2021",
        "its own supporting facts",
    ),
}
