# What can be asked for by name: `snakemake TARGET`; `snakemake --list-target-rules` prints this page.


localrules:
    all,
    annotations,
    batches_submitted,
    batches_collected,
    audits,
    teacher_accuracies,
    student_fits,
    checkpoints,
    metrics,
    tables,
    figures,
    exhibits,


rule annotations:
    """What the teachers wrote, every row with its verdict."""
    input:
        lambda _: [
            paths.ANNOTATIONS.of(study, supervision)
            for supervision in grid.supervisions(study)
        ],


rule batches_submitted:
    """Batches of all teachers with mode: batch, submitted and not waited for."""
    input:
        lambda _: grid.batch_files(study, "submit"),


rule batches_collected:
    """The answers of those batches in the journal; what failed or expired is submitted again."""
    input:
        lambda _: grid.batch_files(study, "collect"),


rule audits:
    """What is known of problems and annotations: overlap, defects, lengths."""
    input:
        paths.ANNOTATION_AUDIT.of(study),


rule teacher_accuracies:
    """The teachers' own accuracies on the test split, gold hidden."""
    input:
        lambda _: [
            paths.TEACHER_ACCURACY.of(study, supervision)
            for supervision in grid.accuracy_supervisions(study)
        ],


rule student_fits:
    """How natural each supervision is to each base model, before any training."""
    input:
        paths.STUDY_COPY.of(study),
        lambda _: grid.student_fits(study),


rule checkpoints:
    """The fine-tuned students of all cells."""
    input:
        lambda _: [
            paths.WEIGHTS.manifest.of(study, cell)
            for cell in grid.trained(grid.cells(study))
        ],
        lambda _: leak_checks.leak_checks(study),


rule metrics:
    """The scores of all cells, and what each problem's answer was worth."""
    input:
        lambda _: grid.metrics_files(study, grid.cells(study)),
        lambda _: grid.scored_files(study, grid.cells(study)),


rule tables:
    """The table of every experiment as CSV, Markdown and LaTeX."""
    input:
        lambda _: grid.tables(study),


rule figures:
    """The figure of every experiment, the trainings' loss and speed, as SVG and PDF."""
    input:
        lambda _: grid.figures(study) + grid.speed_figures(study),


rule exhibits:
    """The paper's tables and figures that the study can show, compared with the printed numbers."""
    input:
        conditions.files(study),
