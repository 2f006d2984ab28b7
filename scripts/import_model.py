"""Import a model from a GGUF file: dequantised safetensors, its tokenizer and its chat template, with their provenance."""

from pathlib import Path

from gradus.runtime import program
from gradus.students.gguf import import_gguf


def main() -> None:
    options = program.parser(__doc__)
    options.add_argument("file", type=Path, help="a .gguf file")
    options.add_argument("folder", type=Path, help="where the model goes; a study names it under `model`")
    options.add_argument("--precision", choices=["fp32", "bf16"], default="fp32", help="number format of the weights")
    options.add_argument("--licence", help="the licence, where the file does not tell it")
    given = options.parse_args()
    found = import_gguf(given.file, given.folder, given.precision, given.licence)
    program.log.info(
        "%s: %s (%s, licence %s) from %s",
        given.folder,
        found.name or found.architecture,
        ", ".join(found.quantisation),
        found.licence or "not told",
        found.source,
    )


if __name__ == "__main__":
    program.run(main)
