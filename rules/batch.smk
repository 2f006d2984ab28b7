# Batches: two halves that fill the journal only; `annotate` writes the file from it, and does both halves itself where nobody
# did. They are no inputs of it: changing the mode of a teacher must rerun nothing that was annotated.


rule batch_submit:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "train")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "train")),
        original=lambda wildcards: jobs.original_files(study, wildcards),
        exemplars=lambda wildcards: jobs.exemplar_files(study, wildcards),
    output:
        paths.BATCH.replace("{phase}", "submit"),
    log:
        paths.log(paths.BATCH.replace("{phase}", "submit")),
    benchmark:
        paths.benchmark(paths.BATCH.replace("{phase}", "submit"))
    conda:
        "../envs/annotate.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "annotate"),
        request_policy=lambda wildcards: jobs.request_policy(study, wildcards.teacher),
        mem_mb=2000,
        runtime=60,
        annotation_openai=lambda wildcards: jobs.provider_slot(
            study, wildcards.teacher, "openai"
        ),
        annotation_anthropic=lambda wildcards: jobs.provider_slot(
            study, wildcards.teacher, "anthropic"
        ),
    params:
        code=lambda _: fingerprint("annotate"),
        settings=lambda wildcards: jobs.teacher_settings(study, wildcards.teacher),
        prompts=lambda wildcards: jobs.prompt_hash(study, wildcards),
        options=lambda wildcards: jobs.annotation_options(study, wildcards),
        phase="submit",
    message:
        "Batch {params.phase} {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/annotate.py"
        " --only {params.phase}"
        " --problems {input.problems:q}"
        " --supervision {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
        " --teacher-settings {params.settings:q}"
        " --request-policy {resources.request_policy:q}"
        " {params.options}"
        ' --prompts "$GRADUS_PROMPTS"'
        " --prices $GRADUS/prices.yaml"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"


use rule batch_submit as batch_collect with:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "train")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "train")),
        original=lambda wildcards: jobs.original_files(study, wildcards),
        exemplars=lambda wildcards: jobs.exemplar_files(study, wildcards),
        submitted=paths.BATCH.replace("{phase}", "submit"),
    output:
        paths.BATCH.replace("{phase}", "collect"),
    log:
        paths.log(paths.BATCH.replace("{phase}", "collect")),
    benchmark:
        paths.benchmark(paths.BATCH.replace("{phase}", "collect"))
    params:
        code=lambda _: fingerprint("annotate"),
        settings=lambda wildcards: jobs.teacher_settings(study, wildcards.teacher),
        prompts=lambda wildcards: jobs.prompt_hash(study, wildcards),
        options=lambda wildcards: jobs.annotation_options(study, wildcards),
        phase="collect",
