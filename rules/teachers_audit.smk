# The teachers examined: the audit of what they wrote, and their own accuracies on the test split, gold hidden.


rule annotation_audit:
    input:
        **large(annotations=grid.annotation_files(study)),
        study=paths.STUDY_COPY,
        audits=[paths.AUDIT.of(study, dataset=name) for name in study.datasets],
    output:
        facts=paths.ANNOTATION_AUDIT,
        markdown=paths.ANNOTATION_AUDIT_TEXT,
        page=report(
            paths.ANNOTATION_AUDIT_PAGE,
            category="Data",
            caption="../report/audit.rst",
            labels={"experiment": "all", "item": "audit of data and annotations"},
        ),
    log:
        paths.ANNOTATION_AUDIT.log,
    benchmark:
        paths.ANNOTATION_AUDIT.benchmark
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=4000,
        runtime=60,
    params:
        code=lambda _: fingerprint("annotation_audit"),
        prompts=annotation.exemplar_prompt_hashes(study),
    message:
        "Audit of annotations"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/annotation_audit.py'
        " --study {input.study:q}"
        ' --prompts "$GRADUS_PROMPTS"'
        " --page {output.page:q}"
        " --markdown {output.markdown:q}"
        " --output {output.facts:q}"
        " 2>&1 | tee {log:q}"


use rule annotate as teacher_answers with:
    input:
        **large(
            problems=paths.PROBLEMS.with_(split="test"),
            original=lambda wildcards: annotation.originals(
                study, wildcards, paths.TEACHER_ANSWERS
            ),
        ),
        exemplars=lambda wildcards: annotation.exemplars(study, wildcards),
    output:
        annotations=paths.TEACHER_ANSWERS,
        manifest=paths.TEACHER_ANSWERS.manifest,
    log:
        paths.TEACHER_ANSWERS.log,
    benchmark:
        paths.TEACHER_ANSWERS.benchmark
    params:
        code=lambda _: fingerprint("annotate"),
        settings=lambda wildcards: annotation.teacher_settings(study, wildcards.teacher),
        retry=lambda _: as_json({}),
        prompts=lambda wildcards: annotation.prompt_hash(
            study, wildcards, hide_gold=True
        ),
        options=lambda wildcards: annotation.answer_options(study, wildcards),
    message:
        "Test answers of the teacher {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"


use rule teacher_answers as teacher_answers_served with:
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


rule teacher_accuracy:
    input:
        **large(
            problems=paths.PROBLEMS.with_(split="test"), answers=paths.TEACHER_ANSWERS
        ),
    output:
        paths.TEACHER_ACCURACY,
    log:
        paths.TEACHER_ACCURACY.log,
    benchmark:
        paths.TEACHER_ACCURACY.benchmark
    conda:
        "../envs/evaluate.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "evaluate"),
        mem_mb=2000,
        runtime=lambda _, attempt: resources.quick_runtime(attempt),
        together=24,
    params:
        code=lambda _: fingerprint("teacher_accuracy"),
    message:
        "Accuracy of the teacher {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/teacher_accuracy.py'
        " --problems {input.problems:q}"
        " --answers {input.answers:q}"
        " --supervision {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"
