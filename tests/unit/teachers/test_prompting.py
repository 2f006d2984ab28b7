"""Prompts: editing one file changes only what it concerns; exemplars are checked, frozen and can be overridden."""

import json
import shutil
import time
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from builders import problem
from running import PROJECT

from gradus.records import Supervision
from gradus.records.vocabulary import LEVELS
from gradus.runtime.errors import UserError
from gradus.study.config.teachers import AnthropicTeacher, ChatTeacher, OpenAITeacher, read_teacher
from gradus.teachers.clients.capabilities import capabilities, sent_parameters
from gradus.teachers.clients.chat import retry_after
from gradus.teachers.clients.failures import told_wait
from gradus.teachers.prompts.exemplars import (
    choose_problem,
    find_exemplar,
    frozen_path,
    is_current,
    save_exemplar,
    write_exemplar,
)
from gradus.teachers.prompts.prompting import Exemplar, Prompts, exemplar_prompt_names, read_levels
from gradus.teachers.prompts.request_builder import RequestBuilder
from gradus.teachers.protocols import Task
from gradus.teachers.registry import interface_of
from gradus.teachers.requests.announced_limits import LONGEST_WAIT
from gradus.teachers.requests.journal import Journal, Response
from gradus.teachers.requests.pinned_model import is_pinned

EXEMPLAR = Exemplar("What is 1 + 1?", "2", {level: f"At {level}." for level in LEVELS}, "x", "teacher")
SYMBOLIC = replace(EXEMPLAR, rationales={"symbolic": "x = a + b."})


@pytest.fixture
def prompts(tmp_path: Path) -> Prompts:
    shutil.copytree(PROJECT / "prompts", tmp_path / "prompts")
    return Prompts(tmp_path / "prompts")


def settings(**keys: Any) -> OpenAITeacher:
    return OpenAITeacher.model_validate({"provider": "openai", "model": "gpt-4o-2024-08-06", **keys})


def keys(prompts: Prompts, gold: str = "shown") -> dict[tuple[str, str], str]:
    """The identity of one problem's request per format and level."""
    builder = RequestBuilder(settings(), Prompts(prompts.folder), gold)
    found: dict[tuple[str, str], str] = {}
    for format_ in ("original", "symbolic"):
        for level in LEVELS:
            supervision = Supervision("d", "t", format_, level)
            original = None if format_ == "original" else "1 + 1 = 2. The answer is 2."
            request = builder.annotation(Task(problem(), supervision, original, 0), 0, EXEMPLAR, SYMBOLIC)
            found[format_, level] = request.key
    return found


def changed(prompts: Prompts, name: str, gold: str = "shown") -> set[tuple[str, str]]:
    before = keys(prompts, gold)
    path = prompts.folder / f"{name}.txt"
    path.write_text(path.read_text(encoding="utf-8") + " Please.", encoding="utf-8")
    after = keys(prompts, gold)
    return {key for key in before if before[key] != after[key]}


def test_editing_a_level_changes_that_levels_requests_alone(prompts: Prompts) -> None:
    assert changed(prompts, "levels/L3") == {("original", "L3")}


def test_editing_a_format_changes_that_formats_requests_alone(prompts: Prompts) -> None:
    assert changed(prompts, "formats/symbolic") == {("symbolic", level) for level in LEVELS}
    assert changed(prompts, "formats/least-to-most") == set()


def test_editing_the_frame_of_the_other_gold_changes_nothing(prompts: Prompts) -> None:
    assert changed(prompts, "annotate-hidden") == set()
    assert changed(prompts, "annotate-hidden", "hidden") == {("original", level) for level in LEVELS}


def test_exemplar_prompts_are_no_part_of_annotations(prompts: Prompts) -> None:
    assert changed(prompts, "exemplar-levels") == set()


def test_gold_is_in_the_prompt_only_where_it_is_shown(prompts: Prompts) -> None:
    asked = replace(problem(), answer="31337")
    for gold, expected in (("shown", True), ("hidden", False)):
        task = Task(asked, Supervision("d", "t", "original", "L3"), None, 0)
        request = RequestBuilder(settings(), prompts, gold).annotation(task, 0, EXEMPLAR, EXEMPLAR)
        assert ("31337" in json.dumps(request.body)) == expected


