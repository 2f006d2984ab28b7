# The paper's tables and figures from this study, compared with the printed numbers; every number is from metric files.


localrules:
    exhibit_table,
    exhibit_figure,
    manuscript,


rule exhibit_table:
    input:
        study=paths.STUDY_COPY,
        shown=lambda wildcards: conditions.inputs(study, wildcards.exhibit),
    output:
        csv=report(
            paths.EXHIBIT.with_(suffix="csv"),
            category="The paper's tables and figures",
            caption="../report/exhibit.rst",
            labels={"exhibit": "{exhibit}", "item": "numbers"},
        ),
        markdown=paths.EXHIBIT.with_(suffix="md"),
        latex=paths.EXHIBIT.with_(suffix="tex"),
    log:
        paths.EXHIBIT.with_(suffix="csv").log,
    benchmark:
        paths.EXHIBIT.with_(suffix="csv").benchmark
    wildcard_constraints:
        exhibit=paths.alternatives(conditions.TABLES),
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=4000,
        runtime=30,
    params:
        code=lambda _: fingerprint("exhibits"),
        numbers=lambda _: presentation.published_hash(),
    message:
        "The paper's {wildcards.exhibit}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/exhibits.py'
        " --study {input.study:q}"
        " --exhibit {wildcards.exhibit:q}"
        ' --numbers "$GRADUS"/published/chen-2025.csv'
        " --output {output.csv:q}"
        " 2>&1 | tee {log:q}"


use rule exhibit_table as exhibit_figure with:
    output:
        csv=paths.EXHIBIT.with_(suffix="csv"),
        markdown=paths.EXHIBIT.with_(suffix="md"),
        svg=report(
            paths.EXHIBIT.with_(suffix="svg"),
            category="The paper's tables and figures",
            caption="../report/exhibit.rst",
            labels={"exhibit": "{exhibit}", "item": "figure"},
        ),
        pdf=paths.EXHIBIT.with_(suffix="pdf"),
    log:
        paths.EXHIBIT.with_(suffix="svg").log,
    benchmark:
        paths.EXHIBIT.with_(suffix="svg").benchmark
    wildcard_constraints:
        exhibit=paths.alternatives(conditions.FIGURES),


rule manuscript:
    """A LaTeX document (paper/main.tex) with every table and figure of the study, its methods, and each number as a macro."""
    input:
        study=paths.STUDY_COPY.of(study),
        metrics=lambda _: grid.metrics_files(study, grid.cells(study)),
        claims=paths.CLAIMS.of(study),
        tables=[
            path for path in targets.shown_in_a_paper(study) if path.endswith(".tex")
        ],
        figures=[
            path for path in targets.shown_in_a_paper(study) if path.endswith(".pdf")
        ],
    output:
        document=paths.MANUSCRIPT.of(study),
        methods=paths.METHODS.of(study),
        numbers=paths.MACROS.of(study),
    log:
        paths.MANUSCRIPT.log.of(study),
    benchmark:
        paths.MANUSCRIPT.benchmark.of(study)
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "analyse"),
        mem_mb=2000,
        runtime=30,
    params:
        code=lambda _: fingerprint("manuscript"),
    message:
        "Manuscript"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/manuscript.py'
        " --study {input.study:q}"
        " --claims {input.claims:q}"
        " --tables {input.tables:q}"
        " --figures {input.figures:q}"
        " --output {output.document:q}"
        " 2>&1 | tee {log:q}"
