// One cell of the grid: its numbers, its training, what it wrote, and the same problems beside another cell.
const SHOWN_AT_ONCE = 100;

const groupOf = (index) => {
  const opened = facts.cells[index];
  return facts.cells.map((cell, position) => ({ cell, index: position })).filter(({ cell }) => chosen(cell) && cell[state.rows] === opened[state.rows] && cell[state.columns] === opened[state.columns]);
};

const openCell = (group) => {
  state.opened = group.find(({ cell }) => cell.status === "done")?.index ?? group[0].index;
  drawMap();
  remember();
  const drawn = drawDetail();
  // On a narrow screen the cell opens below the map: it is brought to where the eye is.
  if (window.matchMedia("(max-width: 60rem)").matches) drawn.then(() => $("detail").scrollIntoView({ block: "start" }));
};

const factList = (pairs) => make("dl", { class: "facts" }, pairs.filter(([, value]) => value !== null && value !== undefined)
  .flatMap(([key, value]) => [make("dt", {}, term(key)), make("dd", {}, String(value))]));

const curve = (points) => {
  if (!points || points.length < 2) return null;
  const [w, h, pad] = [260, 80, 12];
  const xs = points.map(([step]) => step), ys = points.map(([, loss]) => Math.log(Math.max(1e-6, loss)));
  const [lowX, highX, lowY, highY] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const at = (index) => `${(pad + (w - 2 * pad) * (xs[index] - lowX) / (highX - lowX || 1)).toFixed(1)},${(h - pad - (h - 2 * pad) * (ys[index] - lowY) / (highY - lowY || 1)).toFixed(1)}`;
  const text = draw("text", { x: pad, y: h - 2 });
  text.textContent = `loss ${points[0][1]} to ${points.at(-1)[1]} (log scale), steps ${lowX} to ${highX}`;
  return draw("svg", { viewBox: `0 0 ${w} ${h}`, class: "curve", role: "img", "aria-label": `Training loss from ${points[0][1]} to ${points.at(-1)[1]}` },
    draw("path", { d: "M" + points.map((_, index) => at(index)).join("L") }), text);
};

const describe = (cell) => {
  if (cell.status !== "done") return make("p", { class: "wrong" }, `${cell.status}: ${cell.why}`);
  const notes = [];
  if (cell.leaked) notes.push("‡ trained on test questions (allow_leakage)");
  if (cell.excerpt) notes.push("§ trained on an excerpt of the released file");
  if (cell.no_end) notes.push("¶ has not learned to stop (final_end_loss above 0.1)");
  return make("div", {}, factList([
    [cell.development ? "accuracy on test" : "accuracy", `${percent(cell.accuracy)} % [${percent(cell.interval_low)}, ${percent(cell.interval_high)}], n = ${cell.n}${cell.samples > 1 ? ` x ${cell.samples} samples` : ""}`],
    ["development problems", cell.development ? `${percent(cell.development.accuracy)} % [${percent(cell.development.interval_low)}, ${percent(cell.development.interval_high)}], n = ${cell.development.n}` : null],
    ["by the paper's rules", `${percent(cell.strict_accuracy)} %`],
    ["most frequent answer", `${percent(cell.most_frequent_answer_accuracy)} %, a blind guess ${percent(cell.chance_accuracy)} %`],
    ["truncated / unparsable", `${cell.truncated} / ${cell.unparsable} texts`],
    ["trained on", `${cell.training_examples} examples${cell.training_tokens ? `, ${cell.training_tokens.toLocaleString("en")} tokens` : ""}`],
    ["weights of the student", facts.weights?.[cell.student]?.toLocaleString("en") ?? null],
    ["training steps took", cell.seconds ? `${cell.seconds} s` : null],
    ["the teacher's texts", cell.price_usd ? `${cell.price_usd.toFixed(2)} US dollars` : cell.teacher_tokens ? `${cell.teacher_tokens.toLocaleString("en")} tokens` : "nobody was paid"],
    ["tokens of an answer", cell.mean_completion_tokens.toFixed(1)],
  ]), notes.map((note) => make("p", { class: "wrong" }, withTerms(note))), curve(cell.curve), origin(cell));
};

