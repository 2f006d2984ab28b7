# Problems: every dataset in one form, its audit, and the resolved study file that later programs read.


localrules:
    study,


rule study:
    output:
        paths.STUDY_COPY,
    log:
        paths.log(paths.STUDY_COPY),
    benchmark:
        paths.benchmark(paths.STUDY_COPY)
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=5,
    params:
        settings=grid.resolved(study),
    message:
        "Resolved study file"
    shell:
        "python $GRADUS/scripts/study.py --settings {params.settings:q} --output {output:q}"
        " 2>&1 | tee {log:q}"


rule data:
    output:
        problems=paths.PROBLEMS,
        manifest=paths.manifest(paths.PROBLEMS),
    log:
        paths.log(paths.PROBLEMS),
    benchmark:
        paths.benchmark(paths.PROBLEMS)
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=fingerprint("data"),
        settings=lambda wildcards: grid.data_settings(study, wildcards.dataset),
    message:
        "Problems of {wildcards.dataset}, {wildcards.split}"
    shell:
        "python $GRADUS/scripts/data.py"
        " --dataset {wildcards.dataset:q}"
        " --split {wildcards.split:q}"
        " --settings {params.settings:q}"
        " --output {output.problems:q}"
        " 2>&1 | tee {log:q}"


rule audit:
    input:
        train=ancient(paths.PROBLEMS.replace("{split}", "train")),
        train_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "train")),
        test=ancient(paths.PROBLEMS.replace("{split}", "test")),
        test_manifest=paths.manifest(paths.PROBLEMS.replace("{split}", "test")),
    output:
        paths.AUDIT,
    log:
        paths.log(paths.AUDIT),
    benchmark:
        paths.benchmark(paths.AUDIT)
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=fingerprint("audit"),
    message:
        "Audit of {wildcards.dataset}"
    shell:
        "python $GRADUS/scripts/audit.py"
        " --train {input.train:q}"
        " --test {input.test:q}"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"
