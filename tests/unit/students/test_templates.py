"""Templates: the same bytes in training and evaluation, an end that can be learned, and the tokens they need."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from builders import annotation, problem

from gradus.records import Example
from gradus.runtime.errors import UserError
from gradus.students import tiny_models
from gradus.students.templates import Template, resolve_template
from gradus.students.tokens import load_tokens
from gradus.students.training_sets import tokenised
from gradus.study.config.students import PretrainedStudent

QUESTION = "Mia has 12 apples and buys 3 < 5 more.\nHow many – naïvely – are left?"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("models")
    found = {family: tiny_models.make(family, root / family) for family in tiny_models.FAMILIES}
    found["dated"] = tiny_models.make("llama", root / "dated", chat_template=tiny_models.DATED)
    found["chatml"] = tiny_models.make("bloom", root / "chatml", chat_template=tiny_models.CHATML)
    return found


CASES = [
    ("bloom", "plain"),
    ("gemma", "plain"),
    ("llama", "plain"),
    ("bloom", "alpaca"),
    ("gemma", "gemma"),
    ("llama", "llama3"),
    ("dated", "chat"),
    ("chatml", "chat"),
]


@pytest.mark.parametrize(("model", "name"), CASES)
def test_training_and_evaluation_read_the_same_prompt_and_the_end_is_learned(
    folders: dict[str, Path], model: str, name: str
) -> None:
    """As bytes, as ids, and as transformers' own tokenizer reads them."""
    from transformers import AutoTokenizer

    tokens = load_tokens(folders[model])
    template = resolve_template(name, tokens, folders[model])
    asked = problem("a", question=QUESTION)
    example = Example("a", 0, template.prompt(asked), template.completion(annotation("a"), "3"), "agrees")
    ids, length = tokenised(example, template, tokens, 1000)
    assert ids[:length] == tokens.encode(template.prompt(asked))
    reference = AutoTokenizer.from_pretrained(str(folders[model]))
    assert ids[:length] == reference.encode(template.prompt(asked), add_special_tokens=False)
    assert tokens.decode(ids[length:]).strip() == "1 + 2 = 3. The answer is 3."
    assert ids[-1] == template.end_id(tokens)
    assert ids.count(ids[-1]) == 1 + ids[:length].count(ids[-1])
    assert QUESTION in tokens.tokenizer.decode(ids[:length], skip_special_tokens=False)


@pytest.mark.parametrize(("model", "opening"), [("bloom", ""), ("gemma", "<bos>"), ("llama", "<|begin_of_text|>")])
def test_a_prompt_begins_as_the_model_is_used_to(folders: dict[str, Path], model: str, opening: str) -> None:
    """Llama and Gemma have never seen a text without their first token, BLOOM none with one; and never two of them."""
    tokens = load_tokens(folders[model])
    assert tokens.opening == opening
    for name in ("plain", "alpaca", tiny_models.TEMPLATES[model]):
        prompt = resolve_template(name, tokens, folders[model]).prompt(problem("a"))
        assert prompt.startswith(opening)
        assert not opening or prompt.count(opening) == 1


def test_a_chat_template_is_that_of_transformers_and_knows_no_date(folders: dict[str, Path]) -> None:
    from transformers import AutoTokenizer

    for name in ("dated", "chatml"):
        template = resolve_template("chat", load_tokens(folders[name]), folders[name])
        reference = AutoTokenizer.from_pretrained(str(folders[name]))
        turns = [{"role": "user", "content": QUESTION}]
        expected = reference.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, date_string="26 Jul 2024"
        )
        assert template.prompt(problem("a", question=QUESTION)) == expected
    assert resolve_template("chat", load_tokens(folders["chatml"]), folders["chatml"]).end == "<|im_end|>"


DAYS = {
    "SmolLM3": "{% set today = strftime_now('%d %B %Y') %}Today Date: {{ today }}",
    "Granite": "{{ \"Today's Date: \" + strftime_now('%B %d, %Y') }}.",
    "Mistral Small": "{%- set today = strftime_now('%Y-%m-%d') %}{{ today }}",
    "Llama 3": "{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}{{ date_string }}",
    "a weekday": "{{ strftime_now('%A, %-d.%m.') }}",
}


