"""A program's JSON option is checked as the study file is: one message with option, key and what is accepted."""

import json

import pytest

from gradus.runtime.errors import UserError
from gradus.study.config.datasets import Dataset, GradeschoolDataset
from gradus.study.config.options import section_option
from gradus.study.config.students import Recipe


def test_an_option_becomes_the_frozen_section_of_the_study_file() -> None:
    recipe = Recipe.model_validate({"learning_rate": 0.5, "adapter": {"rank": 3}})
    assert section_option("--recipe", Recipe)(recipe.model_dump_json()) == recipe
    raw = {"source": "gradeschool", "seed": 1, "train": 5, "test": 2}
    assert section_option("--settings", Dataset)(json.dumps(raw)) == GradeschoolDataset.model_validate(raw)


@pytest.mark.parametrize(
    ("section", "text", "message"),
    [
        (Recipe, "{", "option --x: is not valid JSON"),
        (Recipe, "[]", "option --x: input should be"),
        (Recipe, '{"learning_rate": "fast"}', "option --x, key learning_rate: .*, found 'fast'"),
        (
            Recipe,
            '{"adapter": {"rang": 2}}',
            r"option --x, key adapter.rang: unknown key \(did you mean rank\? accepted here: rank",
        ),
        (Dataset, "{}", "option --x, key source: required key is missing"),
        (Dataset, '{"source": "boolq"}', r"option --x, key source: unknown source 'boolq' \(accepted: 'gradeschool'"),
        (
            Dataset,
            '{"source": "svamp", "seed": 1}',
            r"option --x, key seed: unknown key \(accepted here: source, origin",
        ),
        (Dataset, '{"source": "gradeschool", "seed": 1, "train": "x", "test": 1}', "option --x, key train: .*'x'"),
    ],
)
def test_what_does_not_fit_is_one_message(section: object, text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        section_option("--x", section)(text)
