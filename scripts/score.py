"""Score outputs of any model: two accuracies (our rules and the paper's), and a verdict for every text.

    python scripts/score.py --dataset gsm8k --predictions outputs.jsonl --problems problems.jsonl
    python scripts/score.py --kind number --predictions out/my-model/samples_gsm8k_2026-01-01T00-00-00.jsonl

Outputs are files of lm-evaluation-harness (samples_*.jsonl), inspect (.eval, .json), lighteval (details), NeMo-Skills
(output-rs*.jsonl), OpenCompass (predictions) or Gradus, or JSON lines, CSV or parquet with columns for id and text; packed by
gzip or not; - is standard input. Gold answers come with the outputs, or from --problems, matched by id.

A study's own cells are scored with --cell, as its workflow does.
"""

import json
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from itertools import groupby
from typing import get_args

from gradus.data.text_normalisation import normalised
from gradus.evaluation.conventions import Conventions, Inequalities, Units
from gradus.evaluation.formats import FORMATS, read_columns, read_problems, read_run
from gradus.evaluation.formats.columns import USUAL_NAMES
from gradus.evaluation.judging import kind_of
from gradus.evaluation.outputs.showing import described, disagreements, row_of
from gradus.evaluation.outputs.tallies import Tally, tally
from gradus.evaluation.outputs.verdicts import Judged, judged, problems_by_id
from gradus.evaluation.scoring import score
from gradus.records import Prediction, Problem
from gradus.records.metrics import Metrics
from gradus.records.vocabulary import ANSWER_KINDS
from gradus.results.set_aside import drop_answers
from gradus.runtime import program
from gradus.runtime.atomic import write_json
from gradus.runtime.errors import Mistakes, UserError
from gradus.runtime.jsonl import read_json, read_manifest, read_records, write_records
from gradus.runtime.output_files import check_outputs, write_output


def main() -> None:
    options = program.parser(__doc__)
    _options(options)
    given = options.parse_args()
    if given.cell is not None:
        for name in ("train_problems", "problems", "rows", "output"):
            if getattr(given, name) is None:
                options.error(f"with --cell, --{name.replace('_', '-')} is required")
        _score_cell(given)
    elif given.dataset is None and given.kind is None:
        options.error(
            "say --dataset (gsm8k, math, ...) or --kind (number, choice, boolean, latex, text) of the answers"
        )
    elif given.problem_columns is not None and given.problems is None:
        options.error("--problem-columns names columns of --problems, which is not given")
    else:
        _score_outputs(given)


_NAMED = 20  # bad rows that are named


def _tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ArgumentTypeError(f"not a number: {text!r}") from None
    if not 0 <= value < 1:
        raise ArgumentTypeError(f"{text} is no relative error from 0 to below 1")
    return value


def _options(options: ArgumentParser) -> None:
    options.add_argument("--dataset", help="the dataset, which decides the kind of answer and the paper's rules")
    options.add_argument("--kind", choices=ANSWER_KINDS, help="the kind of answer, for a dataset of one's own")
    options.add_argument(
        "--predictions", nargs="+", required=True, help="files or folders of outputs; - is standard input"
    )
    options.add_argument(
        "--format", choices=FORMATS, help="the program that wrote them; without it, their content tells"
    )
    options.add_argument(
        "--columns", help="names in plain rows, PART=NAME,...: id (or id=line), text, gold, question, ..."
    )
    options.add_argument("--problems", help="problems with gold answers, where the outputs bring none")
    options.add_argument("--problem-columns", help="the same for them")
    options.add_argument(
        "--missing", choices=("skip", "wrong"), default="skip", help="problems without an output: left out, or counted as wrong"
    )  # fmt: skip
    options.add_argument(
        "--skip-bad", action="store_true", help="name, count and leave out rows that cannot be read or scored; else they stop it"
    )  # fmt: skip
    options.add_argument(
        "--tolerance", type=_tolerance, default=0.0, help="the largest relative error of a number; 0 is exact"
    )
    options.add_argument(
        "--units", choices=get_args(Units), default="optional", help="of expressions: may be left out, or not"
    )
    options.add_argument(
        "--inequalities",
        choices=get_args(Inequalities),
        default="intervals",
        help="the intervals that they mean, or not",
    )
    options.add_argument("--show-disagreements", action="store_true", help="print outputs on which verdicts differ")
    options.add_argument("--rows", help="a JSON line for every output goes here")
    options.add_argument("--with-texts", action="store_true", help="rows hold question, options, gold and text too")
    options.add_argument("--output", help="the metrics go here, as JSON")
    cell = options.add_argument_group("a study's cell")
    cell.add_argument("--cell", type=program.json_option, help="the cell's wildcards as JSON")
    cell.add_argument("--train-problems", help="the training split, for the most frequent answer")
    cell.add_argument("--training-set-manifest", help="what the student was trained on; without it: on nothing")


