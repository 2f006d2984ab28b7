# The paper's tables and figures from this study, compared with the printed numbers; every number is from metric files.


localrules:
    exhibit_table,
    exhibit_figure,


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
