# Tables, figures and findings, from metric files alone.


localrules:
    table,
    figure,
    loss_figure,
    findings,


rule table:
    input:
        study=paths.STUDY_COPY,
        metrics=lambda wildcards: grid.experiment_metrics(study, wildcards.experiment),
    output:
        csv=report(
            paths.TABLE.replace("{suffix}", "csv"),
            category="Tables",
            caption="../report/table.rst",
            labels={"experiment": "{experiment}", "item": "table"},
        ),
        markdown=paths.TABLE.replace("{suffix}", "md"),
        latex=paths.TABLE.replace("{suffix}", "tex"),
    log:
        paths.log(paths.TABLE.replace("{suffix}", "csv")),
    benchmark:
        paths.benchmark(paths.TABLE.replace("{suffix}", "csv"))
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=fingerprint("tables"),
        experiment=lambda wildcards: jobs.settings(
            study.experiments[wildcards.experiment]
        ),
    message:
        "Table {wildcards.experiment}"
    shell:
        "python $GRADUS/scripts/tables.py"
        " --study {input.study:q}"
        " --experiment {wildcards.experiment:q}"
        " --output {output.csv:q}"
        " 2>&1 | tee {log:q}"


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
        mem_mb=2000,
        runtime=30,
    params:
        code=fingerprint("figures"),
        experiment=lambda wildcards: jobs.settings(
            study.experiments[wildcards.experiment]
        ),
    message:
        "Figure {wildcards.experiment}"
    shell:
        "python $GRADUS/scripts/figures.py"
        " --study {input.study:q}"
        " --experiment {wildcards.experiment:q}"
        " --output {output.svg:q} {output.pdf:q}"
        " 2>&1 | tee {log:q}"


rule loss_figure:
    input:
        study=paths.STUDY_COPY,
        traces=[
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
        mem_mb=2000,
        runtime=30,
    params:
        code=fingerprint("figures"),
    message:
        "Figure of the training loss"
    shell:
        "python $GRADUS/scripts/figures.py"
        " --study {input.study:q}"
        " --output {output.svg:q} {output.pdf:q}"
        " 2>&1 | tee {log:q}"


rule speed_figure:
    input:
        study=paths.STUDY_COPY,
        telemetry=[
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
        mem_mb=2000,
        runtime=30,
    params:
        code=fingerprint("figures"),
    message:
        "Figure of the training speed"
    shell:
        "python $GRADUS/scripts/figures.py"
        " --study {input.study:q}"
        " --speed"
        " --output {output.svg:q} {output.pdf:q}"
        " 2>&1 | tee {log:q}"


rule findings:
    input:
        study=paths.STUDY_COPY,
        metrics=grid.metrics_files(study, grid.cells(study)),
        audits=[
            paths.fill(paths.AUDIT, study.study, dataset=name)
            for name in study.datasets
        ],
        annotations=[
            paths.fill(paths.manifest(paths.ANNOTATIONS), study.study, place)
            for place in grid.supervisions(study)
        ],
    output:
        markdown=paths.FINDINGS,
        page=report(
            paths.FINDINGS_PAGE,
            category="Findings",
            caption="../report/findings.rst",
            labels={"experiment": "all", "item": "findings in words"},
        ),
        headline=paths.HEADLINE,
    log:
        paths.log(paths.FINDINGS),
    benchmark:
        paths.benchmark(paths.FINDINGS)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=fingerprint("findings"),
    message:
        "Findings in words"
    shell:
        "python $GRADUS/scripts/findings.py"
        " --study {input.study:q}"
        " --headline {output.headline:q}"
        " --page {output.page:q}"
        " --output {output.markdown:q}"
        " 2>&1 | tee {log:q}"
