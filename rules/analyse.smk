# Tables and findings, from metric files alone.


localrules:
    table,
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
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("tables"),
        experiment=lambda wildcards: jobs.settings(
            study.experiments[wildcards.experiment]
        ),
    message:
        "Table {wildcards.experiment}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/tables.py"
        " --study {input.study:q}"
        " --experiment {wildcards.experiment:q}"
        " --output {output.csv:q}"
        " 2>&1 | tee {log:q}"


rule findings:
    input:
        study=paths.STUDY_COPY,
        metrics=lambda _: grid.metrics_files(study, grid.cells(study)),
        audits=[
            paths.fill(paths.AUDIT, study.study, dataset=name)
            for name in study.datasets
        ],
        annotation_audit=paths.ANNOTATION_AUDIT,
        teachers=lambda _: [
            paths.fill(paths.TEACHER_ACCURACY, study.study, place)
            for place in grid.accuracy_supervisions(study)
        ],
        annotations=lambda _: [
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
        published=paths.BESIDE_PUBLISHED,
        claims=report(
            paths.CLAIMS,
            category="Findings",
            caption="../report/claims.rst",
            labels={"experiment": "all", "item": "claims"},
        ),
        recommendation=report(
            paths.RECOMMENDATION,
            category="Findings",
            caption="../report/recommendation.rst",
            labels={"experiment": "all", "item": "recommendation"},
        ),
    log:
        paths.log(paths.FINDINGS),
    benchmark:
        paths.benchmark(paths.FINDINGS)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("findings"),
        numbers=lambda _: jobs.published_hash(),
    message:
        "Findings in words"
    shell:
        "{resources.interpreter} $GRADUS/scripts/findings.py"
        " --study {input.study:q}"
        " --headline {output.headline:q}"
        " --page {output.page:q}"
        " --claims {output.claims:q}"
        " --numbers $GRADUS/published/chen-2025.csv"
        " --published {output.published:q}"
        " --recommendation {output.recommendation:q}"
        " --output {output.markdown:q}"
        " 2>&1 | tee {log:q}"
