# Base models of students: built and warmed up, an earlier step of another one's warm-up, or a pinned reference to a local folder or
# the hub. A pretrained student is fetched on the login node: compute nodes of many clusters see no network.
# A scheduler sends its signals to every process of a job: tee must outlive the ranks, which have progress to save and report.


localrules:
    pretrained_student,


rule student:
    output:
        model=directory(paths.BASE_MODEL),
        manifest=paths.BASE_MODEL.manifest,
    log:
        paths.STUDENT.log,
    benchmark:
        paths.STUDENT.benchmark
    wildcard_constraints:
        student=paths.alternatives(training.built_students(study)),
    conda:
        "../envs/train.yaml"
    threads: lambda wildcards: resources.warm_up_ranks(study, wildcards.student)
    resources:
        interpreter=resources.interpreter(study, "train"),
        mem_mb=lambda wildcards, attempt: resources.warm_up_memory(
            study, wildcards.student, attempt
        ),
        runtime=120,
        save_every=lambda wildcards: resources.warm_up_save_every(
            study, wildcards.student
        ),
    params:
        code=lambda _: fingerprint("student"),
        settings=lambda wildcards: training.student_settings(study, wildcards.student),
        corpus=lambda wildcards: training.corpus_content(study, wildcards.student),
        folder=paths.STUDENT,
    message:
        "Base model {wildcards.student}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/student.py'
        " --student {wildcards.student:q}"
        " --settings {params.settings:q}"
        " --save-every {resources.save_every}"
        " --output {params.folder:q}"
        " 2>&1 | (trap '' TERM USR1; tee {log:q})"


rule earlier_student:
    input:
        **large(whole=lambda wildcards: training.whole_student(study, wildcards)),
    output:
        model=directory(paths.BASE_MODEL),
        manifest=paths.BASE_MODEL.manifest,
    log:
        paths.STUDENT.log,
    benchmark:
        paths.STUDENT.benchmark
    wildcard_constraints:
        student=paths.alternatives(training.earlier_students(study)),
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "train"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("student"),
        settings=lambda wildcards: training.student_settings(study, wildcards.student),
        folder=paths.STUDENT,
    message:
        "Base model {wildcards.student}, from an earlier step"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/student.py'
        " --student {wildcards.student:q}"
        " --settings {params.settings:q}"
        " --whole {input.whole:q}"
        " --output {params.folder:q}"
        " 2>&1 | tee {log:q}"


# Before any teacher is asked, the model is tried: first of all jobs, and while it runs no job that pays. What the study asks of
# it is a resource: as a param it would make a base model again, and all that is made from it, for another max_new_tokens.
rule pretrained_student:
    output:
        model=directory(paths.BASE_MODEL),
        manifest=paths.BASE_MODEL.manifest,
    log:
        paths.STUDENT.log,
    benchmark:
        paths.STUDENT.benchmark
    wildcard_constraints:
        student=paths.alternatives(training.pretrained_students(study)),
    priority: 100
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        **lanes.all_taken(study),
        interpreter=resources.interpreter(study, "train"),
        demands=lambda wildcards: training.student_demands(study, wildcards.student),
        mem_mb=4000,
        runtime=240,
    params:
        code=lambda _: fingerprint("student"),
        settings=lambda wildcards: training.student_settings(study, wildcards.student),
        template=lambda wildcards: training.template_hash(study, wildcards.student),
        content=lambda wildcards: training.model_content(study, wildcards.student),
        folder=paths.STUDENT,
    message:
        "Base model {wildcards.student}, pinned and tried"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/student.py'
        " --student {wildcards.student:q}"
        " --settings {params.settings:q}"
        " --demands {resources.demands:q}"
        " --output {params.folder:q}"
        " 2>&1 | tee {log:q}"
