# Rationales: one job per supervision; what was paid for lies in the journal, outside Snakemake's reach. Teachers that are
# served for the time of their job have a rule of their own (GPUs, environment), and so have transforms. Pace, budget and the
# like reach the jobs through the environment ($GRADUS_HANDLING): as params they would rerun what they do not change, and
# behind an ancient() input Snakemake 9.27 overlooks a job's own changes whenever the input's job is to run.


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
        mem_mb=2000,
        runtime=60,
        annotation_openai=lambda wildcards: jobs.provider_slot(
            study, wildcards.teacher, "openai"
        ),
        annotation_anthropic=lambda wildcards: jobs.provider_slot(
            study, wildcards.teacher, "anthropic"
        ),
    params:
        code=fingerprint("exemplar"),
        settings=lambda wildcards: jobs.teacher_settings(study, wildcards.teacher),
        options=lambda wildcards: jobs.options(
            originals=jobs.exemplar_of_originals(study, wildcards)
        ),
    message:
        "Exemplar {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}"
    shell:
        "python $GRADUS/scripts/exemplar.py"
        " --problems {input.problems:q}"
        " --dataset {wildcards.dataset}"
        " --teacher {wildcards.teacher}"
        " --format {wildcards.format}"
        " --teacher-settings {params.settings:q}"
        " {params.options}"
        " --prompts $GRADUS_PROMPTS"
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
        mem_mb=2000,
        runtime=240,
        annotation_openai=lambda wildcards: jobs.provider_slot(
            study, wildcards.teacher, "openai"
        ),
        annotation_anthropic=lambda wildcards: jobs.provider_slot(
            study, wildcards.teacher, "anthropic"
        ),
    params:
        code=fingerprint("annotate"),
        settings=lambda wildcards: jobs.teacher_settings(study, wildcards.teacher),
        again=lambda wildcards: jobs.again(study),
        prompts=lambda wildcards: jobs.prompt_hash(study, wildcards),
        options=lambda wildcards: jobs.annotation_options(study, wildcards),
    message:
        "Annotations {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        "python $GRADUS/scripts/annotate.py"
        " --problems {input.problems:q}"
        " --supervision {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
        " --teacher-settings {params.settings:q}"
        " --again {params.again:q}"
        " {params.options}"
        " --prompts $GRADUS_PROMPTS"
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
        mem_mb=64000,
        runtime=720,
        gpu=lambda wildcards: study.teachers[wildcards.teacher].gpus,


use rule annotate as teacher_answers with:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "test")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "test")),
        original=lambda wildcards: jobs.original_answers(study, wildcards),
        exemplars=lambda wildcards: jobs.exemplar_files(study, wildcards),
    output:
        annotations=paths.TEACHER_ANSWERS,
        manifest=paths.manifest(paths.TEACHER_ANSWERS),
    log:
        paths.log(paths.TEACHER_ANSWERS),
    benchmark:
        paths.benchmark(paths.TEACHER_ANSWERS)
    params:
        code=fingerprint("annotate"),
        settings=lambda wildcards: jobs.teacher_settings(study, wildcards.teacher),
        again=lambda wildcards: jobs.settings({}),
        prompts=lambda wildcards: jobs.prompt_hash(study, wildcards, hide_gold=True),
        options=lambda wildcards: jobs.annotation_options(
            study, wildcards, hide_gold=True
        ),
    message:
        "Test answers of the teacher {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"


use rule teacher_answers as teacher_answers_served with:
    wildcard_constraints:
        teacher=paths.alternatives(jobs.teachers_of(study, "vllm")),
        format=jobs.plain_formats(study),
    conda:
        "../envs/generate-vllm.yaml"
    threads: 8
    resources:
        mem_mb=64000,
        runtime=720,
        gpu=lambda wildcards: study.teachers[wildcards.teacher].gpus,


rule teacher_accuracy:
    input:
        problems=ancient(paths.PROBLEMS.replace("{split}", "test")),
        problems_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "test")),
        answers=ancient(paths.TEACHER_ANSWERS),
        answers_manifest=paths.manifest(paths.TEACHER_ANSWERS),
    output:
        paths.TEACHER_ACCURACY,
    log:
        paths.log(paths.TEACHER_ACCURACY),
    benchmark:
        paths.benchmark(paths.TEACHER_ACCURACY)
    conda:
        "../envs/evaluate.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=fingerprint("teacher_accuracy"),
    message:
        "Accuracy of the teacher {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        "python $GRADUS/scripts/teacher_accuracy.py"
        " --problems {input.problems:q}"
        " --answers {input.answers:q}"
        " --supervision {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"
