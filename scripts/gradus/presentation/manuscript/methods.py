"""The methods of a study in words, from its settings; every number is a macro."""

from __future__ import annotations

from gradus.presentation.manuscript.macros import name_of
from gradus.presentation.table import escape_latex
from gradus.study.config import BuiltStudent, ChatTeacher, Experiment, PretrainedStudent, Study

_TEACHERS = {
    "tutor": "a rule-based tutor of Gradus",
    "gold": "the gold answers alone",
    "human": "the rationales of the dataset's authors",
    "mixed": "a mixture of other supervisions",
    "released": "the annotations released by Chen et al.\\ (2025)",
    "none": "nobody (the untrained student)",
}


def methods(study: Study) -> str:
    """``methods.tex``: problems, teachers, students and recipe, design, tests."""
    parts = [
        _problems(study),
        _teachers(study),
        _students(study),
        *map(_design, study.experiments.items()),
        _tests(study),
    ]
    head = "% Written by Gradus from the study's settings; the numbers are macros of numbers.tex. Copy it and edit the copy.\n"
    return head + "\n\n".join(parts) + "\n"


def _macro(prefix: str, *parts: str) -> str:
    return rf"\{name_of(prefix, *parts)}{{}}"


def _problems(study: Study) -> str:
    parts = [
        f"{escape_latex(name)} ({_macro('train', name)} training and {_macro('test', name)} test problems, "
        f"source: {escape_latex(section.source)})"
        for name, section in study.datasets.items()
    ]
    return rf"\paragraph{{Problems.}} We used {_listed(parts)}."


def _teachers(study: Study) -> str:
    parts = []
    for name, section in study.teachers.items():
        if isinstance(section, ChatTeacher):
            said = rf"the model \texttt{{{escape_latex(section.model)}}} ({escape_latex(section.provider)})"
        else:
            said = _TEACHERS.get(section.provider, escape_latex(section.provider))
        parts.append(f"{escape_latex(name)} is {said}")
    return rf"\paragraph{{Supervision.}} Of the sources of supervision, {_listed(parts)}."


def _students(study: Study) -> str:
    sentences = []
    for name, section in study.students.items():
        recipe = study.recipe_of(name)
        if isinstance(section, PretrainedStudent):
            revision = f", revision {escape_latex(section.revision)}" if section.revision else ""
            origin = rf"\texttt{{{escape_latex(section.model)}}}{revision}"
        elif isinstance(section, BuiltStudent):
            layers, width = _macro("layers", name), _macro("hidden", name)
            origin = f"a transformer trained from scratch ({layers} layers of width {width})"
        else:
            origin = "an earlier checkpoint of another student"
        trains = "all weights" if recipe.adapter is None else f"adapters of rank {_macro('adapterRank', name)}"
        rate, epochs = _macro("learningRate", name), _macro("epochs", name)
        batch, cutoff = _macro("batchSize", name), _macro("cutoff", name)
        sentences.append(
            f"The student {escape_latex(name)} is {origin}. We fine-tuned {trains} with AdamW for {epochs} epochs at a peak "
            f"learning rate of {rate} ({recipe.schedule} schedule), in batches of {batch} samples of at most {cutoff} tokens, "
            f"in {recipe.precision}."
        )
    return rf"\paragraph{{Students.}} {' '.join(sentences)}"


def _design(named: tuple[str, Experiment]) -> str:
    name, experiment = named
    seeds = f"{_macro('seeds', name)} seed{'s' if len(experiment.seeds) > 1 else ''}"
    levels, formats, teachers = (
        _listed([escape_latex(one) for one in names])
        for names in (experiment.levels, experiment.formats, experiment.teachers)
    )
    baselines = _listed([_code(one) for one in experiment.baselines])
    return (
        rf"\paragraph{{Experiment {escape_latex(name)}.}} {escape_latex(experiment.question)} "
        f"We varied the {escape_latex(str(experiment.axis))}. Supervisions were of level {levels}, format {formats}, from "
        f"{teachers}; every cell was trained with {seeds}." + (f" Baselines were {baselines}." if baselines else "")
    )


def _tests(study: Study) -> str:
    decoding = next(iter(study.decodings.values()))
    how = "greedily" if decoding.temperature == 0 else f"at temperature {decoding.temperature:g}"
    declared = "Comparisons declared before the first training are a family of their own. " if study.primary else ""
    return (
        rf"\paragraph{{Evaluation.}} Students answered {how}; a text is right where its final answer equals the gold answer. "
        r"Intervals of accuracies are Wilson's at 95\,\% for these test problems. Comparisons are paired by problem, with each "
        r"condition's own variance over runs (Welch) and variances clustered over variants of a problem; $p$ is adjusted "
        rf"within each family of claims (Holm). {declared}Of \claimsTested{{}} tested statements \claimsSupported{{}} were "
        r"supported. The study was run with Gradus \gradusVersion{} (\cellsTrained{} trainings, \cellsScored{} scored cells)."
    )


def _code(text: str) -> str:
    return rf"\texttt{{{escape_latex(text)}}}"


def _listed(items: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(items[:-1]), *items[-1:]]))