def _score_cell(given: Namespace) -> None:
    problems, train_problems = read_records(given.problems, Problem), read_records(given.train_problems, Problem)
    rows, scores = score(problems, train_problems, read_records(given.predictions[0], Prediction))
    write_records(given.rows, rows)
    examples, excerpt = 0, False
    if given.training_set_manifest:
        training_set = read_json(given.training_set_manifest)
        examples, excerpt = training_set["rows"], training_set["excerpt"]
    asked = {normalised(problem.full_text) for problem in problems} if examples else set()
    leaked = [problem.id for problem in train_problems if normalised(problem.full_text) in asked]
    taught = {"training_examples": examples, "leaked_training_rows": len(leaked), "excerpt": excerpt}
    metrics = Metrics.from_json({**given.cell, **scores.to_json(), **taught})
    write_json(given.output, metrics.to_json())
    drop_answers(read_manifest(given.predictions[0]).get("identity"))
    program.log.info("%d of %d correct (%.1f %%)", metrics.correct, metrics.n, 100 * metrics.accuracy)


def _score_outputs(given: Namespace) -> None:
    """Grade files of texts; a run and task each has accuracies of its own."""
    kind, rules = kind_of(given.kind, given.dataset)
    check_outputs([given.rows, given.output], [*given.predictions, *([given.problems] if given.problems else [])])
    bad = Mistakes() if given.skip_bad else None
    conventions = Conventions(given.tolerance, given.units, given.inequalities)
    columns = read_columns(given.columns) if given.columns else USUAL_NAMES
    problems = None
    if given.problems:
        named = read_columns(given.problem_columns) if given.problem_columns else USUAL_NAMES
        problems = problems_by_id(read_problems(given.problems, columns=named, bad=bad), kind, bad)
    samples = read_run(given.predictions, format=given.format, columns=columns, bad=bad)
    rows = judged(samples, problems, kind, rules, conventions, bad)
    if bad and bad.found:
        _tell_bad(bad.found)
        if not rows:
            raise UserError(f"nothing is left to score: {len(bad.found)} rows are bad", where=given.predictions[0])
    ordered = sorted(rows, key=_group)  # stable: within a group as in the files
    groups = {key: list(mine) for key, mine in groupby(ordered, key=_group)}
    facts: list[dict[str, object]] = []
    for (run, task), mine in groups.items():
        unanswered = len(set(problems or ()) - {row.sample.id for row in mine}) if problems else 0
        found = tally(mine, kind, unanswered, given.missing == "wrong")
        of_group = {"run": run, "task": task} if len(groups) > 1 else {}
        facts.append({**of_group, "dataset": given.dataset or kind, **found})
        _report(f"{run} {task}".strip() if len(groups) > 1 else given.dataset or kind, found, given.missing)
    if given.show_disagreements:
        print("\n".join(described(disagreements(rows))), end="")
    if given.rows:
        several = len(groups) > 1
        lines = (json.dumps(row_of(row, several, given.with_texts), ensure_ascii=False) + "\n" for row in rows)
        write_output(given.rows, "".join(lines))
    if given.output:
        whole: dict[str, object] = {"groups": facts} if len(facts) > 1 else dict(facts[0])
        if bad is not None:
            whole["skipped_rows"] = len(bad.found)
        write_output(given.output, json.dumps(whole, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def _tell_bad(found: Sequence[UserError]) -> None:
    """Every row that was left out, up to ``_NAMED`` of them, and how many there are."""
    for error in found[:_NAMED]:
        program.log.warning("  left out: %s", error)
    more = f", {len(found) - _NAMED} of them not named here" if len(found) > _NAMED else ""
    are = "bad rows are" if len(found) != 1 else "bad row is"
    program.log.warning("  %d %s left out, of every number%s", len(found), are, more)


def _group(row: Judged) -> tuple[str, str]:
    return row.sample.run, row.sample.task


def _report(name: str, facts: Tally, missing: str) -> None:
    robust = _percent(facts["robust_accuracy"], facts["robust_interval_low"], facts["robust_interval_high"])
    strict = _percent(facts["strict_accuracy"], facts["strict_interval_low"], facts["strict_interval_high"])
    n = f"{facts['n']} problem{'s' * (facts['n'] != 1)}"
    program.log.info("%s: %s robust, %s strict (95 %% intervals; %s)", name, robust, strict, n)
    for metric, given in facts.get("given", {}).items():
        shares = (100 * given["mean"], given["agree"], given["outputs"])
        program.log.info("  %s of the file: %.2f %%, agrees with robust on %d of %d outputs", metric, *shares)
    if facts["problems_without_prediction"]:
        counted = "counted as wrong" if missing == "wrong" else "left out; --missing wrong counts them"
        missing_outputs = facts["problems_without_prediction"]
        have = "problems have" if missing_outputs != 1 else "problem has"
        program.log.warning("  %d %s no output: %s", missing_outputs, have, counted)


def _percent(accuracy: float, low: float, high: float) -> str:
    return f"{100 * accuracy:.2f} % [{100 * low:.1f}, {100 * high:.1f}]"


if __name__ == "__main__":
    program.run(main)