@pytest.mark.parametrize("family", DAYS)
def test_a_template_that_writes_the_day_writes_the_same_one_every_day(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    from datetime import datetime

    from transformers.utils import chat_template_utils

    shutil.copytree(folders["chatml"], tmp_path / "model")
    (tmp_path / "model" / "chat_template.jinja").write_text(DAYS[family] + tiny_models.CHATML, encoding="utf-8")
    found = []
    for day in (datetime(2026, 11, 25), datetime(2031, 1, 2)):

        class Faked(datetime):
            @classmethod
            def now(cls, tz: Any = None, today: datetime = day) -> Any:
                return today

        monkeypatch.setattr(chat_template_utils, "datetime", Faked)
        found.append(resolve_template("chat", load_tokens(tmp_path / "model"), tmp_path / "model"))
    assert found[0] == found[1]
    assert "26" in found[0].before


@pytest.mark.parametrize(
    "text",
    [
        "{{ raise_exception('Only tools are answered') }}",
        "{% for message in messages %}{{ message.content | no_such_filter }}{% endfor %}",
        "{% for message in messages %}{{ message['content']",
        "{% for message in messages %}{{ message['content'] + 1 }}{% endfor %}",
        "{{ messages[5].content.text }}",
    ],
)
def test_a_chat_template_that_fails_is_a_message(folders: dict[str, Path], tmp_path: Path, text: str) -> None:
    shutil.copytree(folders["chatml"], tmp_path / "model")
    (tmp_path / "model" / "chat_template.jinja").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="the chat template cannot be"):
        resolve_template("chat", load_tokens(tmp_path / "model"), tmp_path / "model")


# As Qwen3's: the switch opens and closes an empty thought.
THINKING = tiny_models.CHATML.replace(
    "assistant\n{% endif %}",
    "assistant\n{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}",
)


def entry(folder: Path, **keys: Any) -> PretrainedStudent:
    return PretrainedStudent.model_validate({"kind": "pretrained", "model": str(folder), **keys})


def test_a_chat_template_is_told_system_prompt_thinking_and_what_else_it_reads(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(folders["chatml"], tmp_path / "model"))
    (folder / "chat_template.jinja").write_text(THINKING + "{{ style }}", encoding="utf-8")
    tokens = load_tokens(folder)
    asked = {"template": "chat", "system": "You count.", "thinking": False, "template_arguments": {"style": "short"}}
    template = resolve_template(entry(folder, **asked), tokens, folder)
    assert template.before == "<|im_start|>system\nYou count.<|im_end|>\n<|im_start|>user\n"
    assert template.after == "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nshort"
    assert resolve_template(entry(folder, template="chat"), tokens, folder) == resolve_template("chat", tokens, folder)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"thinking": False}, "the chat template does not read enable_thinking"),
        ({"template_arguments": {"mode": 1}}, "the chat template does not read mode"),
    ],
)
def test_what_a_chat_template_does_not_read_is_a_message(
    folders: dict[str, Path], keys: dict[str, Any], message: str
) -> None:
    folder = folders["chatml"]
    with pytest.raises(UserError, match=message):
        resolve_template(entry(folder, template="chat", **keys), load_tokens(folder), folder)


def test_a_system_prompt_that_a_template_leaves_out_is_a_message(folders: dict[str, Path], tmp_path: Path) -> None:
    folder, file = folders["chatml"], tmp_path / "my.jinja"
    file.write_text("{% for m in messages if m.role != 'system' %}{{ m.content }}{% endfor %}", encoding="utf-8")
    with pytest.raises(UserError, match="leaves the system prompt out"):
        resolve_template(entry(folder, template={"file": str(file)}, system="Be brief."), load_tokens(folder), folder)