def test_choices_and_dollars_pass_through(prompts: Prompts) -> None:
    asked = replace(problem(), question="What costs $5?", choices=("a", "$x$"), answer="A", answer_kind="choice")
    task = Task(asked, Supervision("d", "t", "original", "L1"), None, 0)
    text = (
        RequestBuilder(settings(), prompts, "shown")
        .annotation(task, 0, EXEMPLAR, EXEMPLAR)
        .body["messages"][1]["content"]
    )
    assert "What costs $5?\nChoices: (A) a (B) $x$" in text
    assert "the letter of the right choice" in text


def test_a_stray_field_names_the_file(prompts: Prompts) -> None:
    (prompts.folder / "annotate-shown.txt").write_text("$nonsense", encoding="utf-8")
    with pytest.raises(UserError, match=r"annotate-shown\.txt: unknown field"):
        keys(prompts)


def test_a_missing_prompt_names_the_file(prompts: Prompts) -> None:
    (prompts.folder / "levels" / "L2.txt").unlink()
    with pytest.raises(UserError, match=r"L2\.txt: no such prompt"):
        keys(prompts)


def test_levels_are_read_only_where_all_are_there() -> None:
    text = "\n".join(f"**[{level}]**\nWords {level}. The answer is 3." for level in LEVELS)
    assert read_levels(text) == {level: f"Words {level}." for level in LEVELS}
    assert read_levels(text.replace("[L4]", "[L9]")) is None
    assert read_levels("[L1]\n[L2]\n[L3]\n[L4]\n[L5]\n[L6]\n") is None
    assert read_levels("nothing of the kind") is None


