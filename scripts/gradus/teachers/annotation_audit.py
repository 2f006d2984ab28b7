"""Audit of annotations: what a reader must know about the texts before trusting a student that was taught with them.

It gives facts per supervision, each a count and its first examples, and repairs nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from statistics import fmean, median, quantiles
from typing import Any

from gradus.answers import answers_equal
from gradus.answers.number import numbers_in
from gradus.data.text_normalisation import normalised
from gradus.records import Annotation, Problem, Supervision
from gradus.records.vocabulary import AnswerKind
from gradus.runtime.markdown import markdown_table
from gradus.teachers.audit_facts import FindingFacts, SupervisionAudit
from gradus.teachers.text_traits import text_traits

# Literal pieces of prompts that teachers leave in their texts: tags, level names in brackets, template fields.
_TAG = re.compile(
    r"</?[A-Z][A-Za-z]*(?: [A-Za-z]+)*>|\[L[1-6]\]|\$(?:question|answer|rationale|level)\b|\{(?:question|answer)\}"
)
_EXAMPLES = 5
# At most this many words count as no rationale (the paper's files: "The answer is X" alone).
_NO_RATIONALE_WORDS = 2


def audit_annotations(
    supervision: Supervision,
    rows: Sequence[Annotation],
    problems: Mapping[str, Problem],
    test_questions: frozenset[str],
    below: Sequence[Annotation] | None,
    original: Sequence[Annotation] | None,
    manifest: Mapping[str, Any],
) -> SupervisionAudit:
    """The facts of one supervision.

    ``below`` are the annotations one level lower (same teacher and format), ``original`` those that a rewrite started
    from, ``manifest`` what the annotation job counted; each may be absent.
    """
    words = [len(row.rationale.split()) for row in rows]
    facts: SupervisionAudit = {
        "supervision": str(supervision),
        "rows": len(rows),
        "problems_without_annotation": len(manifest.get("without_annotation", [])),
        "verdicts": dict(sorted(Counter(row.verdict for row in rows).items())),
        "words": distribution(words),
        "input_tokens": sum(row.usage.get("input_tokens", 0) for row in rows),
        "output_tokens": sum(row.usage.get("output_tokens", 0) for row in rows),
        "price_usd": _price(rows),
        "traits": text_traits([row.rationale for row in rows]),
    }
    for name in ("released_rows", "unmatched_rows", "rows_without_text", "excerpt"):
        if name in manifest:
            facts[name] = manifest[name]
    found = {
        "without_rationale": _rows_where(
            rows, lambda row: row.format != "answer-only" and len(row.rationale.split()) <= _NO_RATIONALE_WORDS
        ),
        "prompt_tags_left": _rows_where(rows, lambda row: bool(_TAG.search(row.rationale))),
        "answer_disagrees_with_gold": _rows_where(rows, lambda row: row.verdict == "disagrees"),
        "question_in_test_split": _rows_where(
            rows, lambda row: normalised(problems[row.problem_id].full_text) in test_questions
        ),
        "same_text_as_another_row": _repeated(rows),
    }
    if below is not None:
        lower = _by_problem(below)
        facts["longer_than_level_below"] = _share_longer(rows, lower)
        found["same_text_as_level_below"] = _rows_where(
            rows, lambda row: row.key in lower and lower[row.key].rationale == row.rationale != ""
        )
    if original is not None:
        first = _by_problem(original)
        known = [row for row in rows if row.key in first]
        found["rewrite_lost_numbers"] = _rows_where(known, lambda row: not _numbers(first[row.key]) <= _numbers(row))
        found["rewrite_changed_steps"] = _rows_where(known, lambda row: _equations(row) != _equations(first[row.key]))
        found["rewrite_changed_answer"] = _rows_where(
            known, lambda row: not _same_answer(row, first[row.key], problems[row.problem_id].answer_kind)
        )
    facts["findings"] = found
    return facts


def _price(rows: Sequence[Annotation]) -> float | None:
    """What the rows of a remote teacher cost; None where the price of any is unknown."""
    prices = [row.price_usd for row in rows if "output_tokens" in row.usage]
    known = [price for price in prices if price is not None]
    return round(sum(known), 6) if len(known) == len(prices) else None


def distribution(values: Sequence[int]) -> dict[str, float]:
    """Mean, median, deciles and extremes."""
    deciles = quantiles(values, n=10) if len(values) > 1 else [values[0]] * 9
    return {
        "mean": round(fmean(values), 2),
        "median": float(median(values)),
        "p10": round(deciles[0], 1),
        "p90": round(deciles[-1], 1),
        "min": float(min(values)),
        "max": float(max(values)),
    }


def _rows_where(rows: Sequence[Annotation], condition: Callable[[Annotation], bool]) -> FindingFacts:
    hits = [row.key for row in rows if condition(row)]
    return {"count": len(hits), "examples": tuple(hits[:_EXAMPLES])}


def _repeated(rows: Sequence[Annotation]) -> FindingFacts:
    """Rows that share their text with another problem's row (the teacher repeats itself, or a join is broken)."""
    seen = Counter((row.rationale, row.problem_id) for row in rows if row.rationale)
    texts = Counter(text for text, _ in seen)
    return _rows_where(rows, lambda row: bool(row.rationale) and texts[row.rationale] > 1)


def _by_problem(rows: Sequence[Annotation]) -> dict[str, Annotation]:
    return {row.key: row for row in rows}


def _share_longer(rows: Sequence[Annotation], lower: Mapping[str, Annotation]) -> float | None:
    pairs = [(row, lower[row.key]) for row in rows if row.key in lower]
    if not pairs:
        return None
    return round(fmean(len(row.rationale.split()) > len(other.rationale.split()) for row, other in pairs), 4)


