"""Students: base models, built from scratch or referenced, all loaded by the same path."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NotRequired, TypedDict

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from gradus.data.gradeschool.primer import primer
from gradus.runtime.atomic import sha256_file, write_json
from gradus.runtime.errors import UserError
from gradus.runtime.jsonl import read_json
from gradus.students.model_config import read_model_config
from gradus.students.templates import Template
from gradus.study.config.students import BuiltStudent, Corpus, PretrainedStudent, PrimerCorpus

PAD, EOS = "<pad>", "<eos>"


def model_source(student_folder: str | Path) -> Path:
    """The folder with the base model's weights: the student's own, or the one its reference points to."""
    folder = Path(student_folder)
    reference = folder / "model" / "reference.json"
    if not reference.exists():
        return folder / "model"
    facts = json.loads(reference.read_text(encoding="utf-8"))
    source = Path(facts["path"])
    if not source.is_dir():
        raise UserError("the base model is gone", where=source, hint=f"delete {folder} and run again")
    for name, seen in facts.get("files", {}).items():
        if not (source / name).exists() or (source / name).stat().st_size != seen["bytes"]:
            raise UserError(
                "has changed since this base model was pinned",
                where=source / name,
                hint=f"delete {folder} and run again",
            )
    return source


def student_template(student_folder: str | Path) -> Template:
    """How a question is put to this student, as the job of its base model decided."""
    return Template(**read_json(Path(student_folder) / "manifest.json")["template"])


def context_tokens(model: str | Path) -> int | None:
    """The longest sequence that a model's positions allow; None where nothing limits them (BLOOM's ALiBi)."""
    return read_model_config(model).positions


def refuse_beyond_positions(model: str | Path, prompt_tokens: int, new_tokens: int, shots: int = 0) -> None:
    """UserError where a prompt goes beyond a model's positions, or a prompt and its answer beyond a table of them (GPT-2).

    Rotary positions go on behind their end, so that an answer may; a prompt that does is read by a model that never saw such
    positions. ``shots`` is the number of worked examples in the prompt.
    """
    config = read_model_config(model)
    if config.positions is None:
        return
    fewer = f", or fewer than {shots} shots" if shots else ""
    if prompt_tokens > config.positions:
        raise UserError(
            f"a prompt of {prompt_tokens} tokens goes beyond the model's {config.positions} positions",
            where=model,
            hint=f"take shorter problems{fewer}",
        )
    if config.ends_there and prompt_tokens + new_tokens > config.positions:
        left = config.positions - prompt_tokens
        raise UserError(
            f"a prompt of {prompt_tokens} tokens and an answer of {new_tokens} go beyond the model's "
            f"{config.positions} positions",
            where=model,
            hint=f"set max_new_tokens of the decoding to {left} or less{fewer}"
            if left
            else f"take shorter problems{fewer}",
        )


def corpus_texts(corpus: Corpus) -> list[str]:
    """The documents of a warm-up corpus."""
    if isinstance(corpus, PrimerCorpus):
        return primer(corpus.seed, corpus.documents, corpus.largest, corpus.stories == "plain")
    path = Path(corpus.path)
    try:
        texts = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError:
        raise UserError("no such file", where=path, hint="corpus.path of a student, one document a line") from None
    if not texts:
        raise UserError("the corpus is empty", where=path)
    return texts


def make_untrained(student: BuiltStudent, texts: list[str], folder: Path) -> None:
    """Write a tokenizer trained on ``texts`` and a randomly initialised decoder (deterministic by ``seed``)."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=student.vocabulary,
        special_tokens=[PAD, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token=PAD, eos_token=EOS, model_max_length=student.context
    )
    torch.manual_seed(student.seed)
    config = LlamaConfig(
        vocab_size=raw.get_vocab_size(),
        hidden_size=student.hidden,
        intermediate_size=3 * student.hidden,
        num_hidden_layers=student.layers,
        num_attention_heads=student.heads,
        num_key_value_heads=student.heads,
        max_position_embeddings=student.context,
        tie_word_embeddings=True,
        initializer_range=student.initial_scale,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(str(folder))
    LlamaForCausalLM(config).save_pretrained(str(folder))


class FileSum(TypedDict):
    """Size and SHA-256 of a file."""

    bytes: int
    sha256: str


class Reference(TypedDict):
    """A pinned model: its name, the commit of the hub or the size and hash of each local file, and where it lies here."""

    model: str
    revision: str | None
    path: str
    files: NotRequired[dict[str, FileSum]]


def fetch_reference(student: PretrainedStudent, folder: Path) -> Reference:
    """Write a pinned reference to a model of a local folder or the hub, and return it.

    A hub revision that the study does not name is resolved to a commit at the first download and recorded here.
    Raises UserError where the model cannot be had.
    """
    name = student.model
    local = Path(name)
    _refuse_gguf(local)
    if local.is_dir():
        sums: dict[str, FileSum] = {
            path.name: {"bytes": path.stat().st_size, "sha256": sha256_file(path)}
            for path in sorted(local.iterdir())
            if path.is_file()
        }
        reference: Reference = {"model": name, "revision": None, "path": str(local.resolve()), "files": sums}
    else:
        from httpx2 import HTTPError
        from huggingface_hub import HfApi, snapshot_download
        from huggingface_hub.errors import RevisionResolutionError, XetDownloadError

        try:
            revision = student.revision or HfApi().model_info(name).sha
            kept = ["*.json", "*.safetensors", "tokenizer*", "*.model", "*.txt"]
            path = snapshot_download(name, revision=revision, allow_patterns=kept)
        except (OSError, ValueError, HTTPError, RevisionResolutionError, XetDownloadError) as error:
            raise UserError(
                f"the model cannot be fetched: {type(error).__name__}: {str(error).splitlines()[0]}",
                where=name,
                hint="a gated model needs HF_TOKEN; without a network give a local folder",
            ) from None
        reference = {"model": name, "revision": revision, "path": path}
    if not any(Path(reference["path"]).glob("*.safetensors")):
        raise UserError(
            "the model has no safetensors weights, and no other format is read (a pickle can run code)",
            where=name,
            hint="convert it: AutoModelForCausalLM.from_pretrained(...).save_pretrained(FOLDER), then `model: FOLDER`",
        )
    write_json(folder / "reference.json", reference)
    return reference


def _refuse_gguf(local: Path) -> None:
    """UserError for a GGUF file, or a folder that has no other weights: transformers cannot save what it reads from one."""
    found = [local] if local.suffix == ".gguf" else sorted(local.glob("*.gguf"))
    if found and not (local.is_dir() and any(local.glob("*.safetensors"))):
        raise UserError(
            "GGUF weights cannot be trained as they are",
            where=found[0],
            hint=f"import them: python scripts/import_model.py {found[0]} FOLDER, then `model: FOLDER`",
        )
