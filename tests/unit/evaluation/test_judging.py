"""`from gradus.evaluation import judge`: a reward that is light to import and refuses a gold answer that is none."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running import PROJECT

from gradus.answers import equivalence
from gradus.evaluation import judge, judge_all
from gradus.evaluation.conventions import Conventions
from gradus.evaluation.golds import read_gold
from gradus.runtime.errors import UserError


@pytest.mark.parametrize(
    ("given", "kind", "choices", "canonical"),
    [
        (18, "number", None, "18"),
        (18.0, "number", None, "18"),
        ("9 * 2 = 18\n#### 18", "number", None, "18"),
        ("so \\boxed{18}.", "number", None, "18"),
        (True, "boolean", None, "True"),
        ("no", "boolean", None, "False"),
        ("B", "choice", ("",) * 10, "B"),
        ("(B)", "choice", ("21", "3"), "B"),
        ("A)21", "choice", ("21", "3"), "A"),
        ("3", "choice", ("21", "3"), "B"),
        ("A dog", "choice", ("cat", "A dog"), "B"),
        ("It is $\\boxed{\\frac12}$.", "latex", None, "\\frac12"),
        ("$\\frac12$", "latex", None, "\\frac12"),
        ("(1, 2)", "latex", None, "(1, 2)"),
    ],
)
def test_gold_answers_as_datasets_spell_them(
    given: str | float | bool, kind: "object", choices: tuple[str, ...] | None, canonical: str
) -> None:
    assert read_gold(given, kind, choices) == canonical  # type: ignore[arg-type]


def test_one_text_and_a_batch() -> None:
    assert judge("The answer is (B).", "B", kind="choice").robust
    assert judge("It is yes.", True, dataset="StrategyQA").robust
    assert [one.robust for one in judge_all(["#### 4", "5"], ["4", 6], kind="number")] == [True, False]
    assert judge("The answer is six.", ["5", "6"], kind="number").robust
    assert judge("0.333", "1/3", kind="number", conventions=Conventions(tolerance=0.01)).robust
    assert not judge("0.333", "1/3", kind="number").robust


def test_a_gold_answer_that_is_none_is_refused() -> None:
    with pytest.raises(
        UserError, match=r"'E' is no answer of the kind 'choice' \(the letter or text of one of 2 options\)"
    ):
        judge("A", "E", kind="choice", choices=["x", "y"])
    with pytest.raises(UserError, match="neither a kind of answer nor a dataset"):
        judge("A", "A")
    with pytest.raises(UserError, match="2 texts, 1 gold answers"):
        judge_all(["a", "b"], ["1"], kind="number")


def test_a_batch_of_expressions_is_compared_ahead_with_the_same_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(equivalence, "_remembered", {})
    monkeypatch.setattr(equivalence, "PAIRS_OF_A_WORKER", 3)
    compare = equivalence.equivalences

    def watched(pairs: list[tuple[str, str]], workers: int) -> list[bool | None]:
        asked.append(workers)
        return compare(pairs, workers=workers)

    monkeypatch.setattr(equivalence, "equivalences", watched)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {0, 1})
    texts = [f"\\boxed{{{number}x + y + {number}}}" for number in range(6)]
    golds = [f"y + {number - number % 2}x + {number}" for number in range(6)]
    assert [one.robust for one in judge_all(texts, golds, kind="latex")] == [number % 2 == 0 for number in range(6)]
    assert asked == [2], "one call for all pairs, on two processes"


def test_it_imports_neither_torch_nor_scipy_nor_a_table_library() -> None:
    code = (
        "import sys; from gradus.evaluation import judge; print(judge('#### 4', 4, kind='number').robust,"
        "[name for name in ('torch', 'transformers', 'scipy', 'numpy', 'pandas', 'pyarrow', 'sympy') if name in sys.modules])"
    )
    path = {"PYTHONPATH": str(PROJECT / "scripts")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=path, check=True)
    assert done.stdout == "True []\n"


def test_a_script_judges_expressions_at_its_top_level(tmp_path: Path) -> None:
    """Processes that compare expressions started by running the user's script again."""
    script = tmp_path / "reward.py"
    script.write_text(
        "from gradus.evaluation import judge\n"
        "print(judge(r'\\boxed{(x+1)(x-1)}', 'x^2-1', kind='latex').robust, __file__, __spec__)\n"
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, env={"PYTHONPATH": str(PROJECT / "scripts")}
    )
    assert (done.stdout, done.stderr) == (f"True {script} None\n", "")


@pytest.mark.parametrize(
    ("text", "gold", "conventions", "right"),
    [
        ("The answer is $5$.", "5 \\text{ cm}", {}, True),
        ("The answer is $5$.", "5 \\text{ cm}", {"units": "required"}, False),
        ("The answer is $5$ cm.", "5 \\text{ cm}", {"units": "required"}, True),
        ("The answer is $5$.", "5", {"units": "required"}, True),
        ("The answer is $x > 2$.", "(2,\\infty)", {}, True),
        ("The answer is $x > 2$.", "(2,\\infty)", {"inequalities": "apart"}, False),
        ("The answer is $(2, \\infty)$.", "(2,\\infty)", {"inequalities": "apart"}, True),
        ("The answer is $2 < x$.", "x > 2", {"inequalities": "apart"}, True),
        ("The answer is 0.333.", "\\frac{1}{3}", {}, False),
        ("The answer is 0.333.", "1/3", {"tolerance": 0.01}, True),
    ],
)
def test_what_is_a_matter_of_taste_is_an_option(text: str, gold: str, conventions: Any, right: bool) -> None:
    assert judge(text, gold, kind="latex", conventions=Conventions(**conventions)).robust is right


def test_an_unknown_convention_is_one_message() -> None:
    with pytest.raises(UserError, match="no convention 'metric' of units"):
        Conventions(units="metric")  # type: ignore[arg-type]
