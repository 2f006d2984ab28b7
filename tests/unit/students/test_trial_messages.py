"""What a trial says of a folder that is no whole model: each line names its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradus.runtime.errors import UserError
from gradus.students.trial.examination import examine
from gradus.study.config.students import PretrainedStudent, Recipe
from gradus.study.config.training import StudentDemands


@pytest.mark.parametrize(
    ("content", "told"), [(None, "config.json: no such file"), ("{", "config.json: not valid JSON")]
)
def test_the_file_is_named(tmp_path: Path, content: str | None, told: str) -> None:
    """`- no such file` stood there alone."""
    if content is not None:
        (tmp_path / "config.json").write_text(content, encoding="utf-8")
    student = PretrainedStudent.model_validate({"kind": "pretrained", "model": str(tmp_path), "template": "plain"})
    with pytest.raises(UserError) as caught:
        examine(tmp_path, student, StudentDemands(recipe=Recipe(), new_tokens=None, caches=True))
    assert f"\n- {told}" in str(caught.value) and "no tokenizer.json" in str(caught.value)
