"""Training sets: what one student trains on, made from annotations by declared policies, every exclusion counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gradus.data.text_normalisation import normalised
from gradus.records import Annotation, Example, Problem
from gradus.records.vocabulary import Verdict
from gradus.runtime.atomic import sha256_bytes
from gradus.runtime.errors import UserError
from gradus.students.templates import Template, answer_offset
from gradus.students.tokens import Tokens
from gradus.study.config.sections import Policy
from gradus.study.config.training import TrainingSetPolicy


@dataclass(frozen=True)
class Selection:
    """How many annotations were dropped, by verdict or reason, and how many examples were cut at the cutoff."""

    dropped: dict[str, int]
    truncated: int


def make_training_set(
    problems: Sequence[Problem],
    annotations: Sequence[Annotation],
    policy: TrainingSetPolicy,
    template: Template,
    tokens: Tokens,
) -> tuple[list[Example], Selection]:
    """Examples in the order of the annotations, and what was left out or cut for them.

    Of several attempts at a sample the first one that is kept counts, else the last one; what was to be retried is dropped
    then. Examples beyond the cutoff are dropped, counted as truncated (``tokenised`` cuts them), or refused, as the policy
    says; texts that hold a special token of the tokenizer are dropped. Raises UserError for an annotation of an unknown
    problem, for a refused example, and if nothing is left. Whether a test asks these questions is another job's to tell: more
    test problems are no change of a training set.
    """
    by_id = {problem.id: problem for problem in problems}
    examples: list[Example] = []
    dropped: Counter[str] = Counter()
    truncated = 0
    for annotation in final_attempts(annotations, policy.verdict_policy):
        problem = by_id.get(annotation.problem_id)
        if problem is None:
            raise UserError(f"annotation of a problem that is not in the training split: {annotation.problem_id!r}")
        action = policy.verdict_policy.get(annotation.verdict, "drop")
        if action in ("drop", "retry"):
            dropped[annotation.verdict] += 1
            continue
        answer = problem.answer if action == "answer-only" or annotation.answer is None else annotation.answer
        source = replace(annotation, rationale="") if action == "answer-only" else annotation
        if tokens.holds_special(problem.question_with_choices) or tokens.holds_special(f"{source.rationale} {answer}"):
            dropped["special-token"] += 1
            continue
        prompt, completion = template.prompt(problem), template.completion(source, answer)
        prompt_tokens = len(tokens.encode(prompt))
        if prompt_tokens + len(tokens.encode(completion)) + 1 > policy.cutoff_tokens:
            if policy.over_long == "refuse":
                raise UserError(
                    f"the example of problem {problem.id!r} is longer than cutoff_tokens ({policy.cutoff_tokens})",
                    hint="raise cutoff_tokens, or choose over_long: drop or truncate",
                )
            if policy.over_long == "drop" or prompt_tokens >= policy.cutoff_tokens:
                dropped["over-long"] += 1
                continue
            truncated += 1
        examples.append(Example(problem.id, annotation.sample, prompt, completion, annotation.verdict))
    if not examples:
        raise UserError(f"no training example is left; dropped: {dict(dropped)}")
    return examples, Selection(dict(sorted(dropped.items())), truncated)


def tokenised(example: Example, template: Template, tokens: Tokens, cutoff_tokens: int) -> tuple[list[int], int]:
    """The ids of an example, prompt first, and the length of its prompt.

    The end token stands last, so that the student learns to stop; an example beyond the cutoff is cut and has none.
    """
    prompt = tokens.encode(example.prompt)
    whole = [*prompt, *tokens.encode(example.completion), template.end_id(tokens)]
    return whole[:cutoff_tokens], len(prompt)


def held_out(examples: Sequence[Example], share: float) -> list[int]:
    """The places of the examples that are kept for validation: about this share of the problems, the same in every cell.

    A problem is taken for what its id hashes to, whatever else is in the set; one question under two ids goes by the first of
    them. Raises UserError where nothing would be left to train on.
    """
    names: dict[str, str] = {}
    for example in sorted(examples, key=lambda one: one.problem_id):
        names.setdefault(normalised(example.prompt), example.problem_id)
    draw = {name: int(sha256_bytes(f"validation/{name}".encode())[:12], 16) / 16**12 for name in names.values()}
    limit = max(share, min(draw.values()))  # one problem at least
    chosen = [index for index, one in enumerate(examples) if draw[names[normalised(one.prompt)]] <= limit]
    if len(chosen) == len(examples):
        raise UserError(
            f"validation would hold all {len(examples)} examples out", hint="train on more problems, or leave it unset"
        )
    return chosen


def answer_start(example: Example, tokens: Tokens) -> int:
    """The place of the first token that belongs to the answer, of those of ``tokenised`` before they are cut."""
    prompt, offset = len(tokens.encode(example.prompt)), answer_offset(example.completion)
    return prompt if offset == 0 else prompt + sum(end <= offset for end in tokens.ends(example.completion))


def final_attempts(annotations: Sequence[Annotation], policy: Mapping[Verdict, Policy]) -> list[Annotation]:
    """One row per problem and sample: the first attempt with a policy of keep, else the last attempt."""
    chosen: dict[tuple[str, int], Annotation] = {}
    for row in annotations:
        key = (row.problem_id, row.sample)
        if key not in chosen or policy.get(chosen[key].verdict) != "keep":
            chosen[key] = row
    return list(chosen.values())
