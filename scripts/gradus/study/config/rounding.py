"""Rounding: keys that decide how sums are laid out, not what is computed: with another value results agree but for the last bits.

They stand in identities all the same, because the bytes of weights and texts follow from them.
"""

# Of a recipe: one step is the same samples, whoever computes which of them (docs/reference/students.md, Batches). A model's own
# dropout is the exception: it is drawn per micro-batch.
RECIPE = frozenset(
    {
        "layout",
        "micro_batch_tokens",
        "micro_batch_samples",
        "lm_head",
        "attention",
        "gradient_checkpointing",
        "zero_stage",
        "offload",
        "ranks",
    }
)
# Of a decoding: texts are laid into batches.
DECODING = frozenset({"batch_size", "memory_gib"})
