// What all pages share: the facts, the state (which the address keeps), and short ways to make elements.
const facts = JSON.parse(document.getElementById("facts").textContent);
// A supervision without its dataset is an axis too: its squares mix nothing but seeds.
for (const cell of facts.cells) cell.supervision = `${cell.teacher}/${cell.format}/${cell.level}`;
facts.axes.supervision = [...new Set(facts.cells.map((cell) => cell.supervision))];
const AXES = ["dataset", "teacher", "format", "level", "student", "seed", "supervision"];
const PAGES = ["experiments", "grid", "problems", "claims", "audit", "help"];
const state = {
  page: "experiments", rows: "supervision", columns: "student", only: {}, opened: null, kept: null, filter: "all", verdict: "all",
  problems: { dataset: facts.axes.dataset[0], teacher: null, training: 0, test: 0, show: "all", search: "", first: null, second: null },
};

const $ = (id) => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element[key] = value;
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
};
const draw = (tag, attributes = {}, ...children) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
};
const select = (label, options, value, change, disabled = false) => {
  const control = make("select", { "aria-label": label, disabled, onchange: (event) => change(event.target.value) });
  for (const [key, text] of options) control.append(make("option", { value: key, selected: key === value }, text));
  return make("label", { title: meaningOf(label) ?? null }, label, control);
};

const percent = (share) => (100 * share).toFixed(1);
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const cellName = (cell) => `${cell.dataset}/${cell.teacher}/${cell.format}/${cell.level}/${cell.student}/seed${cell.seed}`;
const marksOf = (cells) => (cells.some((cell) => cell.leaked) ? "‡" : "") + (cells.some((cell) => cell.excerpt) ? "§" : "") + (cells.some((cell) => cell.no_end) ? "¶" : "");
// Wilson's interval, as tables and findings have it.
const wilson = (share, n) => {
  const z = 1.959964, p = Math.round(share * n) / n, middle = (p + z * z / (2 * n)) / (1 + z * z / n);
  const half = z / (1 + z * z / n) * Math.sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
};

// Words that are ours, told where the pointer or the focus is, by docs/glossary.md; a page that was made without it has none.
const TERMS = facts.terms ?? {};
const MEANT = { "p (adjusted)": "adjusted p", "estimate, 95 %": "interval", "accuracy on test": "accuracy", "verdicts": "verdict", "seed": "seeds", "claims": "claim", "speaks of": "reach" };
// Heads and labels have a word of their own; in texts these are looked for.
const INSIDE = ["gain", "margin", "baselines", "log odds", "untaught", "answer-only", "native", "excerpt", "another dataset", "optimism", "†", "‡", "§", "¶"].filter((word) => TERMS[word]);
const DEFECTS = ["rewrite changed steps", "same text as another row"];
const LABELS = [
  "supervision", "teacher", "format", "level", "student", "development problems", "by the paper's rules", "most frequent answer", "truncated / unparsable",
  "the teacher's texts", "tokens of an answer", "structures", "speaks of", "power", "cannot be told from it",
];
const meaningOf = (word) => TERMS[MEANT[word] ?? word];
const term = (word) => (meaningOf(word) ? make("abbr", { title: meaningOf(word), tabindex: "0" }, word) : word);
// A text with those of its words told that are looked for; without a stop of the Tab key at each, as tables are full of them.
const withTerms = (text, words = INSIDE) => {
  if (!words.length) return text;
  // A mark stands right behind its number, a word by itself.
  const pieces = text.split(new RegExp(`(${words.map((word) => (/\\w/.test(word) ? `(?<![\\w-])${word}(?![\\w-])` : word)).join("|")})`));
  return make("span", {}, pieces.map((piece, position) => (position % 2 ? make("abbr", { title: meaningOf(piece) }, piece) : piece)));
};
const marksToldOf = (marks) => [...marks].filter((mark) => TERMS[mark]).map((mark) => `; ${mark} ${TERMS[mark]}`).join("");

// The address keeps the state, so that a link shows what the sender saw.
const remember = () => {
  const kept = { ...state, opened: state.opened === null ? null : cellName(facts.cells[state.opened]), kept: state.kept === null ? null : cellName(facts.cells[state.kept]) };
  const address = `#${encodeURIComponent(JSON.stringify(kept))}`;
  if (location.hash !== address) history.replaceState(null, "", address);
};
const recall = () => {
  let told;
  try { told = JSON.parse(decodeURIComponent(location.hash.slice(1))); } catch { return; }
  if (told === null || typeof told !== "object") return;
  const found = (name) => { const index = facts.cells.findIndex((cell) => cellName(cell) === name); return index < 0 ? null : index; };
  for (const key of Object.keys(state)) if (key in told && typeof told[key] !== "object") state[key] = told[key];
  Object.assign(state.only, told.only);
  Object.assign(state.problems, told.problems);
  state.opened = found(told.opened);
  state.kept = found(told.kept);
  if (!PAGES.includes(state.page)) state.page = "experiments";
  for (const key of ["rows", "columns"]) if (!AXES.includes(state[key])) state[key] = key === "rows" ? "supervision" : "student";
};

const copy = async (text, button) => {
  try { await navigator.clipboard.writeText(text); } catch {
    const area = make("textarea", {}, text);
    document.body.append(area); area.select(); document.execCommand("copy"); area.remove();
  }
  const before = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = before; }, 1200);
};
const copyButton = (label, text) => make("button", { class: "copy", onclick: (event) => copy(text(), event.target) }, label);

const asCsv = (rows) => rows.map((row) => row.map((value) => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(",")).join("\n") + "\n";
const LATEX = { "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_", "{": "\\{", "}": "\\}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "\\": "\\textbackslash{}", "±": "$\\pm$", "†": "\\dag{}", "‡": "\\ddag{}", "§": "\\S{}", "¶": "\\P{}", "–": "--" };
const asLatex = (rows) => {
  const line = (row) => row.map((value) => value.replace(/[&%$#_{}~^\\±†‡§¶–]/g, (sign) => LATEX[sign])).join(" & ") + " \\\\";
  const [head, ...body] = rows;
  return ["% \\usepackage{booktabs}", `\\begin{tabular}{l${"r".repeat(head.length - 1)}}`, "\\toprule", line(head), "\\midrule", ...body.map(line), "\\bottomrule", "\\end{tabular}"].join("\n") + "\n";
};
// The texts of a table that is on the page, as rows of cells.
const textsOf = (table) => [...table.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.innerText.trim().replace(/\s+/g, " ")));
const copyTable = (table) => [copyButton("Copy CSV", () => asCsv(textsOf(table))), copyButton("Copy LaTeX", () => asLatex(textsOf(table)))];

const listTable = (heads, rows) => {
  // The head stands in every cell too: on a narrow screen a row is a card.
  const value = (content, column) => make("td", { class: typeof content === "number" ? "number" : null, "data-head": heads[column] }, content === null || content === undefined ? "" : content instanceof Node ? content : String(content));
  const table = make("table", { class: "list" },
    make("thead", {}, make("tr", {}, heads.map((head) => make("th", { scope: "col" }, term(head))))),
    make("tbody", {}, rows.map((row) => make("tr", {}, row.map(value)))));
  return make("div", {}, make("div", { class: "scroll" }, table), make("div", { class: "toolbar" }, copyTable(table)));
};
