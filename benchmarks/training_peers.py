"""One peer on the load of training.py, in the peer's own environment; the last line is JSON: seconds and loss of each step.

python training_peers.py trainer|trl|trl-padding-free|llamafactory LOAD.json
"""

import functools
import importlib.machinery
import importlib.util
import json
import os
import resource
import sys
import tempfile
import time
import types
from pathlib import Path

import torch
from transformers import TrainerCallback

NAME, LOAD = sys.argv[1], json.loads(Path(sys.argv[2]).read_text(encoding="utf-8"))
GPU = torch.cuda.is_available()
COMMON = {
    "per_device_train_batch_size": LOAD["micro_batch_samples"],
    "gradient_accumulation_steps": LOAD["batch_size"] // LOAD["micro_batch_samples"],
    "num_train_epochs": 1.0,
    "learning_rate": LOAD["learning_rate"],
    "lr_scheduler_type": "cosine",
    "weight_decay": 0.0,
    "max_grad_norm": 1.0,
    "logging_steps": 1,
    "save_strategy": "no",
    "report_to": "none",
    "bf16": LOAD["precision"] == "bf16",
    "disable_tqdm": True,
    "seed": 1,
}


class Clock(TrainerCallback):
    """When each step ended, and its loss."""

    def __init__(self) -> None:
        self.ends: list[float] = []
        self.losses: list[float] = []

    def on_step_end(self, *_: object, **__: object) -> None:
        if GPU:
            torch.cuda.synchronize()
        self.ends.append(time.monotonic())

    def on_log(self, args: object, state: object, control: object, logs: dict | None = None, **_: object) -> None:
        if logs and "loss" in logs:
            self.losses.append(float(logs["loss"]))


clock = Clock()


def in_order(trainer: object) -> None:
    """Everybody sees the samples in the order of the load."""
    trainer._get_train_sampler = lambda dataset=None: torch.utils.data.SequentialSampler(
        dataset or trainer.train_dataset
    )


def model(dtype: str) -> object:
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(LOAD["model"], dtype=getattr(torch, dtype))


def trainer(folder: str) -> None:
    """transformers' own Trainer with padding to the longest of a micro-batch: its defaults."""
    from transformers import AutoTokenizer, DataCollatorForSeq2Seq, Trainer, TrainingArguments

    rows = [
        {"input_ids": ids, "attention_mask": [1] * len(ids), "labels": [-100] * first + ids[first:]}
        for ids, first in zip(LOAD["tokens"], LOAD["prompt_lengths"], strict=True)
    ]
    arguments = TrainingArguments(output_dir=folder, use_cpu=not GPU, **COMMON)
    tokenizer = AutoTokenizer.from_pretrained(LOAD["model"])
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    made = Trainer(
        model=model("bfloat16" if LOAD["precision"] == "bf16" else "float32"),
        args=arguments,
        train_dataset=rows,
        data_collator=DataCollatorForSeq2Seq(tokenizer),
        callbacks=[clock],
    )
    in_order(made)
    made.train()


def trl(folder: str, padding_free: bool = False) -> None:
    """TRL's SFTTrainer on tokens that are already made, its defaults otherwise, or its layout without padding."""
    from datasets import Dataset
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    rows = {
        "input_ids": LOAD["tokens"],
        "completion_mask": [
            [0] * first + [1] * (len(ids) - first)
            for ids, first in zip(LOAD["tokens"], LOAD["prompt_lengths"], strict=True)
        ],
    }
    tokenizer = AutoTokenizer.from_pretrained(LOAD["model"])
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    arguments = SFTConfig(
        output_dir=folder,
        use_cpu=not GPU,
        gradient_checkpointing=False,
        completion_only_loss=True,
        padding_free=padding_free,
        max_length=None,  # nothing is cut anywhere; without padding TRL asks for this
        **COMMON,
    )
    made = SFTTrainer(
        model=model("float32"),
        args=arguments,
        train_dataset=Dataset.from_dict(rows),
        processing_class=tokenizer,
        callbacks=[clock],
    )
    in_order(made)
    made.train()


def llamafactory(folder: str) -> None:
    """LLaMA-Factory's SFT, the paper's trainer: texts in, its defaults for padding and collating."""
    os.environ["DISABLE_VERSION_CHECK"] = "1"
    if importlib.util.find_spec("torchaudio") is None:  # imported for audio data only; its CPU build is not everywhere
        sys.modules["torchaudio"] = types.ModuleType("torchaudio")
        sys.modules["torchaudio"].__spec__ = importlib.machinery.ModuleSpec("torchaudio", None)
    from transformers import AutoTokenizer

    # Its empty template ends no text, so the end stands in the text itself.
    end = AutoTokenizer.from_pretrained(LOAD["model"]).convert_ids_to_tokens(LOAD["end_id"])
    texts = [{"instruction": prompt, "output": completion + end} for prompt, completion in LOAD["texts"]]
    Path(folder, "load.json").write_text(json.dumps(texts), encoding="utf-8")
    information = {"load": {"file_name": "load.json", "columns": {"prompt": "instruction", "response": "output"}}}
    Path(folder, "dataset_info.json").write_text(json.dumps(information), encoding="utf-8")
    from llamafactory.train.tuner import run_exp

    run_exp(
        {
            "model_name_or_path": LOAD["model"],
            "stage": "sft",
            "do_train": True,
            "finetuning_type": "full",
            "dataset_dir": folder,
            "dataset": "load",
            "template": "empty",
            "cutoff_len": 4096,
            "disable_shuffling": True,
            "disable_gradient_checkpointing": True,
            "flash_attn": "auto",
            "pure_bf16": False,
            "overwrite_output_dir": True,
            "output_dir": folder + "/out",
            "use_cpu": not GPU,
            **COMMON,
        },
        callbacks=[clock],
    )


torch.set_num_threads(LOAD["threads"])
with tempfile.TemporaryDirectory() as scratch:
    {
        "trainer": trainer,
        "trl": trl,
        "trl-padding-free": functools.partial(trl, padding_free=True),
        "llamafactory": llamafactory,
    }[NAME](scratch)
memory = torch.cuda.max_memory_allocated() if GPU else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"ends": clock.ends, "losses": clock.losses, "peak_memory_bytes": memory}))
