"""Transforms of a study file: good messages, identities that stay, policies of their own, one after the other."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from builders import tiny_study
from running import PROJECT

from gradus.archive.groups import archived
from gradus.planning.inputs import PlanInputs
from gradus.records import Cell, Supervision
from gradus.records.vocabulary import VERDICTS
from gradus.results.store import Results
from gradus.runtime.atomic import canonical_json
from gradus.runtime.errors import UserError
from gradus.study.config import Study, load
from gradus.study.grid import problem_sets, solver_metrics, solver_of, solvers, supervisions, with_sources
from gradus.teachers.prompts.prompting import Prompts
from gradus.teachers.transforms import PLUGINS
from gradus.workflow.options import as_json
from gradus.workflow.training import training_set_settings
from gradus.workflow.wildcards import Wildcards


def study_with(**transforms: dict[str, Any]) -> Study:
    config = tiny_study()
    config["teachers"] |= {"mixed": {"provider": "mixed"}, "gpt-4o": {"provider": "openai", "model": "gpt-4o"}}
    config["teachers"]["shown"] = {"provider": "none", "shots": 2}
    config["transforms"] = transforms
    return load(config)


def test_a_student_that_is_asked_is_a_cell_of_the_study() -> None:
    config = tiny_study()
    config["teachers"] |= {"mixed": {"provider": "mixed"}}
    config["transforms"] = {"by-skill": BY_SKILL}
    config["experiments"]["granularity"]["baselines"] += ["mixed/by-skill/native"]
    study = load(config)
    place = Supervision("gradeschool", "mixed", "by-skill", "native")
    asked = Cell(Supervision("gradeschool", "gold", "answer-only", "native"), "mini", 1)
    assert solver_of(study, place) == (asked, "greedy") and solvers(study) == [(asked, "greedy")]
    assert set(archived(study)) > set(solver_metrics(study)) and "train" in problem_sets(study)
    for wrong in ({"seed": 7}, {"taught": "tutor/original/L6"}):
        config["transforms"] = {"by-skill": {**BY_SKILL, "solver": {"student": "mini", **wrong}}}
        with pytest.raises(UserError, match="no experiment has mini taught"):
            load(config)


def test_transforms_of_before_have_the_identity_that_they_had() -> None:
    by_steps = {"kind": "mixed", "teacher": "tutor", "levels": {"2": "L1"}, "otherwise": "L6"}
    shares = {"kind": "mixed", "teacher": "tutor", "shares": {"L1": 0.5}, "otherwise": "L6"}
    study = study_with(a=by_steps, b=shares)
    assert study.transforms["a"].identity() == by_steps
    assert study.transforms["b"].identity() == {**shares, "levels": None, "seed": 0}


BY_SKILL = {
    "kind": "mixed",
    "teacher": "tutor",
    "rates": {"0.5": "L1"},
    "otherwise": "L6",
    "solver": {"student": "mini"},
}
BAD = [
    ({"kind": "truncated", "share": 1.5}, r"share: .*less than or equal to 1"),
    ({"kind": "truncated"}, r"share: required key is missing"),
    ({"kind": "truncated", "share": 0.5, "of": "shuffled"}, r"of: unknown name 'shuffled'"),
    ({"kind": "truncated", "share": 0.5, "of": "untaught"}, r"of: unknown name 'untaught'"),
    ({"kind": "truncated", "share": 0.5, "of": "x"}, r"transforms.x: 'x' is made from itself"),
    ({"kind": "truncated", "share": 0.5, "tokenizer": "gpt"}, r"tokenizer: unknown name 'gpt'"),
    ({"kind": "pruned", "by": "random"}, r"by: random needs keep"),
    ({"kind": "pruned", "by": "type"}, r"by: type needs types"),
    ({"kind": "pruned", "by": "type", "types": ["checks"]}, r"types.*'verification'"),
    ({"kind": "pruned", "by": "type", "types": ["aside"], "unit": "words"}, r"by: type needs types"),
    ({"kind": "corrupted", "what": "letters", "share": 0.5}, r"what.*'shuffle'"),
    ({"kind": "mixed", "teacher": "tutor"}, r"either levels .* or shares"),
    ({"kind": "mixed", "teacher": "tutor", "levels": {"2": "L1"}}, r"otherwise: the level of all other"),
    *(
        ({"kind": "mixed", "teacher": "tutor", "levels": {key: "L1"}, "otherwise": "L6"}, rf"'{key}' is not a number")
        for key in ("02", "0", "\u00b2")
    ),
    ({"kind": "mixed", "shares": {"L1": 1.0}}, r"'L1' alone needs teacher"),
    ({"kind": "mixed", "teacher": "tutor", "shares": {"L1": 0.5, "L2": 0.4}}, r"add up to 0.9"),
    ({"kind": "mixed", "teacher": "tutor", "shares": {"L1": 0.5, "L2": 0.6}, "otherwise": "L3"}, r"more than 1"),
    ({"kind": "mixed", "shares": {"tutor/L1": 1.0}}, r"no level and no supervision"),
    (
        {"kind": "mixed", "shares": {"tutor/original/L9": 1.0}},
        r"'tutor/original/L9': its level is none of L1, .*native",
    ),
    ({"kind": "mixed", "shares": {"nobody/original/L1": 1.0}}, r"unknown name 'nobody'"),
    ({"kind": "mixed", "shares": {"tutor/other/L1": 1.0}}, r"unknown name 'other'"),
    ({"kind": "mixed", "teacher": "tutor", "rates": {0.5: "L1"}, "otherwise": "L6"}, r"rates need solver"),
    ({**BY_SKILL, "rates": {0: "L1"}}, r"'0' is no share of answers"),
    ({**BY_SKILL, "solver": {"student": "nobody"}}, r"solver.student: unknown name 'nobody'"),
    ({**BY_SKILL, "solver": {"student": "mini", "decoding": "none"}}, r"solver.decoding: unknown name 'none'"),
    ({**BY_SKILL, "solver": {"student": "mini", "taught": "mixed/x/native"}}, r"is made by a transform itself"),
    (
        {**BY_SKILL, "solver": {"student": "mini", "taught": "shown/untaught/native"}},
        r"worked examples of this student",
    ),
    ({"kind": "drawn", "per_problem": 0}, r"per_problem: .*greater than or equal to 1"),
    ({"kind": "selected", "n": 3, "by": "luck"}, r"by.*'random'"),
    ({"kind": "truncated", "share": 0.5, "verdict_policy": {"agrees": "retry"}}, r"asks nobody again"),
    ({"kind": "rewritten", "by": "tutor", "edit": "compress"}, r"by: teacher 'tutor' edits no texts"),
    ({"kind": "rewritten", "by": "gpt-4o", "edit": "../compress"}, r"edit: is not written as asked for"),
    ({"kind": "shortened"}, r"unknown kind 'shortened'"),
]


@pytest.mark.parametrize(("entry", "message"), BAD)
def test_a_bad_entry_is_one_message(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as raised:
        study_with(x=entry)
    assert re.search(message, f"{raised.value.where}: {raised.value.what}".removeprefix("configuration key "))
    assert re.match(r"configuration key transforms\.x(\.(?!truncated|pruned|mixed)|$)", str(raised.value.where))


def test_a_circle_of_transforms_is_a_message() -> None:
    with pytest.raises(UserError, match="'a' is made from itself"):
        study_with(
            a={"kind": "truncated", "share": 0.5, "of": "b"},
            b={"kind": "mixed", "shares": {"tutor/c/L1": 1.0}},
            c={"kind": "truncated", "share": 0.5, "of": "a"},
        )


def test_one_after_the_other_each_is_a_supervision_of_the_study() -> None:
    config = tiny_study()
    config["transforms"] = {
        "unchecked": {"kind": "pruned", "by": "type", "types": ["verification"]},
        "half": {"kind": "truncated", "share": 0.5, "of": "unchecked"},
    }
    config["experiments"]["granularity"] |= {"formats": ["half"], "levels": ["L6"], "baselines": []}
    study = load(config)
    made = Supervision("gradeschool", "tutor", "half", "L6")
    assert [one.format for one in with_sources(study, made)] == ["original", "unchecked", "half"]
    assert [str(one) for one in supervisions(study)] == [
        f"gradeschool/tutor/{format_}/L6" for format_ in ("original", "unchecked", "half")
    ]


def test_transforms_of_before_have_the_identity_of_before() -> None:
    study = study_with(
        padded={"kind": "padded", "target": "L5", "tokenizer": "mini"},
        steps={"kind": "mixed", "teacher": "tutor", "levels": {"2": "L5"}, "otherwise": "L1"},
    )
    assert {name: as_json(one.identity()) for name, one in study.transforms.items()} == {
        "padded": '{"filler":"neutral","kind":"padded","target":"L5","tokenizer":"mini"}',
        "steps": '{"kind":"mixed","levels":{"2":"L5"},"otherwise":"L1","teacher":"tutor"}',
    }
    assert all(one.taken(study.verdict_policy) == [] for one in study.transforms.values())


class _Wildcards:
    student, format = "mini", "original"


def test_a_policy_of_its_own_decides_its_training_sets_alone() -> None:
    policy = {"agrees": "drop", "disagrees": "keep"}
    entry: dict[str, Any] = {"kind": "selected", "n": 3, "by": "random"}
    study = study_with(plain=entry, wrong={**entry, "verdict_policy": policy})
    assert study.transforms["plain"].identity() == study.transforms["wrong"].identity()
    assert study.policy_of("wrong") == policy
    assert study.policy_of("original") == study.policy_of("plain") == study.verdict_policy
    assert [study.transforms[name].taken(study.verdict_policy) for name in ("plain", "wrong")] == [
        ["agrees"],
        ["disagrees"],
    ]
    wildcards: Wildcards = _Wildcards()  # type: ignore[assignment]
    assert canonical_json(study.verdict_policy) in training_set_settings(study, wildcards)
    wildcards.format = "wrong"
    assert canonical_json(policy) in training_set_settings(study, wildcards)


def test_wrong_answers_are_kept_unless_the_entry_says_otherwise() -> None:
    entry: dict[str, Any] = {"kind": "corrupted", "what": "answer", "share": 0.5}
    study = study_with(a=entry, b={**entry, "verdict_policy": {"agrees": "keep"}}, c={**entry, "what": "digits"})
    assert study.policy_of("a") == {**study.verdict_policy, "disagrees": "keep"}
    assert study.policy_of("b") == {"agrees": "keep"}
    assert study.policy_of("c") == study.verdict_policy
    assert set(study.policy_of("a")) <= set(VERDICTS)


def test_the_entries_of_the_how_to_page_are_accepted() -> None:
    page = (PROJECT / "docs" / "howto" / "ask-without-requests.md").read_text(encoding="utf-8")
    entries = [yaml.safe_load(entry) for entry in re.findall(r"\| `([\w-]+: \{kind: .*\})` \|$", page, re.MULTILINE)]
    assert len(entries) == page.count("{kind: ") - 2
    made = {
        name: {
            **entry,
            **{key: "mini" for key in ("tokenizer", "scored_by") if key in entry},
            **({"solver": {**entry["solver"], "student": "mini"}} if "solver" in entry else {}),
        }
        for [(name, entry)] in map(dict.items, entries)
    }
    assert {entry["kind"] for entry in made.values()} == {*PLUGINS, "rewritten"}
    assert len(study_with(**made).transforms) == len(entries)


@pytest.mark.parametrize(
    ("entry", "examples", "tokens"),
    [
        ({"kind": "truncated", "share": 0.25}, 24, 70 + 140 / 4),
        ({"kind": "pruned", "by": "random", "keep": 0.5}, 24, 140),
        ({"kind": "selected", "n": 5, "by": "random"}, 5, 210),
        ({"kind": "selected", "n": 500, "by": "random"}, 24, 210),
        ({"kind": "drawn", "per_problem": 2}, 24, 210),
        ({"kind": "mixed", "teacher": "tutor", "shares": {"L1": 0.5}, "otherwise": "L6"}, 24, 70 + 85),
        ({"kind": "selected", "n": 6, "by": "random", "of": "original"}, 6, 210),
    ],
)
def test_the_plan_counts_what_is_left(tmp_path: Path, entry: dict[str, Any], examples: int, tokens: float) -> None:
    study = study_with(x=entry)
    inputs = PlanInputs(Results(tmp_path, study), Prompts(tmp_path), tmp_path / "prices.yaml")
    assert inputs.examples(Cell(Supervision("gradeschool", "tutor", "x", "L6"), "mini", 1)) == (examples, tokens)
