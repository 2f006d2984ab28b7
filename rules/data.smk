# Problems: every dataset in one form and its audit; and the resolved study file that later programs read.


localrules:
    study,
    data,
    leak_check,


rule study:
    output:
        paths.STUDY_COPY,
    log:
        paths.STUDY_COPY.log,
    benchmark:
        paths.STUDY_COPY.benchmark
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "data"),
        mem_mb=500,
        runtime=5,
    params:
        settings=lambda _: study.model_dump_json(),
    message:
        "Resolved study file"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/study.py --settings {params.settings:q} --output {output:q}'
        " 2>&1 | tee {log:q}"


rule data:
    output:
        problems=paths.PROBLEMS,
        manifest=paths.PROBLEMS.manifest,
    log:
        paths.PROBLEMS.log,
    benchmark:
        paths.PROBLEMS.benchmark
    priority: 50
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "data"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("data"),
        settings=lambda wildcards: data.settings(study, wildcards),
        content=lambda wildcards: data.content(study, wildcards),
    message:
        "Problems of {wildcards.dataset}, {wildcards.split}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/data.py'
        " --dataset {wildcards.dataset:q}"
        " --split {wildcards.split:q}"
        " --settings {params.settings:q}"
        " --output {output.problems:q}"
        " 2>&1 | tee {log:q}"


rule audit:
    input:
        **large(
            train=paths.PROBLEMS.with_(split="train"),
            test=paths.PROBLEMS.with_(split="test"),
            development=lambda wildcards: data.development(study, wildcards),
            others=lambda wildcards: data.others(study, wildcards),
        ),
    output:
        paths.AUDIT,
    log:
        paths.AUDIT.log,
    benchmark:
        paths.AUDIT.benchmark
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "data"),
        mem_mb=2000,
        runtime=30,
        together=24,
    params:
        code=lambda _: fingerprint("audit"),
        options=lambda wildcards: data.audit_options(study, wildcards),
    message:
        "Audit of {wildcards.dataset}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/audit.py'
        " --train {input.train:q}"
        " --test {input.test:q}"
        " {params.options}"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"


# Before anybody is trained and asked: no input of a training, which more test problems must not make again, but first in turn.
rule leak_check:
    input:
        **large(
            train=paths.PROBLEMS.with_(split="train"),
            asked=lambda wildcards: evaluation.problems(study, wildcards),
        ),
    output:
        paths.LEAK_CHECK,
    log:
        paths.LEAK_CHECK.log,
    benchmark:
        paths.LEAK_CHECK.benchmark
    priority: 100
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "data"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("leak_check"),
        options=lambda wildcards: data.leak_check_options(study, wildcards),
    message:
        "Leaks of {wildcards.problems} into the training problems of {wildcards.dataset}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/leak_check.py'
        " --train {input.train:q}"
        " --asked {input.asked:q}"
        " {params.options}"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"
