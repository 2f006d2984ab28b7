# Evaluation: predictions, one resumable job per cell and decoding; and their scores against gold, which need no model.


rule generate:
    input:
        **large(
            problems=lambda wildcards: evaluation.problems(study, wildcards),
            weights=lambda wildcards: evaluation.weights(study, wildcards),
            shown=lambda wildcards: evaluation.shown(study, wildcards),
        ),
        examples_manifest=lambda wildcards: evaluation.taught(study, wildcards),
        leaks=lambda wildcards: data.leak_check(study, wildcards),
        before=lambda wildcards: evaluation.before(study, wildcards),
    output:
        predictions=paths.PREDICTIONS,
        manifest=paths.PREDICTIONS.manifest,
    log:
        paths.PREDICTIONS.log,
    benchmark:
        paths.PREDICTIONS.benchmark
    wildcard_constraints:
        decoding=paths.alternatives(
            evaluation.decodings_of(study, "transformers", "continuous")
        ),
    retries: 2
    conda:
        "../envs/evaluate.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "evaluate"),
        mem_mb=lambda wildcards, attempt: resources.generation_memory(
            study, wildcards.student, wildcards.decoding, attempt
        ),
        runtime=lambda wildcards, attempt: evaluation.runtime(study, wildcards, attempt),
        gpu=lambda wildcards: resources.generation_gpus(study, wildcards.student),
        ahead=lambda wildcards: evaluation.ahead(study, wildcards),
        together=lambda wildcards: resources.cells_per_job(study, wildcards.student),
    params:
        code=lambda _: fingerprint("generate"),
        settings=lambda wildcards: as_json(study.decodings[wildcards.decoding]),
        cell=paths.CELL,
        writer=lambda wildcards: evaluation.writer_options(study, wildcards),
    message:
        "Predictions {params.cell}, {wildcards.problems}, {wildcards.decoding}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/generate.py'
        " --problems {input.problems:q}"
        " {params.writer}"
        " --settings {params.settings:q}"
        " {resources.ahead}"
        " --threads {threads}"
        " --output {output.predictions:q}"
        " 2>&1 | tee {log:q}"


use rule generate as generate_vllm with:
    wildcard_constraints:
        decoding=paths.alternatives(evaluation.decodings_of(study, "vllm")),
    conda:
        "../envs/generate-vllm.yaml"
    threads: 8
    resources:
        interpreter=resources.interpreter(study, "generate-vllm"),
        mem_mb=32000,
        runtime=lambda wildcards, attempt: evaluation.runtime(study, wildcards, attempt),
        gpu=1,
        ahead=lambda wildcards: evaluation.ahead(study, wildcards),


rule score:
    input:
        **large(
            problems=lambda wildcards: evaluation.problems(study, wildcards),
            train_problems=paths.PROBLEMS.with_(split="train"),
            predictions=paths.PREDICTIONS,
        ),
        examples_manifest=lambda wildcards: evaluation.taught(study, wildcards),
    output:
        metrics=report(
            paths.METRICS,
            category="Cells",
            subcategory="{dataset}",
            caption="../report/cell.rst",
            labels=lambda wildcards: evaluation.cell_labels(study, wildcards),
        ),
        rows=paths.SCORED,
        rows_manifest=paths.SCORED.manifest,
    log:
        paths.METRICS.log,
    benchmark:
        paths.METRICS.benchmark
    conda:
        "../envs/evaluate.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "evaluate"),
        mem_mb=2000,
        runtime=lambda _, attempt: resources.quick_runtime(attempt),
        # Scores go to a scheduler in jobs of 24: the first waits ten minutes for others (gradus/workflow/sharing.py).
        together=24,
        together_minutes=10,
    params:
        code=lambda _: fingerprint("score"),
        cell=lambda wildcards: evaluation.cell_facts(wildcards),
        name=paths.CELL,
        options=lambda wildcards: options(
            training_set_manifest=evaluation.taught(study, wildcards)
        ),
    message:
        "Scores {params.name}, {wildcards.problems}, {wildcards.decoding}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/score.py'
        " --problems {input.problems:q}"
        " --train-problems {input.train_problems:q}"
        " --predictions {input.predictions:q}"
        " {params.options}"
        " --cell {params.cell:q}"
        " --rows {output.rows:q}"
        " --output {output.metrics:q}"
        " 2>&1 | tee {log:q}"
