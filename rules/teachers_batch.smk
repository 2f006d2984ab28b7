# Batches: two halves that fill the journal only; `annotate` writes the file from it, and does both halves itself where nobody
# did. They are no inputs of it: changing the mode of a teacher must rerun nothing that was annotated. Neither half waits: on a
# cluster they are steps of a minute where Snakemake runs, and nothing holds a node while the provider works.


localrules:
    batch_submit,
    batch_collect,


rule batch_submit:
    input:
        **large(
            problems=paths.PROBLEMS.with_(split="train"),
            original=lambda wildcards: annotation.originals(study, wildcards),
        ),
        exemplars=lambda wildcards: annotation.exemplars(study, wildcards),
    output:
        paths.BATCH.with_(phase="submit"),
    log:
        paths.BATCH.with_(phase="submit").log,
    benchmark:
        paths.BATCH.with_(phase="submit").benchmark
    conda:
        "../envs/annotate.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "annotate"),
        request_policy=lambda wildcards: annotation.request_policy(
            study, wildcards.teacher
        ),
        mem_mb=2000,
        runtime=60,
    params:
        code=lambda _: fingerprint("annotate"),
        settings=lambda wildcards: annotation.teacher_settings(study, wildcards.teacher),
        prompts=lambda wildcards: annotation.prompt_hash(study, wildcards),
        options=lambda wildcards: annotation.annotation_options(study, wildcards),
        phase="submit",
    message:
        "Batch {params.phase} {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/annotate.py'
        " --only {params.phase}"
        " --problems {input.problems:q}"
        " --supervision {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
        " --teacher-settings {params.settings:q}"
        " --request-policy {resources.request_policy:q}"
        " {params.options}"
        ' --prompts "$GRADUS_PROMPTS"'
        ' --prices "$GRADUS"/prices.yaml'
        " --output {output:q}"
        " 2>&1 | tee {log:q}"


use rule batch_submit as batch_collect with:
    input:
        **large(
            problems=paths.PROBLEMS.with_(split="train"),
            original=lambda wildcards: annotation.originals(study, wildcards),
        ),
        exemplars=lambda wildcards: annotation.exemplars(study, wildcards),
        submitted=paths.BATCH.with_(phase="submit"),
    output:
        paths.BATCH.with_(phase="collect"),
    log:
        paths.BATCH.with_(phase="collect").log,
    benchmark:
        paths.BATCH.with_(phase="collect").benchmark
    params:
        code=lambda _: fingerprint("annotate"),
        settings=lambda wildcards: annotation.teacher_settings(study, wildcards.teacher),
        prompts=lambda wildcards: annotation.prompt_hash(study, wildcards),
        options=lambda wildcards: annotation.annotation_options(study, wildcards),
        phase="collect",
