// Texts of students and teachers: inflated only when they are looked at, with differences and the first wrong equation marked.
const lines = {};
const inflated = new Map();
const unpack = async (line) => {
  const bytes = Uint8Array.from(atob(line), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return JSON.parse(await new Response(stream).text());
};
const inflate = async (where, index) => {
  const key = `${where} ${index}`;
  if (!inflated.has(key)) {
    lines[where] ??= $(where).textContent.split("\n");
    const line = lines[where][index];
    if (!line) return [];
    inflated.set(key, await unpack(line));
  }
  return inflated.get(key);
};

// Texts of test problems that the page has no room for lie in scripts beside it: a page opened from a file may run those, and fetch nothing.
const blocksOf = {};
const inPage = Object.fromEntries(Object.entries(facts.problems ?? {}).map(([name, problems]) => [name, problems.length]));
const leftOut = (dataset) => (facts.more?.[dataset] ?? []).slice((blocksOf[dataset] ?? []).length);
const readMore = (dataset) => new Promise((read, failed) => {
  const known = (blocksOf[dataset] ??= []);
  window.gradusTexts = (block) => { known.push(block); facts.problems[dataset].push(...block.problems); };
  const script = make("script", { src: `explorer_texts/${dataset}-${known.length}.js`, onload: () => { script.remove(); read(); }, onerror: () => { script.remove(); failed(); } });
  document.head.append(script);
});
// All that is here of a cell, or of a teacher's own answers, in the order of the problems.
const textsFor = async (where, dataset, index) => {
  const blocks = blocksOf[dataset] ?? [];
  const rows = await inflate(where, index);
  if (!blocks.length) return rows;
  const key = `${where} ${index} ${blocks.length}`;
  if (!inflated.has(key)) {
    const more = await Promise.all(blocks.map((block) => (block[where][index] ? unpack(block[where][index]) : block.problems.map(() => []))));
    const first = rows.length ? rows : Array.from({ length: inPage[dataset] }, () => []);
    inflated.set(key, [...first, ...more.flat()]);
  }
  return inflated.get(key);
};
const samples = (index) => textsFor("samples", facts.cells[index].dataset, index);

// A sum of numbers with brackets, from its tokens; null for what is none. Multiplication and division come before addition and subtraction.
const valueOf = (tokens) => {
  let next = 0;
  const factor = () => {
    const token = tokens[next];
    next += 1;
    if (token === "-") { const negated = factor(); return negated === null ? null : -negated; }
    if (token === "(") { const inside = sum(); if (tokens[next] !== ")") return null; next += 1; return inside; }
    return /^\d/.test(token ?? "") ? Number(token.replaceAll(",", "")) : null;
  };
  const chain = (part, signs) => {
    let value = part();
    while (value !== null && signs.includes(tokens[next])) {
      const sign = tokens[next];
      next += 1;
      const other = part();
      if (other === null) return null;
      value = sign === "+" ? value + other : sign === "-" ? value - other : "/÷".includes(sign) ? value / other : value * other;
    }
    return value;
  };
  const product = () => chain(factor, ["*", "x", "×", "/", "÷"]);
  const sum = () => chain(product, ["+", "-"]);
  const value = sum();
  return next === tokens.length && Number.isFinite(value) ? value : null;
};
const TOKEN = /\d[\d,]*(?:\.\d+)?|[A-Za-z_]\w*|[-+*/×÷()=]|\s+|[^]/g;
// Where the first equation of a text lies whose two sides differ by more than 1 %, as [start, end]; null where there is none.
const firstWrong = (text) => {
  let sides = [[]];
  const wrong = () => {
    const values = sides.map((side) => valueOf(side.map(([token]) => token)));
    for (let position = 1; position < sides.length; position += 1) {
      const [left, right] = [values[position - 1], values[position]];
      if (left === null || right === null || Math.abs(left - right) <= 0.01 * Math.max(1, Math.abs(left))) continue;
      const [last, end] = sides[position].at(-1);
      return [sides[position - 1][0][1], end + last.length];
    }
    return null;
  };
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (/^\s+$/.test(token)) continue;
    if (token === "=") sides.push([]);
    else if (/^(\d.*|[-+*/×÷()x])$/.test(token)) sides.at(-1).push([token, index]);
    else {
      const found = wrong();
      if (found) return found;
      sides = [[]];
    }
  }
  return wrong();
};
const withWrongMarked = (text) => {
  const wrong = firstWrong(text);
  const shown = make("pre", {});
  if (!wrong) { shown.textContent = text; return shown; }
  shown.append(text.slice(0, wrong[0]), make("mark", { class: "wrong-equation", title: "the first equation that does not hold" }, text.slice(wrong[0], wrong[1])), text.slice(wrong[1]));
  return shown;
};

// A text whose words that an earlier text lacks are marked (the longest common subsequence of words stays).
const withNewMarked = (text, earlier) => {
  const shown = make("pre", {});
  const now = text.split(/(\s+)/), before = (earlier ?? "").split(/\s+/).filter(Boolean);
  const words = now.filter((word) => word.trim());
  if (!before.length || words.length * before.length > 250000) { shown.textContent = text; return shown; }
  const common = Array.from({ length: words.length + 1 }, () => new Uint16Array(before.length + 1));
  for (let i = words.length - 1; i >= 0; i -= 1) for (let j = before.length - 1; j >= 0; j -= 1) {
    common[i][j] = words[i] === before[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
  }
  let i = 0, j = 0;
  for (const piece of now) {
    if (!piece.trim()) { shown.append(piece); continue; }
    while (j < before.length && words[i] !== before[j] && common[i][j + 1] >= common[i + 1][j]) j += 1;
    const isOld = j < before.length && words[i] === before[j];
    shown.append(isOld ? piece : make("mark", { class: "new" }, piece));
    if (isOld) j += 1;
    i += 1;
  }
  return shown;
};

// What a student wrote: [text, extracted answer, correct, correct by the paper's rules, failure, truncated].
const studentText = ([written, extracted, correct, strict, failure, truncated], title) => make("div", {}, title ? make("h3", {}, title) : null,
  withWrongMarked(written), make("p", {}, make("span", { class: correct ? "right" : "wrong" }, correct ? "correct" : "incorrect"),
    `; read as ${extracted ?? "nothing"}` + (failure ? ` (${failure})` : "") + (truncated ? ", truncated" : "") + (strict !== correct ? `; by the paper's rules ${strict ? "correct" : "incorrect"}` : "")));
const question = (problem) => [make("p", {}, problem.question),
  problem.choices ? make("ol", { type: "A" }, problem.choices.map((choice) => make("li", {}, choice))) : null,
  make("p", { class: "hint" }, `Gold answer: ${problem.answer}`)];
