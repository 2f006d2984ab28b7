# Predictions: one job per cell and decoding, resumable.


rule generate:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "test")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "test")),
        weights=ancient(f"{paths.CHECKPOINT}/weights"),
        checkpoint_manifest=f"{paths.CHECKPOINT}/manifest.json",
        examples_manifest=paths.manifest(paths.TRAINING_SET),
    output:
        predictions=paths.PREDICTIONS,
        manifest=paths.manifest(paths.PREDICTIONS),
    log:
        paths.log(paths.PREDICTIONS),
    benchmark:
        paths.benchmark(paths.PREDICTIONS)
    wildcard_constraints:
        decoding=paths.alternatives(
            jobs.decodings_by(study, "transformers", "continuous")
        ),
    retries: 2
    conda:
        "../envs/evaluate.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "evaluate"),
        mem_mb=lambda wildcards, attempt: jobs.generation_memory(
            study, wildcards.student, wildcards.decoding, attempt
        ),
        runtime=lambda wildcards, attempt: 120 * attempt,
        gpu=lambda wildcards: jobs.generation_gpus(study, wildcards.student),
    params:
        code=lambda _: fingerprint("generate"),
        settings=lambda wildcards: jobs.settings(study.decodings[wildcards.decoding]),
        cell=lambda wildcards: jobs.cell_name(wildcards),
        checkpoint=lambda wildcards: paths.CHECKPOINT.format(**wildcards),
    message:
        "Predictions {params.cell}, {wildcards.decoding}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/generate.py"
        " --problems {input.problems:q}"
        " --checkpoint {params.checkpoint:q}"
        " --training-set-manifest {input.examples_manifest:q}"
        " --settings {params.settings:q}"
        " --threads {threads}"
        " --output {output.predictions:q}"
        " 2>&1 | tee {log:q}"


use rule generate as generate_vllm with:
    wildcard_constraints:
        decoding=paths.alternatives(jobs.decodings_by(study, "vllm")),
    conda:
        "../envs/generate-vllm.yaml"
    threads: 8
    resources:
        interpreter=jobs.interpreter(study, "generate-vllm"),
        mem_mb=32000,
        runtime=lambda wildcards, attempt: 120 * attempt,
        gpu=1,
