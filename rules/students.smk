# Base models: built and warmed up, or a pinned reference to a local folder or the hub.


rule student:
    output:
        model=directory(f"{paths.STUDENT}/model"),
        manifest=f"{paths.STUDENT}/manifest.json",
    log:
        paths.log(paths.STUDENT),
    benchmark:
        paths.benchmark(paths.STUDENT)
    conda:
        "../envs/train.yaml"
    threads: lambda wildcards: jobs.warm_up_ranks(study, wildcards.student)
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        code=fingerprint("student"),
        settings=lambda wildcards: jobs.student_settings(study, wildcards.student),
        folder=lambda wildcards: paths.STUDENT.format(**wildcards),
    message:
        "Base model {wildcards.student}"
    shell:
        "python $GRADUS/scripts/student.py"
        " --student {wildcards.student:q}"
        " --settings {params.settings:q}"
        " --output {params.folder:q}"
        " 2>&1 | (trap '' TERM USR1; tee {log:q})"
