"""Clusters: test problems that are variants of one another, and so no independent draws of problems.

A generated problem belongs to its structure. Others are variants where they share half of their words (without numbers, of one
or two letters, or too common to tell) and at least ``FEWEST_WORDS``, through other variants too: on SVAMP that finds 121
groups of 1,000 problems, which are variants of base problems; on GSM8K, AQuA and StrategyQA hardly any.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gradus.records import Problem
from gradus.records.vocabulary import Split
from gradus.results.store import Results

SHARED = 0.5
FEWEST_WORDS = 4
_COMMON = frozenset(
    re.findall(
        r"[a-z]+",
        "the a an of and or to in on at for with if was were is are had has have he she they his her their them it its than "
        "then there that this how many much more do did does some be been by from as when after before each total all not "
        "only who which what other will would could left out up you",
    )
)


def clusters(problems: Sequence[Problem]) -> NDArray[np.int_]:
    """A number per problem, the same for variants of one another."""
    if problems and all(problem.solution and "structure" in problem.solution for problem in problems):
        names = ["/".join((problem.solution or {})["structure"]) for problem in problems]
        return np.unique(names, return_inverse=True)[1]
    return _variants([problem.question for problem in problems])


def _variants(texts: Sequence[str]) -> NDArray[np.int_]:
    from scipy import sparse
    from scipy.sparse.csgraph import connected_components

    vocabulary: dict[str, int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        for word in sorted(set(re.findall(r"[a-z]{2,}", text.lower())) - _COMMON):
            rows.append(row)
            columns.append(vocabulary.setdefault(word, len(vocabulary)))
    shape = (len(texts), max(1, len(vocabulary)))
    words = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
    shared = (words @ words.T).tocoo()
    sizes = np.asarray(words.sum(axis=1)).ravel()
    either = sizes[shared.row] + sizes[shared.col] - shared.data
    alike = (shared.data >= SHARED * either) & (shared.data >= FEWEST_WORDS)
    links = sparse.csr_matrix((np.ones(alike.sum()), (shared.row[alike], shared.col[alike])), shape=(len(texts),) * 2)
    return np.asarray(connected_components(links, directed=False)[1], dtype=np.int_)


class ProblemClusters:
    """The clusters of the problems of each dataset of a study, each read once."""

    def __init__(self, results: Results) -> None:
        self._results = results
        self._known: dict[tuple[str, Split], NDArray[np.int_]] = {}

    def of(self, dataset: str, split: Split, n: int) -> NDArray[np.int_] | None:
        """Those of a split; None where ``n`` problems were scored and other problems are there now."""
        if (dataset, split) not in self._known:
            self._known[dataset, split] = clusters(self._results.find_problems(dataset, split))
        found = self._known[dataset, split]
        return found if len(found) == n else None
