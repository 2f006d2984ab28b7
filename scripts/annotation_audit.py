"""Audit all annotations of a study, and gather the datasets' audits, as JSON, Markdown and a web page."""

from pathlib import Path

from gradus.data.text_normalisation import normalised
from gradus.presentation.pages import to_page
from gradus.records import Supervision
from gradus.results.store import Results
from gradus.runtime import program
from gradus.runtime.atomic import write_json, write_text
from gradus.study import paths
from gradus.study.grid import exemplars, sources, supervisions
from gradus.teachers.annotation_audit import audit_annotations, to_markdown
from gradus.teachers.audit_facts import SupervisionAudit
from gradus.teachers.prompts.exemplars import is_current, load_exemplar
from gradus.teachers.prompts.prompting import Prompts


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("--study", required=True, help="the resolved study (study.json)")
    options.add_argument("--prompts", required=True)
    options.add_argument("--page", required=True)
    options.add_argument("--markdown", required=True)
    options.add_argument("--output", required=True)
    given = options.parse_args()
    results = Results.open(Path(given.study).parent)
    study = results.study
    audits = [facts for dataset in study.datasets for facts in audit_dataset(results, dataset)]
    stale = stale_exemplars(results, Prompts(given.prompts))
    text = to_markdown(audits, stale, [results.dataset_audit(name) for name in study.datasets])
    write_json(given.output, {"supervisions": audits, "stale_exemplars": stale})
    write_text(given.markdown, text)
    write_text(given.page, to_page(text, f"Audit of {study.study}"))


def audit_dataset(results: Results, dataset: str) -> list[SupervisionAudit]:
    """The audits of one dataset's supervisions; its problems are read once."""
    study = results.study
    audited = [supervision for supervision in supervisions(study) if supervision.dataset == dataset]
    if not audited:
        return []
    problems = {problem.id: problem for problem in results.problems(dataset, "train")}
    test_questions = frozenset(normalised(problem.full_text) for problem in results.problems(dataset, "test"))
    found = []
    for supervision in audited:
        below = level_below(supervision)
        rewritten = sources(study, supervision)[:1] if supervision.format not in study.transforms else []
        found.append(
            audit_annotations(
                supervision,
                results.annotations(supervision),
                problems,
                test_questions,
                results.annotations(below) if below is not None and below in audited else None,
                results.annotations(rewritten[0]) if rewritten else None,
                results.annotation_manifest(supervision),
            )
        )
    return found


def level_below(supervision: Supervision) -> Supervision | None:
    """The same supervision one level lower; None where its level is ``native``."""
    if supervision.level == "native":
        return None
    number = int(supervision.level[1:]) - 1
    return Supervision(supervision.dataset, supervision.teacher, supervision.format, f"L{number}")


def stale_exemplars(results: Results, prompts: Prompts) -> list[str]:
    """Exemplars that are older than the prompt that would write them today."""
    found = []
    for dataset, teacher, format_ in sorted(exemplars(results.study, supervisions(results.study))):
        path = results.path(paths.EXEMPLAR, dataset=dataset, teacher=teacher, format=format_)
        if path.exists() and not is_current(load_exemplar(path), prompts, format_):
            found.append(
                f"the exemplar {dataset}/{teacher}/{format_} is older than its prompt (frozen; see prompts/README.md)"
            )
    return found


if __name__ == "__main__":
    program.run(main)
