"""Audit all annotations of a study, and gather the datasets' audits, as JSON, Markdown and a web page."""

from pathlib import Path

from gradus.data.text_normalisation import normalised
from gradus.presentation.pages import to_page
from gradus.records import Annotation, Problem, Supervision
from gradus.runtime import program
from gradus.runtime.atomic import write_json, write_text
from gradus.runtime.jsonl import manifest_path, read_json, read_records
from gradus.study import paths
from gradus.study.config import ChatTeacher, Study, load
from gradus.study.grid import sources, supervisions
from gradus.teachers.annotation_audit import audit_annotations, to_markdown
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
    study = load(read_json(given.study), given.study)
    places = supervisions(study)
    audits = [facts for dataset in study.datasets for facts in audit_dataset(study, dataset, places)]
    datasets = [read_json(paths.fill(paths.AUDIT, study.study, dataset=name)) for name in study.datasets]
    stale = stale_exemplars(study, Prompts(given.prompts), places)
    text = to_markdown(audits, stale, datasets)
    write_json(given.output, {"supervisions": audits, "stale_exemplars": stale})
    write_text(given.markdown, text)
    write_text(given.page, to_page(text, f"Audit of {study.study}"))


def audit_dataset(study: Study, dataset: str, places: list[Supervision]) -> list[dict[str, object]]:
    """The audits of one dataset's supervisions; its problems are read once."""
    mine = [place for place in places if place.dataset == dataset]
    if not mine:
        return []
    train, test = (
        read_records(paths.fill(paths.PROBLEMS, study.study, dataset=dataset, split=split), Problem)
        for split in ("train", "test")
    )
    problems = {problem.id: problem for problem in train}
    test_questions = frozenset(normalised(problem.full_text) for problem in test)
    found = []
    for place in mine:
        path = Path(paths.fill(paths.ANNOTATIONS, study.study, place))
        below = (
            Supervision(place.dataset, place.teacher, place.format, f"L{int(place.level[1:]) - 1}")
            if place.level != "native"
            else None
        )
        rewritten = sources(study, place)[:1] if place.format not in study.transforms else []
        found.append(
            audit_annotations(
                place,
                read_records(path, Annotation),
                problems,
                test_questions,
                _rows(study, below) if below in mine else None,
                _rows(study, rewritten[0]) if rewritten else None,
                read_json(manifest_path(path)),
            )
        )
    return found


def _rows(study: Study, place: Supervision | None) -> list[Annotation]:
    assert place is not None
    return read_records(paths.fill(paths.ANNOTATIONS, study.study, place), Annotation)


def stale_exemplars(study: Study, prompts: Prompts, places: list[Supervision]) -> list[str]:
    """Exemplars that are older than the prompt that would write them today."""
    told = []
    wanted = {
        (place.dataset, place.teacher, format_)
        for place in places
        for format_ in ("original", place.format)
        if isinstance(study.teachers[place.teacher], ChatTeacher) and place.format not in study.transforms
    }
    for dataset, teacher, format_ in sorted(wanted):
        path = Path(paths.fill(paths.EXEMPLAR, study.study, dataset=dataset, teacher=teacher, format=format_))
        if path.exists() and not is_current(load_exemplar(path), prompts, format_):
            told.append(
                f"the exemplar {dataset}/{teacher}/{format_} is older than its prompt (frozen; see prompts/README.md)"
            )
    return told


if __name__ == "__main__":
    program.run(main)
