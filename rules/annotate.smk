# Rationales: one job per supervision; what was paid for lies in the journal, outside Snakemake's reach. Teachers that are
# served for the time of their job have a rule of their own (GPUs, environment), and so have transforms. Rate limits, budget and the
# like are a resource: as params they would rerun what they do not change, and behind an ancient() input Snakemake 9.27 overlooks
# a job's own changes whenever the input's job is to run.


rule exemplar:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "train")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "train")),
        originals=lambda wildcards: jobs.exemplar_of_originals(study, wildcards),
    output:
        paths.EXEMPLAR,
    log:
        paths.log(paths.EXEMPLAR),
    benchmark:
        paths.benchmark(paths.EXEMPLAR)
    wildcard_constraints:
        teacher=paths.alternatives(jobs.teachers_not(study, "vllm")),
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
        code=lambda _: fingerprint("exemplar"),
        settings=lambda wildcards: jobs.teacher_settings(study, wildcards.teacher),
        options=lambda wildcards: jobs.options(
            originals=jobs.exemplar_of_originals(study, wildcards)
        ),
    message:
        "Exemplar {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/exemplar.py"
        " --problems {input.problems:q}"
        " --dataset {wildcards.dataset}"
        " --teacher {wildcards.teacher}"
        " --format {wildcards.format}"
        " --teacher-settings {params.settings:q}"
        " --request-policy {resources.request_policy:q}"
        " {params.options}"
        ' --prompts "$GRADUS_PROMPTS"'
        " --prices $GRADUS/prices.yaml"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"


use rule exemplar as exemplar_served with:
    wildcard_constraints:
        teacher=paths.alternatives(jobs.teachers_of(study, "vllm")),
    conda:
        "../envs/generate-vllm.yaml"
    threads: 8
    resources:
        interpreter=jobs.interpreter(study, "generate-vllm"),
        request_policy=lambda wildcards: jobs.request_policy(study, wildcards.teacher),
        mem_mb=64000,
        runtime=720,
        gpu=lambda wildcards: study.teachers[wildcards.teacher].gpus,


rule annotate:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "train")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "train")),
        original=lambda wildcards: jobs.original_files(study, wildcards),
        exemplars=lambda wildcards: jobs.exemplar_files(study, wildcards),
    output:
        annotations=paths.ANNOTATIONS,
        manifest=paths.manifest(paths.ANNOTATIONS),
    log:
        paths.log(paths.ANNOTATIONS),
    benchmark:
        paths.benchmark(paths.ANNOTATIONS)
    wildcard_constraints:
        teacher=paths.alternatives(jobs.teachers_not(study, "vllm", "mixed")),
        format=jobs.plain_formats(study),
    retries: 1
    conda:
        "../envs/annotate.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "annotate"),
        request_policy=lambda wildcards: jobs.request_policy(study, wildcards.teacher),
        mem_mb=2000,
        runtime=240,
        annotation_openai=lambda wildcards: jobs.provider_slot(
            study, wildcards.teacher, "openai"
        ),
        annotation_anthropic=lambda wildcards: jobs.provider_slot(
            study, wildcards.teacher, "anthropic"
        ),
    params:
        code=lambda _: fingerprint("annotate"),
        settings=lambda wildcards: jobs.teacher_settings(study, wildcards.teacher),
        again=lambda wildcards: jobs.again(study),
        prompts=lambda wildcards: jobs.prompt_hash(study, wildcards),
        options=lambda wildcards: jobs.annotation_options(study, wildcards),
    message:
        "Annotations {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/annotate.py"
        " --problems {input.problems:q}"
        " --supervision {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
        " --teacher-settings {params.settings:q}"
        " --request-policy {resources.request_policy:q}"
        " --again {params.again:q}"
        " {params.options}"
        ' --prompts "$GRADUS_PROMPTS"'
        " --prices $GRADUS/prices.yaml"
        " --output {output.annotations:q}"
        " 2>&1 | tee {log:q}"


use rule annotate as annotate_served with:
    wildcard_constraints:
        teacher=paths.alternatives(jobs.teachers_of(study, "vllm")),
        format=jobs.plain_formats(study),
    conda:
        "../envs/generate-vllm.yaml"
    threads: 8
    resources:
        interpreter=jobs.interpreter(study, "generate-vllm"),
        request_policy=lambda wildcards: jobs.request_policy(study, wildcards.teacher),
        mem_mb=64000,
        runtime=720,
        gpu=lambda wildcards: study.teachers[wildcards.teacher].gpus,
