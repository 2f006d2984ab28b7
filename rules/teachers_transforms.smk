# Transforms: supervisions that are made from others. Plug-ins ask nobody; edits are another teacher's, and so annotation jobs.


use rule annotate as rewrite with:
    input:
        **large(
            problems=paths.PROBLEMS.with_(split="train"),
            original=lambda wildcards: annotation.transform_sources(study, wildcards),
        ),
    wildcard_constraints:
        format=paths.alternatives(annotation.edited_formats(study, served=False)),
    threads: lambda wildcards: resources.editing_threads(study, wildcards.format)
    resources:
        **lanes.taken(
            study, lambda wildcards: annotation.editor_of(study, wildcards.format)
        ),
        interpreter=resources.interpreter(study, "annotate"),
        request_policy=lambda wildcards: annotation.request_policy(
            study, annotation.editor_of(study, wildcards.format)
        ),
        mem_mb=2000,
        runtime=lambda wildcards: resources.asking_runtime(
            study, annotation.editor_of(study, wildcards.format), 240
        ),
        cpus_per_task=1,
    params:
        code=lambda _: fingerprint("annotate"),
        settings=lambda wildcards: annotation.teacher_settings(
            study, annotation.editor_of(study, wildcards.format)
        ),
        retry=lambda _: annotation.retry_settings(study),
        prompts=lambda wildcards: annotation.edit_prompt_hash(study, wildcards),
        options=lambda wildcards: annotation.edit_options(study, wildcards),


use rule rewrite as rewrite_served with:
    wildcard_constraints:
        format=paths.alternatives(annotation.edited_formats(study, served=True)),
    conda:
        "../envs/generate-vllm.yaml"
    threads: 8
    resources:
        interpreter=resources.interpreter(study, "generate-vllm"),
        request_policy=lambda wildcards: annotation.request_policy(
            study, annotation.editor_of(study, wildcards.format)
        ),
        mem_mb=64000,
        runtime=720,
        gpu=lambda wildcards: study.teachers[
            annotation.editor_of(study, wildcards.format)
        ].gpus,


rule transform:
    input:
        **large(
            problems=paths.PROBLEMS.with_(split="train"),
            sources=lambda wildcards: annotation.transform_sources(study, wildcards),
            scores=lambda wildcards: annotation.transform_scores(study, wildcards),
            solved=lambda wildcards: annotation.transform_solved(study, wildcards),
        ),
        student=lambda wildcards: annotation.transform_student(
            study, wildcards, paths.BASE_MODEL.manifest
        ),
    output:
        annotations=paths.ANNOTATIONS,
        manifest=paths.ANNOTATIONS.manifest,
    log:
        paths.ANNOTATIONS.log,
    benchmark:
        paths.ANNOTATIONS.benchmark
    wildcard_constraints:
        format=paths.alternatives(annotation.plugin_formats(study)),
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "train"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("transform"),
        settings=lambda wildcards: as_json(
            study.transforms[wildcards.format].identity()
        ),
        options=lambda wildcards: annotation.transform_options(study, wildcards),
    message:
        "Annotations {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/transform.py'
        " --problems {input.problems:q}"
        " --supervision {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
        " --settings {params.settings:q}"
        " --sources {input.sources:q}"
        " {params.options}"
        " --output {output.annotations:q}"
        " 2>&1 | tee {log:q}"