def _numbers(row: Annotation) -> set[str]:
    return set(numbers_in(row.rationale))


def _equations(row: Annotation) -> int:
    return len(re.findall(r"(?<![<>=!])=(?!=)", row.rationale))


def _same_answer(row: Annotation, other: Annotation, kind: AnswerKind) -> bool:
    if row.answer is None or other.answer is None:
        return row.answer == other.answer
    return answers_equal(row.answer, other.answer, kind)


def levels_out_of_order(audits: Sequence[SupervisionAudit]) -> list[str]:
    """Where the mean length does not grow from one level to the next of the same dataset, teacher and format."""
    means = {audit["supervision"]: audit["words"]["mean"] for audit in audits}
    found = []
    for name, mean in means.items():
        head, _, level = name.rpartition("/")
        if level.startswith("L") and (previous := f"{head}/L{int(level[1:]) - 1}") in means and means[previous] >= mean:
            found.append(f"{name}: mean {mean} words, not more than {means[previous]} one level below")
    return found


def to_markdown(audits: Sequence[SupervisionAudit], stale: Sequence[str], datasets: Sequence[Mapping[str, Any]]) -> str:
    """The audit as a page: what was found first, then what it was found in: datasets, lengths per supervision, costs."""
    checked = [
        (
            *(dataset["dataset"], dataset["train"], dataset["test"], dataset["test_questions_in_train_exact"]),
            *(
                len(dataset[f"test_questions_{name}"])
                for name in ("in_train_normalised", "near_train", "templated_in_train")
            ),
            *(dataset["doubtful_gold"], dataset["without_gold"]),
        )
        for dataset in datasets
    ]
    found = (*_defects(datasets), *levels_out_of_order(audits), *_findings(audits), *stale)
    rows = sum(audit["rows"] for audit in audits)
    problems = sum(dataset["train"] + dataset["test"] for dataset in datasets)
    parts = [
        "# Audit of data and annotations\n\n## What was found\n",
        f"Looked at: {_count(len(audits), 'supervision')} with {_count(rows, 'row')}, {_count(len(datasets), 'dataset')} "
        f"with {_count(problems, 'problem')}.\n",
        "\n".join(f"- {text}" for text in found) or "Nothing.",
        "\nWhat was learned from these texts: [findings](../report/findings.html). "
        "The texts themselves: [explorer](../report/explorer.html).\n",
        "## Datasets\n",
        _table(
            "dataset, train, test, test in train: exact, normalised, near-duplicates, templated, doubtful gold, without gold",
            checked,
        ),
        "## Lengths in words\n",
        _table("supervision, rows, mean, median, p10, p90, longer than the level below", map(_lengths, audits)),
        *_costs(audits),
    ]
    return "\n".join(parts)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _defects(datasets: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One sentence per dataset that has defects: test questions in its training split, gold answers that may be wrong."""
    ways = {
        "in_train_normalised": "word for word",
        "near_train": "as near copies",
        "templated_in_train": "with other names and numbers",
    }
    for dataset in datasets:
        asked = {way: len(dataset[f"test_questions_{rule}"]) for rule, way in ways.items()}
        golds = {"doubtful": dataset["doubtful_gold"], "missing": dataset["without_gold"]}
        found = [
            f"{what}: " + ", ".join(f"{count} {how}" for how, count in counts.items() if count)
            for what, counts in (("test questions in training", asked), ("gold answers", golds))
            if any(counts.values())
        ]
        if found:
            yield f"{dataset['dataset']}: {'; '.join(found)}"


def _lengths(audit: SupervisionAudit) -> tuple[str | float, ...]:
    words, share = audit["words"], audit.get("longer_than_level_below")
    shown = "" if share is None else f"{100 * share:.1f} %"
    return audit["supervision"], audit["rows"], *(words[name] for name in ("mean", "median", "p10", "p90")), shown


def _table(heads: str, rows: Iterable[Sequence[Any]]) -> str:
    """A name and its numbers, row by row."""
    names = heads.split(", ")
    return markdown_table(names, [list(map(str, row)) for row in rows], "l" + "r" * (len(names) - 1))


def _findings(audits: Sequence[SupervisionAudit]) -> Iterator[str]:
    """One sentence per defect of a supervision."""
    for audit in audits:
        name = audit["supervision"]
        for defect, finding in audit["findings"].items():
            if finding["count"]:
                examples = ", ".join(finding["examples"][:2])
                defect = defect.replace("_", " ")
                yield f"{name}: {defect}: {finding['count']} of {audit['rows']} (such as {examples})"
        if audit.get("excerpt"):
            yield f"{name}: only an excerpt of the released file is there; its cells are marked."
        if audit.get("unmatched_rows"):
            yield (
                f"{name}: {audit['unmatched_rows']} of {audit['released_rows']} released rows match no training problem "
                "and are left out."
            )


def _costs(audits: Sequence[SupervisionAudit]) -> list[str]:
    """What remote teachers cost; nothing where there are none."""
    priced = [audit for audit in audits if audit["output_tokens"]]
    if not priced:
        return []
    rows: list[tuple[str, ...]] = []
    for audit in priced:
        price = "?" if audit["price_usd"] is None else f"{audit['price_usd']:.4f}"
        rows.append((audit["supervision"], f"{audit['input_tokens']:,}", f"{audit['output_tokens']:,}", price))
    known = [audit["price_usd"] for audit in priced if audit["price_usd"] is not None]
    rows.append(("all with a known price", "", "", f"{sum(known):.4f}"))
    return [
        "## What the teachers cost\n",
        _table("supervision, input tokens, output tokens, US dollars", rows),
        "Each annotation once, whichever study paid for it; exemplars and the teachers' own tests are not in here.\n",
    ]
