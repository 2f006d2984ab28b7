# How natural supervisions are to base models, before any training; `student_fits: true` shows it beside the accuracies.


localrules:
    student_fits_shown,


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


rule text_scores:
    """Of the texts that a transform chooses from by what a base model makes of them."""
    input:
        **large(
            problems=paths.PROBLEMS.with_(split="train"),
            annotations=paths.ANNOTATIONS,
            model=paths.BASE_MODEL,
        ),
    output:
        scores=paths.TEXT_SCORES,
        manifest=paths.TEXT_SCORES.manifest,
    log:
        paths.TEXT_SCORES.log,
    benchmark:
        paths.TEXT_SCORES.benchmark
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "train"),
        mem_mb=lambda wildcards: resources.fit_memory(study, wildcards.student),
        runtime=240,
        gpu=lambda wildcards: resources.generation_gpus(study, wildcards.student),
    params:
        code=lambda _: fingerprint("text_scores"),
        student=lambda wildcards: training.base_folder(study, wildcards),
    message:
        "What {wildcards.student} makes of {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/text_scores.py'
        " --problems {input.problems:q}"
        " --annotations {input.annotations:q}"
        " --student {params.student:q}"
        " --threads {threads}"
        " --output {output.scores:q}"
        " 2>&1 | tee {log:q}"


rule student_fits_shown:
    """The fits beside what the students learned."""
    input:
        study=paths.STUDY_COPY,
        metrics=lambda _: grid.metrics_files(study, grid.cells(study)),
        fits=lambda _: grid.student_fits(study),
    output:
        csv=report(
            paths.FITS_TABLE.with_(suffix="csv"),
            category="Tables",
            caption="../report/student_fits.rst",
            labels={"experiment": "all", "item": "fit before training"},
        ),
        markdown=paths.FITS_TABLE.with_(suffix="md"),
        latex=paths.FITS_TABLE.with_(suffix="tex"),
        svg=report(
            paths.FITS_FIGURE.with_(suffix="svg"),
            category="Figures",
            caption="../report/student_fits.rst",
            labels={"experiment": "all", "item": "fit before training"},
        ),
        pdf=paths.FITS_FIGURE.with_(suffix="pdf"),
        shown=paths.FITS_FIGURE.with_(suffix="csv"),
    log:
        paths.FITS_TABLE.with_(suffix="csv").log,
    benchmark:
        paths.FITS_TABLE.with_(suffix="csv").benchmark
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("student_fits"),
    message:
        "Fit before training, and accuracy"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/student_fits.py'
        " --study {input.study:q}"
        " --table {output.csv:q}"
        " --figure {output.svg:q}"
        " 2>&1 | tee {log:q}"
