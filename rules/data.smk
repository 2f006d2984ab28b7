# Problems: every dataset in one form, its audit, and the resolved study file that later programs read.


localrules:
    study,
    data,


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
        interpreter=jobs.interpreter(study, "data"),
        mem_mb=500,
        runtime=5,
    params:
        settings=lambda wildcards: jobs.resolved(study),
    message:
        "Resolved study file"
    shell:
        "{resources.interpreter} $GRADUS/scripts/study.py --settings {params.settings:q} --output {output:q}"
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
        interpreter=jobs.interpreter(study, "data"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("data"),
        settings=lambda wildcards: jobs.data_settings(study, wildcards.dataset),
    message:
        "Problems of {wildcards.dataset}, {wildcards.split}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/data.py"
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
        interpreter=jobs.interpreter(study, "data"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("audit"),
    message:
        "Audit of {wildcards.dataset}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/audit.py"
        " --train {input.train:q}"
        " --test {input.test:q}"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"


rule annotation_audit:
    input:
        study=paths.STUDY_COPY,
        audits=[
            paths.fill(paths.AUDIT, study.study, dataset=name)
            for name in study.datasets
        ],
        annotations=ancient(grid.annotation_files(study)),
        annotation_manifests=[
            paths.manifest(path) for path in grid.annotation_files(study)
        ],
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
        paths.log(paths.ANNOTATION_AUDIT),
    benchmark:
        paths.benchmark(paths.ANNOTATION_AUDIT)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=4000,
        runtime=60,
    params:
        code=lambda _: fingerprint("annotation_audit"),
        prompts=jobs.all_prompts_hash(study),
    message:
        "Audit of annotations"
    shell:
        "{resources.interpreter} $GRADUS/scripts/annotation_audit.py"
        " --study {input.study:q}"
        ' --prompts "$GRADUS_PROMPTS"'
        " --page {output.page:q}"
        " --markdown {output.markdown:q}"
        " --output {output.facts:q}"
        " 2>&1 | tee {log:q}"