def test_a_template_of_ones_own_as_a_file(folders: dict[str, Path], tmp_path: Path) -> None:
    file = tmp_path / "vicuna.jinja"
    file.write_text(
        "{{ bos_token }}{% for m in messages %}{{ 'USER: ' if m.role == 'user' else 'ASSISTANT: ' }}{{ m.content }}"
        "{{ eos_token if m.role == 'assistant' else ' ' }}{% endfor %}{{ 'ASSISTANT: ' if add_generation_prompt }}",
        encoding="utf-8",
    )
    folder = folders["llama"]
    template = resolve_template(entry(folder, template={"file": str(file)}), load_tokens(folder), folder)
    assert template == Template("file", "<|begin_of_text|>USER: ", " ASSISTANT: ", "", "<|end_of_text|>")
    with pytest.raises(UserError, match="no such file"):
        resolve_template(entry(folder, template={"file": "gone.jinja"}), load_tokens(folder), folder)


def test_a_template_of_ones_own_as_texts(folders: dict[str, Path]) -> None:
    folder = folders["llama"]
    tokens = load_tokens(folder)
    asked = {"before": "Instruct: ", "after": "\nOutput:", "lead": " ", "end": "<|eot_id|>"}
    template = resolve_template(entry(folder, template=asked), tokens, folder)
    assert template == Template("texts", "<|begin_of_text|>Instruct: ", "\nOutput:", " ", "<|eot_id|>")
    again = resolve_template(entry(folder, template={**asked, "before": template.before}), tokens, folder)
    assert again == template, "the first token stands there once"
    del asked["end"]
    assert resolve_template(entry(folder, template=asked), tokens, folder).end == "<|end_of_text|>"
    with pytest.raises(UserError, match=r"no token '<\|over\|>'"):
        resolve_template(entry(folder, template={**asked, "end": "<|over|>"}), tokens, folder)


def test_only_a_chat_template_reads_arguments_and_other_students_keep_their_identity() -> None:
    with pytest.raises(ValueError, match="system is for template: chat"):
        entry(Path("x"), template="llama3", system="Be brief.")
    assert set(entry(Path("x")).identity()) == {"kind", "model", "revision", "template"}


def test_choices_stand_below_the_question(folders: dict[str, Path]) -> None:
    template = resolve_template("alpaca", load_tokens(folders["bloom"]), folders["bloom"])
    asked = problem("a", question="Which?", choices=["red", "blue"], answer="A", answer_kind="choice")
    assert "### Instruction:\nWhich?\nChoices: (A) red (B) blue\n\n### Response:\n" in template.prompt(asked)


@pytest.mark.parametrize(
    ("model", "name", "message"),
    [
        ("bloom", "gemma", "template 'gemma' needs the token '<bos>'"),
        ("gemma", "llama3", "needs the token '<|begin_of_text|>'"),
        ("llama", "chat", "the tokenizer has no chat template"),
    ],
)
def test_a_template_of_another_family_is_a_message(
    folders: dict[str, Path], model: str, name: str, message: str
) -> None:
    with pytest.raises(UserError) as caught:
        resolve_template(name, load_tokens(folders[model]), folders[model])
    assert message in str(caught.value)


@pytest.mark.parametrize("prepends", [True, False])
def test_an_answer_begins_after_one_blank_whatever_the_tokenizer_adds(
    folders: dict[str, Path], tmp_path: Path, prepends: bool
) -> None:
    """SentencePiece puts a blank before every text (Llama 2, Mistral): with that of ``plain`` the student would learn two."""
    from tokenizers import Tokenizer, normalizers

    folder = Path(shutil.copytree(folders["gemma"], tmp_path / "model"))
    raw = Tokenizer.from_file(str(folder / "tokenizer.json"))
    if prepends:
        raw.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        raw.save(str(folder / "tokenizer.json"))
    tokens = load_tokens(folder)
    texts = {"before": "Q: ", "after": "\nA:", "lead": " "}
    for template in (
        resolve_template("plain", tokens, folder),
        resolve_template(entry(folder, template=texts), tokens, folder),
    ):
        example = Example("a", 0, template.prompt(problem("a")), template.completion(annotation("a"), "3"), "agrees")
        ids, length = tokenised(example, template, tokens, 1000)
        pieces = "".join(str(tokens.tokenizer.id_to_token(number)) for number in ids[length:-1])
        assert pieces.startswith("▁1▁+▁2")


def test_special_tokens_are_seen_in_texts(folders: dict[str, Path]) -> None:
    tokens = load_tokens(folders["llama"])
    assert tokens.holds_special("so <|eot_id|> it ends")
    assert not tokens.holds_special(QUESTION)