// Where a number comes from: its file, and the command that tells the chain behind it.
const origin = (cell) => {
  const file = `metrics/${cellName(cell)}/test/${facts.decoding}.json`;
  const command = `python scripts/explain.py results/${facts.study}/${file}`;
  return make("p", { class: "origin" }, facts.links?.study ? make("a", { href: `${facts.links.study}/${file}` }, "Metric file") : null, " ", make("code", {}, command), " ", copyButton("Copy", () => command));
};

const FILTERS = {
  all: () => true,
  correct: (own) => own[2],
  incorrect: (own) => !own[2],
  different: (own, other) => other?.length && other[2] !== own[2],
  "solved here, not there": (own, other) => other?.length && own[2] && !other[2],
  "solved there, not here": (own, other) => other?.length && other[2] && !own[2],
};

const drawDetail = async () => {
  if (state.opened === null) return;
  const index = state.opened, cell = facts.cells[index], group = groupOf(index);
  const parts = [make("h2", { class: "name" }, cellName(cell))];
  if (group.length > 1) {
    const done = group.filter((entry) => entry.cell.status === "done").map((entry) => entry.cell.accuracy);
    const isAlike = new Set(group.map((entry) => restOf(entry.cell))).size === 1;
    parts.push(make("p", {}, `One of ${group.length} cells here` + (done.length > 1 && isAlike ? `; their mean is ${percent(mean(done))} %, from ${percent(Math.min(...done))} to ${percent(Math.max(...done))} %` : "") + "."));
    parts.push(select("cell", group.map((entry) => [String(entry.index), cellName(entry.cell) + (entry.cell.status === "done" ? `  ${percent(entry.cell.accuracy)}` : `  ${entry.cell.status}`)]), String(index),
      (value) => { state.opened = Number(value); remember(); drawDetail(); }));
  }
  parts.push(describe(cell));
  const other = state.kept !== null && state.kept !== index ? facts.cells[state.kept] : null;
  if (!other && !["all", "correct", "incorrect"].includes(state.filter)) state.filter = "all";
  parts.push(make("div", { class: "toolbar" },
    make("button", { id: "keep", "aria-pressed": state.kept === index ? "true" : "false", onclick: keep }, state.kept === index ? "Kept for comparison" : "Keep for comparison"),
    other ? make("button", { id: "forget", onclick: () => { state.kept = null; remember(); drawDetail(); } }, `Stop comparing with ${cellName(other)}`) : null,
    Object.keys(FILTERS).slice(0, other ? undefined : 3).map((filter) => make("button", {
      class: "filter", "data-filter": filter, "aria-pressed": state.filter === filter ? "true" : "false",
      onclick: () => { state.filter = filter; remember(); drawDetail(); } }, filter))));
  if (cell.status === "done") parts.push(await drawSamples(cell, index, other));
  if (state.opened === index) $("detail").replaceChildren(...parts);
};

const keep = () => {
  if (state.opened === null) return;
  state.kept = state.kept === state.opened ? null : state.opened;
  remember();
  drawDetail();
};

const drawSamples = async (cell, index, other) => {
  const own = await samples(index);
  const theirs = other && other.dataset === cell.dataset ? await samples(state.kept) : null;
  const problems = facts.problems[cell.dataset] ?? [];
  const box = make("div", { id: "samples-shown" });
  if (other && other.dataset !== cell.dataset) box.append(make("p", { class: "hint" }, "The kept cell is of another dataset: there is no problem in common."));
  const shown = problems.map((problem, position) => ({ problem, mine: own[position] ?? [], other: theirs?.[position] ?? null }))
    .filter(({ mine, other: their }) => mine.length && FILTERS[state.filter](mine, their));
  const article = ({ problem, mine, other: their }) => make("article", { class: "sample" }, make("h3", {}, problem.id), question(problem),
    make("div", { class: "texts" }, studentText(mine, other ? cellName(cell) : null), their?.length ? studentText(their, cellName(other)) : null));
  const addMore = (from) => {
    box.append(...shown.slice(from, from + SHOWN_AT_ONCE).map(article));
    const rest = shown.length - from - SHOWN_AT_ONCE;
    if (rest > 0) box.append(make("button", { class: "more", onclick: (event) => { event.target.remove(); addMore(from + SHOWN_AT_ONCE); } }, `${rest} more`));
  };
  box.append(make("p", { class: "hint", id: "shown-count" }, `${shown.length} of ${problems.length} sample problems shown`));
  addMore(0);
  return box;
};
