"""Worked examples in front of a question: chosen from training, shown as turns of the student's own template."""

import pytest
from builders import problem

from gradus.records import Problem
from gradus.runtime.errors import UserError
from gradus.students.templates import Template
from gradus.students.worked_examples import worked_examples

PLAIN = Template("plain", "<s>Question: ", "\nAnswer:", " ", "</s>")
CHAT = Template("chat", "<|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n", "", "<|im_end|>")
SYSTEM = Template("chat", f"<|im_start|>system\nHelp.<|im_end|>\n{CHAT.before}", CHAT.after, "", "<|im_end|>")
LLAMA = Template("llama3", "<s><user>\n\n", "<eot><assistant>\n\n", "", "<eot>")
ALPACA = Template("alpaca", "<s>Below is a task.\n\n### Instruction:\n", "\n\n### Response:\n", "", "</s>")


class Words:
    """A tokenizer with two special tokens, as far as worked examples and templates ask it."""

    opening = "<s>"

    def holds_special(self, text: str) -> bool:
        return "<s>" in text or "<|im_start|>" in text


def training(count: int, **changes: object) -> list[Problem]:
    return [problem(f"p{n}", question=f"How many are {n}?", answer=str(n), **changes) for n in range(count)]


def chosen(problems: list[Problem], asked: list[Problem], shots: int = 2, seed: int = 1) -> list[tuple[str, str]]:
    return worked_examples(problems, asked, shots, seed, PLAIN, Words())  # type: ignore[arg-type]


def test_without_examples_the_prompt_is_that_of_training() -> None:
    asked = problem("a", question="Which?")
    assert PLAIN.prompt(asked) == PLAIN.prompt(asked, (), "<s>") == "<s>Question: Which?\nAnswer:"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (PLAIN, "<s>Question: One?\nAnswer: 1\n\nQuestion: Which?\nAnswer:"),
        (
            CHAT,
            "<|im_start|>user\nOne?<|im_end|>\n<|im_start|>assistant\n1<|im_end|>\n<|im_start|>user\nWhich?<|im_end|>\n<|im_start|>assistant\n",
        ),
        (
            SYSTEM,
            "<|im_start|>system\nHelp.<|im_end|>\n<|im_start|>user\nOne?<|im_end|>\n<|im_start|>assistant\n1<|im_end|>\n"
            "<|im_start|>user\nWhich?<|im_end|>\n<|im_start|>assistant\n",
        ),
        (LLAMA, "<s><user>\n\nOne?<eot><assistant>\n\n1<eot><user>\n\nWhich?<eot><assistant>\n\n"),
    ],
    ids=["plain", "chat", "system", "llama3"],
)
def test_examples_are_turns_like_the_question(template: Template, expected: str) -> None:
    shown = [("One?", template.answered(None, "1"))]
    assert template.prompt(problem("a", question="Which?"), shown, "<s>") == expected


def test_a_further_question_ends_the_text_of_a_base_model() -> None:
    found = [template.next_question(Words()) for template in (PLAIN, ALPACA, CHAT)]  # type: ignore[arg-type]
    assert found == ["Question:", "### Instruction:", None]


def test_examples_are_drawn_by_seed_from_problems_that_are_not_asked() -> None:
    problems = training(6)
    asked = [problem("t", question="how many are 3"), problem("u", question="How many are  4?")]
    every = {question for seed in range(20) for question, _ in chosen(problems, asked, seed=seed)}
    assert every == {f"How many are {n}?" for n in (0, 1, 2, 5)}
    assert chosen(problems, asked) == chosen(problems, asked)
    assert chosen(problems, asked, shots=4) == [(f"How many are {n}?", f" {n}") for n in (0, 1, 2, 5)]
    with pytest.raises(UserError, match="only 4 training problems can be shown as worked examples, not 5"):
        chosen(problems, asked, shots=5)


def test_the_datasets_own_rationales_are_shown_where_it_has_any() -> None:
    problems = [*training(3), *(problem(f"r{n}", question=f"Why {n}?", rationale="It is so.") for n in range(2))]
    assert chosen(problems, []) == [(f"Why {n}?", " It is so. The answer is 3.") for n in range(2)]
    poisoned = training(3, rationale="<|im_start|>")
    with pytest.raises(UserError, match="only 0 training problems"):
        chosen(poisoned, [])
