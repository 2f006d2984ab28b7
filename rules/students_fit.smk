# How natural supervisions are to base models, before any training. Nothing else of a study needs it.


rule student_fit:
    input:
        **large(
            examples=paths.TRAINING_SET,
            model=lambda wildcards: training.base_model(study, wildcards),
        ),
    output:
        fit=paths.STUDENT_FIT,
    log:
        paths.STUDENT_FIT.log,
    benchmark:
        paths.STUDENT_FIT.benchmark
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "train"),
        mem_mb=lambda wildcards: resources.fit_memory(study, wildcards.student),
        runtime=240,
        gpu=lambda wildcards: resources.generation_gpus(study, wildcards.student),
    params:
        code=lambda _: fingerprint("student_fit"),
        student=lambda wildcards: training.base_folder(study, wildcards),
    message:
        "Fit of {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level} to {wildcards.student}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/student_fit.py'
        " --training-set {input.examples:q}"
        " --student {params.student:q}"
        " --threads {threads}"
        " --output {output.fit:q}"
        " 2>&1 | tee {log:q}"
