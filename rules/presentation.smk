# Tables and figures of the experiments and the trainings, from metric files and training logs alone.


localrules:
    table,
    transfer_table,
    figure,
    loss_figure,
    speed_figure,


rule table:
    input:
        study=paths.STUDY_COPY,
        metrics=lambda wildcards: grid.experiment_metrics(study, wildcards.experiment),
    output:
        csv=report(
            paths.TABLE.with_(suffix="csv"),
            category="Tables",
            caption="../report/table.rst",
            labels={"experiment": "{experiment}", "item": "table"},
        ),
        markdown=paths.TABLE.with_(suffix="md"),
        latex=paths.TABLE.with_(suffix="tex"),
    log:
        paths.TABLE.with_(suffix="csv").log,
    benchmark:
        paths.TABLE.with_(suffix="csv").benchmark
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("tables"),
        experiment=lambda wildcards: as_json(study.experiments[wildcards.experiment]),
    message:
        "Table {wildcards.experiment}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/tables.py'
        " --study {input.study:q}"
        " --experiment {wildcards.experiment:q}"
        " --output {output.csv:q}"
        " 2>&1 | tee {log:q}"


rule transfer_table:
    """What students solve of other datasets than they were taught on."""
    input:
        study=paths.STUDY_COPY,
        metrics=lambda _: grid.metrics_files(study, grid.cells(study)),
    output:
        csv=report(
            paths.TRANSFER_TABLE.with_(suffix="csv"),
            category="Tables",
            caption="../report/transfer.rst",
            labels={"experiment": "all", "item": "in and out of domain"},
        ),
        markdown=paths.TRANSFER_TABLE.with_(suffix="md"),
        latex=paths.TRANSFER_TABLE.with_(suffix="tex"),
    log:
        paths.TRANSFER_TABLE.with_(suffix="csv").log,
    benchmark:
        paths.TRANSFER_TABLE.with_(suffix="csv").benchmark
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("transfer"),
    message:
        "Table of transfer"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/transfer.py'
        " --study {input.study:q}"
        " --output {output.csv:q}"
        " 2>&1 | tee {log:q}"


rule figure:
    input:
        study=paths.STUDY_COPY,
        metrics=lambda wildcards: grid.experiment_metrics(study, wildcards.experiment),
    output:
        svg=report(
            paths.FIGURE.with_(suffix="svg"),
            category="Figures",
            caption="../report/figure.rst",
            labels={"experiment": "{experiment}", "item": "figure"},
        ),
        pdf=paths.FIGURE.with_(suffix="pdf"),
        csv=paths.FIGURE.with_(suffix="csv"),
    log:
        paths.FIGURE.with_(suffix="svg").log,
    benchmark:
        paths.FIGURE.with_(suffix="svg").benchmark
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("figures"),
        experiment=lambda wildcards: as_json(study.experiments[wildcards.experiment]),
    message:
        "Figure {wildcards.experiment}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/figures.py'
        " --study {input.study:q}"
        " --experiment {wildcards.experiment:q}"
        " --output {output.svg:q} {output.pdf:q} {output.csv:q}"
        " 2>&1 | tee {log:q}"


rule loss_figure:
    input:
        study=paths.STUDY_COPY,
        traces=lambda _: [
            paths.TRACE.of(study, cell) for cell in grid.trained(grid.cells(study))
        ],
    output:
        svg=report(
            paths.LOSS_FIGURE.with_(suffix="svg"),
            category="Figures",
            caption="../report/loss.rst",
            labels={"experiment": "all", "item": "training loss"},
        ),
        pdf=paths.LOSS_FIGURE.with_(suffix="pdf"),
        csv=paths.LOSS_FIGURE.with_(suffix="csv"),
    log:
        paths.LOSS_FIGURE.with_(suffix="svg").log,
    benchmark:
        paths.LOSS_FIGURE.with_(suffix="svg").benchmark
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("figures"),
    message:
        "Figure of the training loss"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/figures.py'
        " --study {input.study:q}"
        " --output {output.svg:q} {output.pdf:q} {output.csv:q}"
        " 2>&1 | tee {log:q}"


rule speed_figure:
    input:
        study=paths.STUDY_COPY,
        telemetry=lambda _: [
            pattern.of(study, cell)
            for cell in grid.trained(grid.cells(study))
            for pattern in (paths.TELEMETRY, paths.TRACE)
        ],
    output:
        svg=report(
            paths.SPEED_FIGURE.with_(suffix="svg"),
            category="Figures",
            caption="../report/speed.rst",
            labels={"experiment": "all", "item": "training speed"},
        ),
        pdf=paths.SPEED_FIGURE.with_(suffix="pdf"),
        csv=paths.SPEED_FIGURE.with_(suffix="csv"),
    log:
        paths.SPEED_FIGURE.with_(suffix="svg").log,
    benchmark:
        paths.SPEED_FIGURE.with_(suffix="svg").benchmark
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("figures"),
    message:
        "Figure of the training speed"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/figures.py'
        " --study {input.study:q}"
        " --speed"
        " --output {output.svg:q} {output.pdf:q} {output.csv:q}"
        " 2>&1 | tee {log:q}"
