# Base models: built and warmed up (a training), or a pinned reference to a local folder or the hub (a download, which stays
# on the login node: many clusters' compute nodes see no network).


localrules:
    pretrained_student,


rule student:
    output:
        model=directory(f"{paths.STUDENT}/model"),
        manifest=f"{paths.STUDENT}/manifest.json",
    log:
        paths.log(paths.STUDENT),
    benchmark:
        paths.benchmark(paths.STUDENT)
    wildcard_constraints:
        student=paths.alternatives(jobs.built_students(study)),
    conda:
        "../envs/train.yaml"
    threads: lambda wildcards: jobs.warm_up_ranks(study, wildcards.student)
    resources:
        interpreter=jobs.interpreter(study, "train"),
        mem_mb=8000,
        runtime=120,
    params:
        code=lambda _: fingerprint("student"),
        settings=lambda wildcards: jobs.student_settings(study, wildcards.student),
        folder=lambda wildcards: paths.STUDENT.format(**wildcards),
    message:
        "Base model {wildcards.student}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/student.py"
        " --student {wildcards.student:q}"
        " --settings {params.settings:q}"
        " --output {params.folder:q}"
        " 2>&1 | (trap '' TERM USR1; tee {log:q})"


use rule student as pretrained_student with:
    wildcard_constraints:
        student=paths.alternatives(jobs.pretrained_students(study)),
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "train"),
        mem_mb=2000,
        runtime=240,