def test_an_override_takes_precedence_over_the_frozen_one(prompts: Prompts, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    assert find_exemplar(prompts, journal, "d", "t", "original") is None
    save_exemplar(frozen_path(journal, "d", "original"), replace(EXEMPLAR, prompt_hash="old"))
    found = find_exemplar(prompts, journal, "d", "t", "original")
    assert found is not None and not is_current(found, prompts, "original")
    current = replace(EXEMPLAR, prompt_hash=prompts.hash_of(*exemplar_prompt_names("original")))
    assert is_current(current, prompts, "original")
    override = prompts.folder / "exemplars" / "d" / "t" / "original.json"
    save_exemplar(override, replace(EXEMPLAR, answer="two"))
    found = find_exemplar(prompts, journal, "d", "t", "original")
    assert found is not None and (found.answer, found.origin) == ("two", "override")
    save_exemplar(override, replace(EXEMPLAR, rationales={"L1": "only"}))
    with pytest.raises(UserError, match="rationales must hold L1"):
        find_exemplar(prompts, journal, "d", "t", "original")


def test_the_exemplars_problem_does_not_depend_on_the_order() -> None:
    several = [replace(problem(), id=str(n), question="word " * (n + 1)) for n in range(9)]
    assert choose_problem(several) == choose_problem(several[::-1])
    assert choose_problem(several).id == "4"


@pytest.mark.parametrize(
    ("ending", "attempts", "hint"),
    [
        ("length", 2, r"length, length \(its replies were cut off: raise max_output_tokens"),
        ("stop", 5, "see its replies there, edit the exemplar prompt"),
    ],
)
def test_an_exemplar_that_is_never_usable_says_how_its_replies_ended(
    prompts: Prompts, tmp_path: Path, ending: str, attempts: int, hint: str
) -> None:
    """Thoughts ate the budget of a reasoning teacher: five empty replies were bought, and the prompt was blamed."""
    asked = []
    with Journal(tmp_path / "journal") as journal:

        def fetch(requests: Any, total: int, label: str) -> None:
            for request in requests:
                asked.append(request.key)
                journal.add(request.key, request.content, Response("", ending, "m", {}))

        builder = RequestBuilder(settings(), prompts, "shown")
        with pytest.raises(UserError, match=f"in {attempts} attempts, which ended as .*{hint}"):
            write_exemplar([problem()], builder, prompts, journal, fetch, "original", None)
    assert len(asked) == attempts


@pytest.mark.parametrize(
    ("provider", "model", "own", "sent"),
    [
        ("openai", "gpt-4o-2024-08-06", False, {"max_completion_tokens": 9, "temperature": 0.5}),
        ("openai", "o3-mini", False, {"max_completion_tokens": 9}),
        ("openai", "gpt-5", False, {"max_completion_tokens": 9}),
        ("openai", "gemini-1.5-flash-002", True, {"max_tokens": 9, "temperature": 0.5}),
        ("vllm", "meta-llama/Meta-Llama-3-70B-Instruct", False, {"max_tokens": 9, "temperature": 0.5}),
        ("anthropic", "claude-any", False, {"max_tokens": 9}),
    ],
)
def test_what_is_really_sent(provider: str, model: str, own: bool, sent: dict[str, Any]) -> None:
    address = {"base_url": "http://localhost/v1"} if own else {}
    entry = {"provider": provider, "model": model, "temperature": 0.5, "max_output_tokens": 9, **address}
    teacher = read_teacher(entry, {})
    assert isinstance(teacher, ChatTeacher)
    assert sent_parameters(capabilities(interface_of(teacher), model), teacher) == sent


def test_current_claude_models_are_sent_no_sampling_parameters(prompts: Prompts) -> None:
    entry = AnthropicTeacher.model_validate({"provider": "anthropic", "model": "claude", "temperature": 0.7})
    task = Task(problem(), Supervision("d", "t", "original", "L1"), None, 0)
    body = RequestBuilder(entry, prompts, "shown").annotation(task, 0, EXEMPLAR, EXEMPLAR).body
    assert sorted(body) == ["max_tokens", "messages", "model", "system"]


@pytest.mark.parametrize(
    ("returned", "accepted"),
    [
        ("gpt-4o-2024-08-06", True),
        ("gpt-4o-2024-08-06-2025-01-01", True),
        ("models/gpt-4o-2024-08-06", True),
        ("gpt-4o-mini", False),
        ("gpt-4o-2024-08-06-mini", False),
        ("named", True),
    ],
)
def test_which_models_may_answer(returned: str, accepted: bool) -> None:
    assert is_pinned(settings(also_accept=["named"]), returned) == accepted


def test_retry_after_in_all_its_dresses() -> None:
    assert retry_after({"retry-after": "150"}) == 150
    assert retry_after({"retry-after-ms": "1500"}) == 1.5
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None
    for endless in ("9999999999999999", "9" * 400):
        assert retry_after({"retry-after": endless}) in (LONGEST_WAIT, None), "a wait that no calendar has a date for"
        assert told_wait(f"Please try again in {endless}s.") == LONGEST_WAIT
    assert retry_after({"retry-after-ms": "inf"}) is None and retry_after({"retry-after-ms": "nan"}) is None
    for date in ("Fri, 01 Jan 99999999999 00:00:00 GMT", f"Fri, 01 Jan 2027 00:00:00 +{'9' * 30}"):
        assert retry_after({"retry-after": date}) is None
    later = retry_after({"retry-after": "Fri, 31 Dec 2100 23:59:59 GMT"})
    assert later is not None and later > 1e6


def test_retry_after_as_servers_write_it_against_the_standard() -> None:
    assert retry_after({"retry-after": "30s"}) == 30 and retry_after({"retry-after": "1m30s"}) == 90
    assert retry_after({"retry-after-ms": "soon", "retry-after": "7"}) == 7, "one that cannot be read hides none"
    moment = time.time() + 600
    for written in (f"{moment:.0f}", f"{moment * 1000:.0f}", formatdate(moment), formatdate(moment)[:-6]):
        told = retry_after({"retry-after": written})
        assert told is not None and 590 < told < 610, written
    assert retry_after({"retry-after": f"{time.time() - 600:.0f}"}) == 0, "a moment that has passed"
    for nothing in ("-5", "", "30, 60", "1.2.3", "2027-01-01T00:00:00Z"):
        assert retry_after({"retry-after": nothing}) is None
