# The teachers' own accuracies on the test split, gold hidden: their answers, and what they are worth.


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
        code=lambda _: fingerprint("annotate"),
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
        interpreter=jobs.interpreter(study, "generate-vllm"),
        request_policy=lambda wildcards: jobs.request_policy(study, wildcards.teacher),
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
        interpreter=jobs.interpreter(study, "evaluate"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("teacher_accuracy"),
    message:
        "Accuracy of the teacher {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/teacher_accuracy.py"
        " --problems {input.problems:q}"
        " --answers {input.answers:q}"
        " --supervision {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"
