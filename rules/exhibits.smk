# The paper's tables and figures from this study, beside the printed numbers; every number from metric files.


localrules:
    exhibit_table,
    exhibit_figure,


rule exhibit_table:
    input:
        study=paths.STUDY_COPY,
        shown=lambda wildcards: conditions.inputs(study, wildcards.exhibit),
    output:
        csv=report(
            paths.EXHIBIT.replace("{suffix}", "csv"),
            category="The paper's tables and figures",
            caption="../report/exhibit.rst",
            labels={"exhibit": "{exhibit}", "item": "numbers"},
        ),
        markdown=paths.EXHIBIT.replace("{suffix}", "md"),
        latex=paths.EXHIBIT.replace("{suffix}", "tex"),
    log:
        paths.log(paths.EXHIBIT.replace("{suffix}", "csv")),
    benchmark:
        paths.benchmark(paths.EXHIBIT.replace("{suffix}", "csv"))
    wildcard_constraints:
        exhibit=paths.alternatives(conditions.TABLES),
    conda:
        "../envs/analyse.yaml"
    threads: 1
    resources:
        interpreter=jobs.interpreter(study, "analyse"),
        mem_mb=4000,
        runtime=30,
    params:
        code=lambda _: fingerprint("exhibits"),
        numbers=lambda _: jobs.published_hash(),
    message:
        "The paper's {wildcards.exhibit}"
    shell:
        "{resources.interpreter} $GRADUS/scripts/exhibits.py"
        " --study {input.study:q}"
        " --exhibit {wildcards.exhibit:q}"
        " --numbers $GRADUS/published/chen-2025.csv"
        " --output {output.csv:q}"
        " 2>&1 | tee {log:q}"


use rule exhibit_table as exhibit_figure with:
    output:
        csv=paths.EXHIBIT.replace("{suffix}", "csv"),
        markdown=paths.EXHIBIT.replace("{suffix}", "md"),
        svg=report(
            paths.EXHIBIT.replace("{suffix}", "svg"),
            category="The paper's tables and figures",
            caption="../report/exhibit.rst",
            labels={"exhibit": "{exhibit}", "item": "figure"},
        ),
        pdf=paths.EXHIBIT.replace("{suffix}", "pdf"),
    log:
        paths.log(paths.EXHIBIT.replace("{suffix}", "svg")),
    benchmark:
        paths.benchmark(paths.EXHIBIT.replace("{suffix}", "svg"))
    wildcard_constraints:
        exhibit=paths.alternatives(conditions.FIGURES),
