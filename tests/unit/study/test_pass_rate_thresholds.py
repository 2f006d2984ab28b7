"""Thresholds of pass rates: each share stands there once, however it is written."""

import pytest
from pydantic import TypeAdapter, ValidationError

from gradus.study.config.pass_rates import Thresholds


def test_one_share_in_two_spellings_is_refused() -> None:
    adapter: TypeAdapter[dict[str, str]] = TypeAdapter(Thresholds)
    assert adapter.validate_python({0.5: "a", 1: "b"}) == {"0.5": "a", "1": "b"}
    with pytest.raises(ValidationError, match=r"'\.5' stands there twice"):
        adapter.validate_python({"0.5": "a", ".5": "b"})
