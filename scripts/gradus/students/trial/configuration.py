"""The configuration of a student: is it one of a causal language model that can be trained here?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradus.runtime.jsonl import read_json
from gradus.students.trial.findings import Findings

_CHOOSE = "choose a decoder (Llama, Qwen, Gemma, SmolLM, BLOOM, GPT-2 and their like)"


def read_configuration(folder: Path, findings: Findings) -> Any | None:
    """transformers' configuration of a causal language model; None, and why in the findings, where it is none.

    No code of the model's own is run, and nothing is asked on the terminal.
    """
    import transformers
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING

    if not (folder / "config.json").exists() and (folder / "adapter_config.json").exists():
        findings.refuse("the folder holds an adapter without its model", "merge it into its base model and save that")
        return None
    facts = findings.hear(lambda: read_json(folder / "config.json"))
    if facts is None:
        return None
    _refuse_quantised(facts, findings)
    kind = facts.get("model_type")
    if kind not in CONFIG_MAPPING:
        if facts.get("auto_map"):
            findings.refuse(
                f"it needs Python code of its own ({', '.join(sorted(set(_code_files(facts))))}), which is never run",
                "choose a model whose architecture transformers itself has",
            )
        else:
            findings.refuse(
                f"transformers {transformers.__version__} does not know its model_type {kind!r}",
                "choose another model, or a newer transformers in the lock",
            )
        return None
    try:
        config: Any = transformers.AutoConfig.from_pretrained(
            str(folder), local_files_only=True, trust_remote_code=False
        )
    except Exception as error:  # whatever a foreign file makes transformers' classes raise
        findings.refuse(f"its config.json cannot be read ({type(error).__name__}: {error})", "repair the file")
        return None
    if getattr(config, "is_encoder_decoder", False):
        findings.refuse(f"{_named(facts, kind)} is an encoder-decoder, not a causal language model", _CHOOSE)
        return None
    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        pictures = any(hasattr(config, f"{part}_config") for part in ("vision", "audio"))
        more = " (it sees pictures or hears, and transformers has no text model for its configuration)"
        findings.refuse(
            f"{_named(facts, kind)} is not a causal language model{more if pictures else ''}",
            "choose the text model of its family" if pictures else _CHOOSE,
        )
        return None
    if config.get_text_config() is not config:
        findings.note("it sees pictures or hears as well: its text part is trained, the rest stays as it is")
    return config


def _refuse_quantised(facts: dict[str, Any], findings: Findings) -> None:
    for section in (facts, facts.get("text_config") or {}):
        found = section.get("quantization_config") or section.get("compression_config")
        if found:
            method = found.get("quant_method", "quantised") if isinstance(found, dict) else "quantised"
            findings.refuse(
                f"its weights are quantised ({method}), which cannot be trained",
                "give the model that it was made from, or one converted back to bf16 or fp32",
            )
            return


def _code_files(facts: dict[str, Any]) -> list[str]:
    entries = facts["auto_map"].values() if isinstance(facts["auto_map"], dict) else []
    return [f"{str(entry).rpartition('.')[0].rpartition('--')[2]}.py" for entry in entries]


def _named(facts: dict[str, Any], kind: str) -> str:
    return str((facts.get("architectures") or [kind])[0])
