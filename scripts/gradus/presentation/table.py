"""Tables: one layout, written as CSV for machines, Markdown for people and LaTeX for papers, with one escape each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from unicodedata import category

from gradus.presentation.emphasis import BOLD_NOTE, may_be_best
from gradus.presentation.number import Number, with_uncertainty
from gradus.runtime.markdown import markdown_table, one_line

# None: nobody asked for this number.
Cell = str | Number | None

# What LaTeX reads as a command, and signs that its fonts or its input encoding may lack.
_SPECIAL = (
    r"% \%  & \&  _ \_  # \#  $ \$  { \{  } \}  \ \textbackslash{}  ^ \textasciicircum{}  ~ \textasciitilde{}  "
    r"< \textless{}  > \textgreater{}  | \textbar{}"
)
_SIGNS = (
    r"± $\pm$  † \dag{}  ‡ \ddag{}  § \S{}  ¶ \P{}  – --  — ---  … \dots{}  “ ``  ” ''  ‘ `  ’ '  € \texteuro{}  ² $^2$  ³ $^3$  "
    r"× $\times$  ÷ $\div$  · $\cdot$  ° $^\circ$  − $-$  ≤ $\leq$  ≥ $\geq$  ≠ $\neq$  ≈ $\approx$  ∞ $\infty$  √ $\surd$  "
    r"→ $\rightarrow$  ← $\leftarrow$  ∈ $\in$  ∑ $\sum$  ∆ $\Delta$"
)
_LATEX_SIGNS = dict(pair.split() for pair in _SIGNS.split("  "))
_LATEX = _LATEX_SIGNS | dict(pair.split() for pair in _SPECIAL.split("  "))


@dataclass(frozen=True)
class Table:
    """Rows under their heads; the first ``names`` columns name a row, the others hold its numbers.

    ``align`` has a letter (``l`` or ``r``) per column; without it names stand left and numbers right. ``bold`` sets those
    numbers in bold type that may be the best of their row, or of their column among rows that differ in their last name alone
    (``emphasis``). A ``wide`` table takes both columns of a
    LaTeX page in small print: rows are grouped by their first name and intervals rounded to whole numbers.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    names: int = 1
    align: str = ""
    bold: Literal["row", "column", "none"] = "none"
    caption: str = ""
    label: str = ""
    note: str = ""
    wide: bool = False
    latex_intervals: bool = True

    @property
    def numbers(self) -> list[Number]:
        """All numbers, row by row."""
        return [cell for row in self.rows for cell in row if isinstance(cell, Number)]

    def is_best(self, row: int, column: int) -> bool:
        """Whether a test supports that a cell may be the best of its rivals and some other may not."""
        own = self.rows[row]
        cell = own[column]
        if self.bold == "none" or not isinstance(cell, Number):
            return False
        group = own[: self.names - 1]
        rivals = own if self.bold == "row" else [r[column] for r in self.rows if r[: self.names - 1] == group]
        numbers = tuple(rival for rival in rivals if isinstance(rival, Number))
        return any(numbers[index] is cell for index in may_be_best(numbers))

    @property
    def has_bold(self) -> bool:
        """Whether anything is in bold type."""
        return any(self.is_best(y, x) for y, row in enumerate(self.rows) for x in range(len(row)))

    @property
    def explained(self) -> Table:
        """The same with a sentence on what is bold in its note, where something is."""
        return replace(self, note=self.note + BOLD_NOTE.format(rivals=self.bold)) if self.has_bold else self

    def markdown(self) -> str:
        """Heads and rows, without caption and note; ends in a line feed."""
        align = self.align or "l" * self.names + "r" * (len(self.heads) - self.names)
        rows = [
            [self._markdown_cell(cell, self.is_best(y, x)) for x, cell in enumerate(row)]
            for y, row in enumerate(self.rows)
        ]
        return markdown_table(self.heads, rows, align)

    def _markdown_cell(self, cell: Cell, is_best: bool) -> str:
        if not isinstance(cell, Number):
            return cell or ""
        return with_uncertainty(cell, f"**{cell.text}**{cell.signs}" if is_best else f"{cell.text}{cell.signs}")

    def latex(self) -> str:
        """A booktabs table with caption, note and label."""
        names, numbers = self.heads[: self.names], self.heads[self.names :]
        environment = "table*" if self.wide else "table"
        heads = [*(names if self.wide else (name.capitalize() for name in names)), *numbers]
        lines = [
            rf"\begin{{{environment}}}",
            r"\centering",
            *([r"\scriptsize\setlength{\tabcolsep}{2.5pt}"] if self.wide else []),
            rf"\caption{{{escape_latex(self.caption)} {escape_latex(self.note)}}}",
            rf"\label{{tab:{self.label}}}",
            rf"\begin{{tabular}}{{{'l' * len(names)}{'r' * len(numbers)}}}",
            r"\toprule",
            " & ".join(map(escape_latex, heads)) + r" \\",
            *([] if self.wide else [r"\midrule"]),
        ]
        group: Cell = None
        for y, row in enumerate(self.rows):
            cells = [self._latex_cell(cell, self.is_best(y, x)) for x, cell in enumerate(row)]
            if self.wide and row[0] != group:
                lines.append(r"\midrule")
                group = row[0]
            elif self.wide:
                cells[0] = ""
            lines.append(" & ".join(cells) + r" \\")
        return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", rf"\end{{{environment}}}"]) + "\n"

    def _latex_cell(self, cell: Cell, is_best: bool) -> str:
        if not isinstance(cell, Number):
            return escape_latex(cell or "")
        parts = [(rf"\textbf{{{cell.text}}}" if is_best else cell.text) + cell.signs]
        if cell.value is not None and cell.low is not None and self.latex_intervals:
            if self.wide:
                parts[0] += rf"{{\tiny {cell.spread.replace(' ', '')}}}" if cell.spread else ""
                parts.append(rf"{{\tiny{cell.interval(digits=0)}}}")
            else:
                parts += [*([cell.spread] if cell.spread else []), rf"{{\scriptsize{cell.interval()}}}"]
        return "".join(_LATEX_SIGNS.get(sign, sign) for sign in " ".join(parts))


def escape_latex(text: str) -> str:
    """Plain text as LaTeX; letters of all scripts stay, because their fonts are the document's own choice."""
    return "".join(map(_latex, one_line(text)))


def _latex(sign: str) -> str:
    is_text = sign.isascii() or category(sign)[0] in "LM"
    return _LATEX.get(sign, sign if is_text else f"[U+{ord(sign):04X}]")


def csv_text(heads: Sequence[str], rows: Iterable[Sequence[str | float | None]], form: str = ".4f") -> str:
    """Heads and rows as CSV: floats in ``form``, true and false in small letters, nothing for None."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(heads)
    writer.writerows([_csv_value(value, form) for value in row] for row in rows)
    return stream.getvalue()


def _csv_value(value: str | float | None, form: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:{form}}" if isinstance(value, float) else str(value)
