# Findings: what the metrics of all cells say, in words and tested claims.


localrules:
    findings,


rule findings:
    input:
        study=paths.STUDY_COPY,
        metrics=lambda _: grid.metrics_files(study, grid.cells(study)),
        audits=[paths.AUDIT.of(study, dataset=name) for name in study.datasets],
        annotation_audit=paths.ANNOTATION_AUDIT,
        teachers=lambda _: [
            paths.TEACHER_ACCURACY.of(study, supervision)
            for supervision in grid.accuracy_supervisions(study)
        ],
        annotations=lambda _: [
            paths.ANNOTATIONS.manifest.of(study, supervision)
            for supervision in grid.supervisions(study)
        ],
        fits=lambda _: grid.student_fits(study) if study.student_fits else [],
    output:
        markdown=paths.FINDINGS,
        page=report(
            paths.FINDINGS_PAGE,
            category="Findings",
            caption="../report/findings.rst",
            labels={"experiment": "all", "item": "findings in words"},
        ),
        headline=paths.HEADLINE,
        published=paths.COMPARED_WITH_PUBLISHED,
        spent=paths.SPENT,
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
        paths.FINDINGS.log,
    benchmark:
        paths.FINDINGS.benchmark
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("findings"),
        numbers=lambda _: presentation.published_hash(),
    message:
        "Findings in words"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/findings.py'
        " --study {input.study:q}"
        " --headline {output.headline:q}"
        " --page {output.page:q}"
        " --claims {output.claims:q}"
        ' --numbers "$GRADUS"/published/chen-2025.csv'
        " --published {output.published:q}"
        " --spent {output.spent:q}"
        " --recommendation {output.recommendation:q}"
        " --output {output.markdown:q}"
        " 2>&1 | tee {log:q}"
