"""Teachers that think before they answer: thoughts are priced, and an output limit that leaves no room for them is told."""

from pathlib import Path
from typing import Any

import pytest
from builders import tiny_study

from gradus.planning.inputs import PlanInputs
from gradus.planning.plan import Plan, plan
from gradus.planning.quotation import OUTPUT_TOKENS
from gradus.results.store import Results
from gradus.study.config import load
from gradus.study.config.teachers import OpenAITeacher
from gradus.study.config.thinking import THOUGHT_TOKENS
from gradus.teachers.prompts.prompting import Prompts

PROJECT = Path(__file__).resolve().parents[3]
PRICE = {
    "input_usd_per_million": 1,
    "output_usd_per_million": 10,
    "batch_factor": 0.5,
    "seen": "2026-11-26",
    "source": "t",
}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"model": "o3-mini"}, True),
        ({"model": "openai/gpt-5.1"}, True),
        ({"model": "gpt-4o-2024-08-06"}, False),
        ({"model": "deepseek-reasoner"}, True),
        ({"model": "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B"}, True),
        ({"model": "Qwen/QwQ-32B"}, True),
        ({"model": "moonshotai/kimi-k2-thinking"}, True),
        ({"model": "llama-3.1-70b"}, False),
        ({"model": "m", "rationale": "reasoning"}, True),
        ({"model": "m", "extra": {"reasoning_effort": "low"}}, True),
        ({"model": "m", "extra": {"reasoning_effort": "none"}}, False),
        ({"model": "m", "extra": {"thinking": {"type": "enabled", "budget_tokens": 8000}}}, True),
        ({"model": "m", "extra": {"thinking": {"type": "disabled"}}}, False),
        ({"model": "qwen3-thinking", "extra": {"chat_template_kwargs": {"enable_thinking": False}}}, False),
        ({"model": "m", "extra": {"chat_template_kwargs": {"enable_thinking": True}}}, True),
        ({"model": "m", "extra": {"provider": {"order": ["a"]}}}, False),
    ],
)
def test_who_thinks_is_told_by_the_name_or_by_the_entry(entry: dict[str, Any], expected: bool) -> None:
    teacher = OpenAITeacher.model_validate({"provider": "openai", **entry})
    assert teacher.thinks is expected
    assert teacher.max_output_tokens == (16_000 if expected else 1024), "thoughts have room"
    told = OpenAITeacher.model_validate({"provider": "openai", "max_output_tokens": 500, **entry})
    assert told.max_output_tokens == 500, "what the entry says counts"


def planned(root: Path, **entry: Any) -> Plan:
    config = tiny_study()
    config["teachers"]["asked"] = {"provider": "openai", "price": PRICE, **entry}
    config["experiments"]["granularity"] |= {"teachers": ["asked"], "levels": ["L1"], "baselines": []}
    inputs = PlanInputs(Results(root, load(config)), Prompts(PROJECT / "prompts"), root / "prices.yaml")
    return plan(inputs, {}, [])


def test_thoughts_are_priced_and_a_narrow_limit_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_JOURNAL", str(tmp_path / "journal"))
    plain, wide = planned(tmp_path, model="gpt-4o"), planned(tmp_path, model="o3", max_output_tokens=16000)
    count = plain.quotes["teacher asked"].requests
    assert plain.quotes["teacher asked"].output_tokens == count * OUTPUT_TOKENS["L1"]
    assert wide.quotes["teacher asked"].output_tokens == count * (OUTPUT_TOKENS["L1"] + THOUGHT_TOKENS)
    assert plain.narrow == wide.narrow == {}
    unset, narrow = planned(tmp_path, model="o3"), planned(tmp_path, model="o3", max_output_tokens=1024)
    assert unset.quotes == wide.quotes and unset.narrow == {}
    assert narrow.narrow == {"asked": 1024} and "asked (1,024)" in narrow.to_markdown()
    assert narrow.quotes["teacher asked"].output_tokens == count * 1024, "no more is billed than is allowed"
