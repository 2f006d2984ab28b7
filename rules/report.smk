# What people look at: the explorer, the browsable report, what there is so far, and the plan that comes before everything.


localrules:
    explorer,
    report,
    so_far,
    plan,


rule explorer:
    """The explorer (explorer.html): the grid, every cell with sample texts, claims and audit in one page without a server."""
    input:
        study=paths.fill(paths.STUDY_COPY, study.study),
        metrics=lambda _: grid.metrics_files(study, grid.cells(study)),
        claims=paths.fill(paths.CLAIMS, study.study),
        recommendation=paths.fill(paths.RECOMMENDATION, study.study),
        annotation_audit=paths.fill(paths.ANNOTATION_AUDIT, study.study),
        audits=[
            paths.fill(paths.AUDIT, study.study, dataset=name)
            for name in study.datasets
        ],
    output:
        report(
            paths.fill(paths.EXPLORER, study.study),
            category="Findings",
            caption="../report/explorer.rst",
            labels={"experiment": "all", "item": "explorer"},
        ),
    log:
        paths.fill(paths.log(paths.EXPLORER), study.study),
    benchmark:
        paths.fill(paths.benchmark(paths.EXPLORER), study.study)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=4000,
        runtime=30,
    params:
        code=lambda _: fingerprint("explorer"),
        page=lambda _: jobs.explorer_hash(),
    message:
        "Explorer"
    shell:
        "{resources.interpreter} $GRADUS/scripts/explorer.py"
        " --study {input.study:q}"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"


rule report:
    """The browsable report (report.zip): tables, figures and findings with captions and labels."""
    input:
        study=paths.fill(paths.STUDY_COPY, study.study),
        shown=lambda _: list(targets.report_items(study)),
    output:
        paths.fill(paths.REPORT, study.study),
    log:
        paths.fill(paths.log(paths.REPORT), study.study),
    benchmark:
        paths.fill(paths.benchmark(paths.REPORT), study.study)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("report"),
    message:
        "Report"
    shell:
        "{resources.interpreter} $GRADUS/scripts/report.py"
        " --study {input.study:q}"
        " --output {output:q}"
        " 2>&1 | tee {log:q}"


rule so_far:
    """Exhibits, explorer and report of what there is by now, missing cells visible; runs no job of the study."""
    input:
        study=paths.fill(paths.STUDY_COPY, study.study),
    log:
        paths.fill(paths.log(paths.SO_FAR), study.study),
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=4000,
        runtime=30,
    params:
        folder=paths.fill(paths.SO_FAR, study.study),
    message:
        "What there is so far"
    shell:
        "{resources.interpreter} $GRADUS/scripts/so_far.py"
        " --study {input.study:q}"
        " --numbers $GRADUS/published/chen-2025.csv"
        " --output {params.folder:q}"
        " 2>&1 | tee {log:q}"


rule plan:
    """What the study will ask for and take (jobs, requests, tokens, disk), before anything runs; always run anew."""
    input:
        study=paths.fill(paths.STUDY_COPY, study.study),
    log:
        paths.fill(paths.log(paths.PLAN), study.study),
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        folder=paths.fill(paths.PLAN, study.study),
    message:
        "Plan"
    shell:
        "{resources.interpreter} $GRADUS/scripts/plan.py"
        " --study {input.study:q}"
        ' --prompts "$GRADUS_PROMPTS"'
        " --prices $GRADUS/prices.yaml"
        " --output {params.folder:q}"
        " 2>&1 | tee {log:q}"
