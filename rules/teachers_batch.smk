# Batches: two halves that fill the journal only; `annotate` writes the file from it, and does both halves itself where nobody
# did. They are no inputs of it: changing the mode of a teacher must rerun nothing that was annotated.


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
    threads: lambda wildcards: resources.asking_threads(study, wildcards.teacher)
    resources:
        **lanes.taken(study, lambda wildcards: wildcards.teacher),
        interpreter=resources.interpreter(study, "annotate"),
        request_policy=lambda wildcards: annotation.request_policy(
            study, wildcards.teacher
        ),
        mem_mb=2000,
        runtime=lambda wildcards: resources.asking_runtime(study, wildcards.teacher, 60),
        cpus_per_task=1,
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
