"""Terminal: what a run shows while it runs, one line that says where it stands; Snakemake's full log stays in its file."""
