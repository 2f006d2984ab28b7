# Students: training sets, and one DeepSpeed job per cell.
# A scheduler sends its signals to every process of a job: tee must outlive the ranks, which have progress to save and report.


rule training_set:
    input:
        **large(
            problems=paths.PROBLEMS.with_(split="train"),
            annotations=paths.ANNOTATIONS,
            model=lambda wildcards: training.base_model(study, wildcards),
        ),
    output:
        examples=paths.TRAINING_SET,
        manifest=paths.TRAINING_SET.manifest,
    log:
        paths.TRAINING_SET.log,
    benchmark:
        paths.TRAINING_SET.benchmark
    conda:
        "../envs/train.yaml"
    threads: 1
    resources:
        interpreter=resources.interpreter(study, "train"),
        mem_mb=2000,
        runtime=lambda _, attempt: resources.quick_runtime(attempt),
        # So many go to a scheduler as one job (gradus/workflow/sharing.py).
        together=24,
    params:
        code=lambda _: fingerprint("training_set"),
        settings=lambda wildcards: training.training_set_settings(study, wildcards),
        student=lambda wildcards: training.base_folder(study, wildcards),
    message:
        "Training set {wildcards.dataset}/{wildcards.teacher}/{wildcards.format}/{wildcards.level} for {wildcards.student}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/training_set.py'
        " --problems {input.problems:q}"
        " --annotations {input.annotations:q}"
        " --student {params.student:q}"
        " --settings {params.settings:q}"
        " --output {output.examples:q}"
        " 2>&1 | tee {log:q}"


rule train:
    input:
        **large(
            examples=paths.TRAINING_SET,
            model=lambda wildcards: training.base_model(study, wildcards),
        ),
    output:
        weights=directory(paths.WEIGHTS),
        trace=paths.TRACE,
        telemetry=paths.TELEMETRY,
        manifest=paths.WEIGHTS.manifest,
    log:
        paths.CHECKPOINT.log,
    benchmark:
        paths.CHECKPOINT.benchmark
    wildcard_constraints:
        student=paths.alternatives(training.students_on_one_node(study)),
    retries: 3
    conda:
        "../envs/train.yaml"
    threads: lambda wildcards: resources.training_cpus(study, wildcards.student)
    resources:
        interpreter=resources.interpreter(study, "train"),
        mem_mb=lambda wildcards, attempt: resources.training_memory(
            study, wildcards.student, attempt
        ),
        runtime=lambda wildcards: resources.training_runtime(study, wildcards.student),
        gpu=lambda wildcards: resources.training_gpus(study, wildcards.student),
        budget_gpu_hours=str(study.budget_gpu_hours or "inf"),
        save_every=lambda wildcards: resources.save_every(study, wildcards.student),
        nodes=1,
        together=lambda wildcards: resources.cells_per_job(study, wildcards.student),
    params:
        code=lambda _: fingerprint("train"),
        settings=lambda wildcards: training.training_settings(
            study, wildcards.student, int(wildcards.seed)
        ),
        cell=paths.CELL,
        student=lambda wildcards: training.base_folder(study, wildcards),
        folder=paths.CHECKPOINT,
    message:
        "Training {params.cell}"
    shell:
        '{resources.interpreter} "$GRADUS"/scripts/train.py'
        " --cell {params.cell:q}"
        " --training-set {input.examples:q}"
        " --student {params.student:q}"
        " --settings {params.settings:q}"
        " --nodes {resources.nodes}"
        " --cpus {threads}"
        " --gpus $(({resources.gpu} / {resources.nodes}))"
        " --budget-gpu-hours {resources.budget_gpu_hours}"
        " --save-every {resources.save_every}"
        " --output {params.folder:q}"
        " 2>&1 | (trap '' TERM USR1; tee {log:q})"


use rule train as train_on_nodes with:
    wildcard_constraints:
        student=paths.alternatives(training.students_on_several_nodes(study)),
    resources:
        interpreter=resources.interpreter(study, "train"),
        mem_mb=lambda wildcards, attempt: resources.training_memory(
            study, wildcards.student, attempt
        ),
        runtime=lambda wildcards: resources.training_runtime(study, wildcards.student),
        gpu=lambda wildcards: resources.training_gpus(study, wildcards.student),
        budget_gpu_hours=str(study.budget_gpu_hours or "inf"),
        save_every=lambda wildcards: resources.save_every(study, wildcards.student),
        nodes=lambda wildcards: study.students[wildcards.student].resources.nodes,
        # One launcher per node, started by the program itself: `mpi` keeps SLURM's plugin from wrapping the job in one srun.
        tasks=lambda wildcards: study.students[wildcards.student].resources.nodes,
        tasks_per_gpu=-1,
        mpi="srun",
        slurm_extra=lambda wildcards: resources.gpus_per_node(study, wildcards.student),
