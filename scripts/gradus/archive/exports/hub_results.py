"""The Hub's ``.eval_results/*.yaml``: what a model's page and a benchmark's leaderboard read. The card's ``model-index`` stays.

Source: https://huggingface.co/docs/hub/eval-results. Values are percentages, as leaderboards show them.
"""

from __future__ import annotations

import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml

from gradus import __version__
from gradus.archive.exports.scored_cell import ScoredCell
from gradus.archive.licences import hub_dataset
from gradus.study.config import GENERATED


def files(cell: ScoredCell, task: str | None = None) -> dict[str, bytes]:
    """Path below the model's name and content; nothing for problems that are no test split of the Hub's."""
    study = cell.results.study
    section = study.datasets.get(cell.dataset)
    repository = None if section is None else hub_dataset(study, cell.dataset)
    if repository is None or section is None or isinstance(section, GENERATED) or cell.split != "test":
        return {}
    metrics, decoding = cell.metrics, cell.evaluated.decoding
    interval = f"{100 * metrics.interval_low:.1f} to {100 * metrics.interval_high:.1f}"
    notes = (
        f"Gradus {__version__}, robust rules, decoding {decoding}, n={metrics.n}, 95 % interval {interval}, "
        f"taught {cell.evaluated.cell.supervision}, seed {cell.evaluated.cell.seed}"
    )
    if metrics.leaked_training_rows:
        notes += "; trained on questions of this split: means nothing"
    entry = EvalResultEntry(
        dataset_id=repository,
        task_id=task or section.source,
        value=round(100 * metrics.accuracy, 2),
        dataset_revision=section.revision,
        date=cell.when.date().isoformat(),
        notes=notes,
    )
    text = yaml.safe_dump(eval_result_entries_to_yaml([entry]), sort_keys=False, allow_unicode=True, width=1000)
    return {f"{cell.name}/.eval_results/{cell.task}.yaml": text.encode()}
