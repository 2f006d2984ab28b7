# Figures, from metric files and training logs alone.


localrules:
    figure,
    loss_figure,
    speed_figure,


rule figure:
    input:
        study=paths.STUDY_COPY,
        metrics=lambda wildcards: grid.experiment_metrics(study, wildcards.experiment),
    output:
        svg=report(
            paths.FIGURE.replace("{suffix}", "svg"),
            category="Figures",
            caption="../report/figure.rst",
            labels={"experiment": "{experiment}", "item": "figure"},
        ),
        pdf=paths.FIGURE.replace("{suffix}", "pdf"),
    log:
        paths.log(paths.FIGURE.replace("{suffix}", "svg")),
    benchmark:
        paths.benchmark(paths.FIGURE.replace("{suffix}", "svg"))
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("figures"),
        experiment=lambda wildcards: jobs.settings(
            study.experiments[wildcards.experiment]
        ),
    message:
        "Figure {wildcards.experiment}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/figures.py"
        " --study {input.study:q}"
        " --experiment {wildcards.experiment:q}"
        " --output {output.svg:q} {output.pdf:q}"
        " 2>&1 | tee {log:q}"


rule loss_figure:
    input:
        study=paths.STUDY_COPY,
        traces=lambda _: [
            paths.fill(paths.TRACE, study.study, cell) for cell in grid.cells(study)
        ],
    output:
        svg=report(
            paths.LOSS_FIGURE.replace("{suffix}", "svg"),
            category="Figures",
            caption="../report/loss.rst",
            labels={"experiment": "all", "item": "training loss"},
        ),
        pdf=paths.LOSS_FIGURE.replace("{suffix}", "pdf"),
    log:
        paths.log(paths.LOSS_FIGURE.replace("{suffix}", "svg")),
    benchmark:
        paths.benchmark(paths.LOSS_FIGURE.replace("{suffix}", "svg"))
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("figures"),
    message:
        "Figure of the training loss"
    shell:
        "{resources.interpreter} $GRADUS/scripts/figures.py"
        " --study {input.study:q}"
        " --output {output.svg:q} {output.pdf:q}"
        " 2>&1 | tee {log:q}"


rule speed_figure:
    input:
        study=paths.STUDY_COPY,
        telemetry=lambda _: [
            paths.fill(pattern, study.study, cell)
            for cell in grid.cells(study)
            for pattern in (paths.TELEMETRY, paths.TRACE)
        ],
    output:
        svg=report(
            paths.SPEED_FIGURE.replace("{suffix}", "svg"),
            category="Figures",
            caption="../report/speed.rst",
            labels={"experiment": "all", "item": "training speed"},
        ),
        pdf=paths.SPEED_FIGURE.replace("{suffix}", "pdf"),
    log:
        paths.log(paths.SPEED_FIGURE.replace("{suffix}", "svg")),
    benchmark:
        paths.benchmark(paths.SPEED_FIGURE.replace("{suffix}", "svg"))
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("figures"),
    message:
        "Figure of the training speed"
    shell:
        "{resources.interpreter} $GRADUS/scripts/figures.py"
        " --study {input.study:q}"
        " --speed"
        " --output {output.svg:q} {output.pdf:q}"
        " 2>&1 | tee {log:q}"
