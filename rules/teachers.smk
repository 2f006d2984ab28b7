# Rationales: one job per supervision; paid answers are in the journal, which Snakemake never deletes. Teachers that are served
# for the time of their job have a rule of their own (GPUs, environment). Rate limits, budget and the like are a resource: as
# params they would rerun what they do not change, and behind an ancient() input Snakemake 9.27 overlooks a job's own changes
# whenever the input's job is to run.


rule exemplar:
    input:
        **large(problems=paths.PROBLEMS.with_(split="train")),
        originals=lambda wildcards: annotation.exemplar_of_originals(study, wildcards),
    output:
        paths.EXEMPLAR,
    log:
        paths.EXEMPLAR.log,
    benchmark:
        paths.EXEMPLAR.benchmark
    wildcard_constraints:
        teacher=paths.alternatives(annotation.teachers_except(study, "vllm")),
    conda:
        "../envs/annotate.yaml"
    threads: 1
    resources:
        **lanes.taken(study, lambda wildcards: wildcards.teacher, online=True),
        interpreter=resources.interpreter(study, "annotate"),
        request_policy=lambda wildcards: annotation.request_policy(
            study, wildcards.teacher
        ),
        mem_mb=2000,
        runtime=60,
    params:
        code=lambda _: fingerprint("exemplar"),
        settings=lambda wildcards: annotation.teacher_settings(study, wildcards.teacher),
        options=lambda wildcards: options(
            originals=annotation.exemplar_of_originals(study, wildcards)
        ),
    message:
        "Exemplar {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/exemplar.py'
        " --problems {input.problems:q}"
        " --dataset {wildcards.dataset}"
        " --teacher {wildcards.teacher}"
        " --format {wildcards.format}"
        " --teacher-settings {params.settings:q}"
        " --request-policy {resources.request_policy:q}"
        " {params.options}"
        ' --prompts "$GRADUS_PROMPTS"'
        ' --prices "$GRADUS"/prices.yaml'
        " --output {output:q}"
        " 2>&1 | tee {log:q}"


use rule exemplar as exemplar_served with:
    wildcard_constraints:
        teacher=paths.alternatives(annotation.teachers_of(study, "vllm")),
    conda:
        "../envs/generate-vllm.yaml"
    threads: 8
    resources:
        interpreter=resources.interpreter(study, "generate-vllm"),
        request_policy=lambda wildcards: annotation.request_policy(
            study, wildcards.teacher
        ),
        mem_mb=64000,
        runtime=720,
        gpu=lambda wildcards: study.teachers[wildcards.teacher].gpus,


rule annotate:
    input:
        **large(
            problems=paths.PROBLEMS.with_(split="train"),
            original=lambda wildcards: annotation.originals(study, wildcards),
        ),
        exemplars=lambda wildcards: annotation.exemplars(study, wildcards),
    output:
        annotations=paths.ANNOTATIONS,
        manifest=paths.ANNOTATIONS.manifest,
    log:
        paths.ANNOTATIONS.log,
    benchmark:
        paths.ANNOTATIONS.benchmark
    wildcard_constraints:
        teacher=paths.alternatives(
            annotation.teachers_except(study, "vllm", "mixed", "none")
        ),
        format=paths.alternatives(NAMED_FORMATS),
    retries: 1
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
        runtime=lambda wildcards: resources.asking_runtime(
            study, wildcards.teacher, 240
        ),
        cpus_per_task=1,
        together=lambda wildcards: resources.annotations_per_job(
            study, wildcards.teacher
        ),
    params:
        code=lambda _: fingerprint("annotate"),
        settings=lambda wildcards: annotation.teacher_settings(study, wildcards.teacher),
        retry=lambda _: annotation.retry_settings(study),
        prompts=lambda wildcards: annotation.prompt_hash(study, wildcards),
        content=lambda wildcards: annotation.local_content(study, wildcards),
        options=lambda wildcards: annotation.annotation_options(study, wildcards),
    message:
        "Annotations {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/annotate.py'
        " --problems {input.problems:q}"
        " --supervision {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
        " --teacher-settings {params.settings:q}"
        " --request-policy {resources.request_policy:q}"
        " --retry {params.retry:q}"
        " {params.options}"
        ' --prompts "$GRADUS_PROMPTS"'
        ' --prices "$GRADUS"/prices.yaml'
        " --output {output.annotations:q}"
        " 2>&1 | tee {log:q}"


use rule annotate as annotate_served with:
    wildcard_constraints:
        teacher=paths.alternatives(annotation.teachers_of(study, "vllm")),
        format=paths.alternatives(NAMED_FORMATS),
    conda:
        "../envs/generate-vllm.yaml"
    threads: 8
    resources:
        interpreter=resources.interpreter(study, "generate-vllm"),
        request_policy=lambda wildcards: annotation.request_policy(
            study, wildcards.teacher
        ),
        mem_mb=64000,
        runtime=720,
        gpu=lambda wildcards: study.teachers[wildcards.teacher].gpus,
