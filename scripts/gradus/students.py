"""Students: base models, built from scratch or referenced, all loaded by the same path."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from gradus.atomic import sha256_file, write_json
from gradus.errors import UserError
from gradus.gradeschool.primer import primer

PAD, EOS = "<pad>", "<eos>"


TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")


@dataclass(frozen=True)
class Tokens:
    """A tokenizer as the stages use it: text to ids and back, and the two ids that matter.

    Read by the small ``tokenizers`` library: importing transformers (and torch with it) costs every job seconds.
    """

    tokenizer: Tokenizer
    pad_id: int
    eos_id: int

    def encode(self, text: str) -> list[int]:
        """Ids of a text, without any special token."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, ids: list[int]) -> str:
        """Text of ids, special tokens left out."""
        text: str = self.tokenizer.decode(ids, skip_special_tokens=True)
        return text


def load_tokens(folder: str | Path) -> Tokens:
    """The tokenizer of a student or checkpoint folder; UserError if there is none or it has no end token."""
    folder = Path(folder)
    path = folder / "tokenizer.json"
    if not path.exists():
        raise UserError("no tokenizer.json", where=folder, hint="save the model's fast tokenizer there")
    tokenizer = Tokenizer.from_file(str(path))
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    eos, pad = (_token_id(tokenizer, settings.get(name)) for name in ("eos_token", "pad_token"))
    if eos is None:
        raise UserError("the tokenizer has no end-of-sequence token: the student could not learn to stop", where=folder)
    return Tokens(tokenizer, eos if pad is None else pad, eos)


def _token_id(tokenizer: Tokenizer, token: Any) -> int | None:
    text = token["content"] if isinstance(token, dict) else token
    found: int | None = None if text is None else tokenizer.token_to_id(text)
    return found


def copy_tokenizer(source: str | Path, target: str | Path) -> None:
    """Put a model's tokenizer files beside its new weights, unchanged."""
    for name in TOKENIZER_FILES:
        if (Path(source) / name).exists():
            shutil.copyfile(Path(source) / name, Path(target) / name)


def model_source(student_folder: str | Path) -> Path:
    """The folder with the base model's weights: the student's own, or the one its reference points to."""
    folder = Path(student_folder)
    reference = folder / "model" / "reference.json"
    if not reference.exists():
        return folder / "model"
    place = Path(json.loads(reference.read_text(encoding="utf-8"))["path"])
    if not place.is_dir():
        raise UserError("the base model is gone", where=place, hint=f"delete {folder} and run again")
    return place


def corpus_texts(corpus: dict[str, Any]) -> list[str]:
    """The documents of a warm-up corpus."""
    if corpus["source"] == "primer":
        return primer(corpus["seed"], corpus["documents"])
    path = Path(corpus["path"])
    try:
        texts = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except FileNotFoundError:
        raise UserError("no such file", where=path, hint="corpus.path of a student, one document a line") from None
    if not texts:
        raise UserError("the corpus is empty", where=path)
    return texts


def make_untrained(settings: dict[str, Any], texts: list[str], folder: Path) -> None:
    """Write a tokenizer trained on ``texts`` and a randomly initialised decoder (deterministic by ``seed``)."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=settings["vocabulary"],
        special_tokens=[PAD, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token=PAD, eos_token=EOS, model_max_length=settings["context"]
    )
    torch.manual_seed(settings["seed"])
    config = LlamaConfig(
        vocab_size=raw.get_vocab_size(),
        hidden_size=settings["hidden"],
        intermediate_size=3 * settings["hidden"],
        num_hidden_layers=settings["layers"],
        num_attention_heads=settings["heads"],
        num_key_value_heads=settings["heads"],
        max_position_embeddings=settings["context"],
        tie_word_embeddings=True,
        initializer_range=settings["initial_scale"],
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(str(folder))
    LlamaForCausalLM(config).save_pretrained(str(folder))


def fetch_reference(settings: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write a pinned reference to a model of a local folder or the hub, and return it.

    A hub revision that the study does not name is resolved to a commit at the first download and recorded here.
    Raises UserError where the model cannot be had.
    """
    name = settings["model"]
    local = Path(name)
    if local.is_dir():
        sums = {path.name: sha256_file(path) for path in sorted(local.iterdir()) if path.is_file()}
        reference: dict[str, Any] = {"model": name, "revision": None, "path": str(local.resolve()), "files": sums}
    else:
        from huggingface_hub import HfApi, snapshot_download

        try:
            revision = settings["revision"] or HfApi().model_info(name).sha
            kept = ["*.json", "*.safetensors", "tokenizer*", "*.model", "*.txt"]
            path = snapshot_download(name, revision=revision, allow_patterns=kept)
        except Exception as error:
            raise UserError(
                f"the model cannot be fetched: {type(error).__name__}: {str(error).splitlines()[0]}",
                where=name,
                hint="a gated model needs HF_TOKEN; without a network give a local folder",
            ) from None
        reference = {"model": name, "revision": revision, "path": path}
    write_json(folder / "reference.json", reference)
    return reference
