"""Transfer: what is asked of whom, the gain over the base model, and its table."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from builders import tiny_study
from made_study import made_config, make_study

from gradus.analysis.claims.distillation import distillation_helps
from gradus.analysis.claims.primary import primary
from gradus.analysis.evidence import Evidence
from gradus.analysis.over_untaught import over_untaught
from gradus.analysis.transfer import transfer_rows
from gradus.presentation.transfer import to_csv, transfer_table
from gradus.records import Supervision
from gradus.results.store import Results
from gradus.runtime.errors import UserError
from gradus.statistics.contrasts import contrast
from gradus.statistics.measurements import Rows, SeedVariance
from gradus.study.config import load
from gradus.study.declaration import Primary
from gradus.study.grid import cells, evaluations, experiment_metrics, problem_sets

POOL = SeedVariance(0.0004, 6)


def test_cells_are_asked_the_other_datasets_of_their_experiments_alone() -> None:
    config = tiny_study()
    config["datasets"]["other"] = {**config["datasets"]["gradeschool"], "seed": 6}
    own = config["experiments"]["granularity"]
    config["experiments"]["wide"] = {
        **own,
        "levels": ["L1"],
        "students": ["mini"],
        "baselines": [],
        "transfer": ["other"],
    }
    study = load(config)
    assert problem_sets(study) == ["test", "on-other"]
    asked = {str(cell): [problems for one, problems in evaluations(study, [cell])] for cell in cells(study)}
    shared = "gradeschool/tutor/original/L1/mini/seed1"
    assert asked.pop(shared) == ["test", "on-other"]
    assert set(map(tuple, asked.values())) == {("test",)}
    assert not any("on-other" in path for path in experiment_metrics(study, "granularity"))
    assert [path for path in experiment_metrics(study, "wide") if "on-other" in path]
    config["experiments"]["wide"]["transfer"] = ["svamp"]
    with pytest.raises(UserError, match=r"experiments[.]wide[.]transfer[.]0: unknown name 'svamp'"):
        load(config)
    config["experiments"]["wide"]["transfer"] = ["gradeschool"]
    with pytest.raises(UserError, match=r"experiments[.]wide[.]transfer[.]0: its cells are taught on 'gradeschool'"):
        load(config)


def test_the_base_model_adds_no_variance_over_runs() -> None:
    rng = np.random.default_rng(2)
    base = Rows((rng.random((1, 300)) < 0.3).astype(float))
    taught = Rows((rng.random((3, 300)) < 0.5).astype(float))
    gain = over_untaught([(1.0, taught)], base, POOL)
    assert gain.estimate == pytest.approx(taught.mean - base.mean) and not gain.one_run
    per_problem = taught.by_problem - base.by_problem
    ruler = float(np.var(taught.scores.mean(axis=1), ddof=1)) / 3
    by_item = max(0.0, float(np.var(per_problem, ddof=1)) / 300 - taught.residual / 3 / 300)
    assert gain.standard_error == pytest.approx((ruler + by_item) ** 0.5)
    assert gain.log_odds > 0 and gain.reach == "conditions"
    single = over_untaught([(1.0, Rows(taught.scores[:1]))], base, SeedVariance(float("nan"), 0))
    assert single.one_run and single.reach == "these checkpoints"
    plain = contrast([(1.0, Rows(taught.scores[:1])), (-1.0, base)], SeedVariance(float("nan"), 0))
    assert single.estimate == pytest.approx(plain.estimate)


def test_two_of_the_same_never_differ() -> None:
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(300):
        chances = rng.beta(1, 1, 200)
        base = Rows((rng.random((1, 200)) < chances).astype(float))
        shifts = rng.normal(0, 0.02, (3, 1))
        taught = Rows((rng.random((3, 200)) < np.clip(chances + shifts, 0, 1)).astype(float))
        wrong += over_untaught([(1.0, taught)], base, POOL).p <= 0.05
    assert wrong <= 0.085 * 300


def test_a_declared_comparison_with_the_base_model_gets_a_verdict_on_either_side() -> None:
    rng = np.random.default_rng(6)
    taught, base = (Rows((rng.random((runs, 400)) < accuracy).astype(float)) for runs, accuracy in ((3, 0.5), (1, 0.3)))
    supervisions = [Supervision("d", "t", "original", "L1"), Supervision("d", "none", "untaught", "native")]
    students = {(supervisions[0], "s"): taught, (supervisions[1], "s"): base}
    found = []
    for first, second in (supervisions, supervisions[::-1]):
        (statement,) = primary(Evidence(students), [Primary("p", first, second, "s", 0.03, (1, 2, 3))])
        assert not statement.one_run
        found.append(statement.estimate)
    assert found[0] == pytest.approx(-found[1]) and found[0] > 0.1


def test_distillation_helps_is_the_mean_over_levels_against_each_prompt_of_the_base_model() -> None:
    rng = np.random.default_rng(4)

    def measured(accuracy: float, runs: int = 3) -> Rows:
        return Rows((rng.random((runs, 400)) < accuracy).astype(float))

    base, shown = measured(0.3, 1), measured(0.55, 1)
    levels = {level: measured(accuracy) for level, accuracy in (("L1", 0.4), ("L3", 0.5))}
    students = {(Supervision("d", "t", "original", level), "s"): one for level, one in levels.items()}
    students[Supervision("d", "none", "untaught", "native"), "s"] = base
    students[Supervision("d", "four-shot", "untaught", "native"), "s"] = shown
    statements = distillation_helps(Evidence(students))
    assert [statement.subject for statement in statements] == ["d, s, t against none", "d, s, t against four-shot"]
    above, below = statements
    mean = (levels["L1"].mean + levels["L3"].mean) / 2
    assert above.estimate == pytest.approx(mean - base.mean) and above.p < 0.001 and not above.one_run
    assert below.estimate == pytest.approx(mean - shown.mean) and below.p_against < 0.05
    assert (
        distillation_helps(Evidence({key: one for key, one in students.items() if key[0].format == "original"})) == []
    )


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list:  # type: ignore[type-arg]
    config = made_config()
    config["teachers"]["none"] = {"provider": "none"}
    wide = config["experiments"]["granularity"]
    wide |= {
        "transfer": ["sums", "more-sums"],
        "levels": ["L1", "L3"],
        "students": ["small"],
        "baselines": ["none/untaught/native"],
    }
    config["experiments"] = {"granularity": wide}
    config["transforms"], config["teacher_accuracy"] = {}, {}
    folder = tmp_path_factory.mktemp("transfer")
    truth = {"untaught": 0.2, "original": 0.6}
    copy = make_study(folder, config, lambda cell: truth[cell.supervision.format], lambda _: 0.9)
    return transfer_rows(Results.open(copy.parent))


def test_every_condition_is_compared_on_its_own_problems_and_on_others(rows: list) -> None:  # type: ignore[type-arg]
    assert len(rows) == 2 * 3 * 2  # datasets taught on, supervisions, datasets asked
    assert {(row.supervision.dataset, row.asked, row.in_domain) for row in rows} == {
        ("sums", "sums", True), ("sums", "more-sums", False), ("more-sums", "more-sums", True), ("more-sums", "sums", False)
    }  # fmt: skip
    for row in rows:
        if row.supervision.format == "untaught":
            assert row.gain is None and row.p is None and row.seeds == 1
        else:
            assert row.reference.short == "none/untaught/native" and row.p < 0.05 and 0.3 < row.gain.estimate < 0.5


def test_the_table_has_a_column_for_each_dataset(rows: list) -> None:  # type: ignore[type-arg]
    table = transfer_table(rows)
    assert list(table.heads) == [
        *("taught on", "student", "supervision", "sums", "sums, gain", "more-sums", "more-sums, gain")
    ]
    assert "none/untaught/native" in table.note and table.markdown().count(" *") == 8
    lines = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert len(lines) == 12 and lines[0]["in_domain"] == "true" and float(lines[0]["accuracy"]) > 0.5


def test_nothing_is_there_without_scores(tmp_path: Path) -> None:
    config = tiny_study()
    config["datasets"]["other"] = {**config["datasets"]["gradeschool"], "seed": 6}
    config["experiments"]["granularity"]["transfer"] = ["other"]
    with pytest.raises(UserError, match="no such file"):
        transfer_rows(Results(tmp_path, load(config)))
