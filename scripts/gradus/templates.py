"""The prompt of a student: one function for training and for evaluation (DESIGN, rule 6 of the house)."""

from __future__ import annotations

from gradus.records import Annotation, Problem


def render_prompt(problem: Problem) -> str:
    """What the student reads, for training and evaluation alike."""
    lines = [f"Question: {problem.question}"]
    if problem.choices:
        letters = "ABCDEFGHIJ"
        lines.append("Choices: " + " ".join(f"({letters[i]}) {text}" for i, text in enumerate(problem.choices)))
    return "\n".join([*lines, "Answer:"])


def render_completion(annotation: Annotation, answer: str) -> str:
    """What the student learns to write after the prompt: rationale and answer, or the answer alone."""
    if not annotation.rationale:
        return f" {answer}"
    return f" {annotation.rationale} The answer is {answer}."
