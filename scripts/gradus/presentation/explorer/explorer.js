"use strict";
(() => {
  const facts = JSON.parse(document.getElementById("facts").textContent);
  // A supervision without its dataset is an axis too: its squares mix nothing but seeds.
  for (const cell of facts.cells) cell.supervision = `${cell.teacher}/${cell.format}/${cell.level}`;
  facts.axes.supervision = [...new Set(facts.cells.map((cell) => cell.supervision))];
  const AXES = ["dataset", "teacher", "format", "level", "student", "seed", "supervision"];
  const state = { rows: "supervision", columns: "student", only: {}, opened: null, kept: null, filter: "all", verdict: "all" };
  let packed = null;

  const $ = (id) => document.getElementById(id);
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "onclick" || key === "onchange") element[key] = value;
      else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };
  const percent = (value) => (100 * value).toFixed(1);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const name = (cell) => `${cell.dataset}/${cell.teacher}/${cell.format}/${cell.level}/${cell.student}/seed${cell.seed}`;
  const marks = (cells) => (cells.some((one) => one.leaked) ? "‡" : "") + (cells.some((one) => one.excerpt) ? "§" : "") + (cells.some((one) => one.no_end) ? "¶" : "");

  // Texts are inflated only when a cell is opened.
  const samples = async (index) => {
    packed ??= $("samples").textContent.split("\n");
    const line = packed[index];
    if (!line) return [];
    const bytes = Uint8Array.from(atob(line), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    return JSON.parse(await new Response(stream).text());
  };

  const chosen = (cell) => AXES.every((axis) => !state.only[axis] || state.only[axis] === cell[axis]);

  const select = (label, options, value, change) => {
    const control = make("select", { "aria-label": label, onchange: (event) => { change(event.target.value); } });
    for (const [key, text] of options) control.append(make("option", { value: key, selected: key === value }, text));
    return make("label", {}, label, control);
  };

  const drawControls = () => {
    const axes = AXES.filter((axis) => facts.axes[axis].length > 0).map((axis) => [axis, axis]);
    const controls = [
      select("rows", axes, state.rows, (value) => { if (value === state.columns) state.columns = state.rows; state.rows = value; draw(); }),
      select("columns", axes, state.columns, (value) => { if (value === state.rows) state.rows = state.columns; state.columns = value; draw(); }),
    ];
    for (const axis of AXES) {
      if (axis === state.rows || axis === state.columns || axis === "supervision" || facts.axes[axis].length < 2) continue;
      const options = [["", `all (mean over ${facts.axes[axis].length})`], ...facts.axes[axis].map((one) => [one, one])];
      controls.push(select(axis, options, state.only[axis] ?? "", (value) => { state.only[axis] = value; draw(); }));
    }
    $("controls").replaceChildren(...controls);
  };

  // Dark for low, light for high, readable in greyscale: an approximation of cividis.
  const color = (share) => {
    const stops = [[0, 32, 77], [87, 92, 109], [165, 156, 116], [255, 234, 70]];
    const position = Math.min(0.9999, Math.max(0, share)) * (stops.length - 1);
    const [from, to] = [stops[Math.floor(position)], stops[Math.floor(position) + 1]];
    return `rgb(${from.map((value, index) => Math.round(value + (to[index] - value) * (position % 1))).join(",")})`;
  };

  const drawMap = () => {
    const here = facts.cells.map((cell, index) => ({ cell, index })).filter(({ cell }) => chosen(cell));
    const groups = new Map();
    for (const one of here) {
      const key = `${one.cell[state.rows]}\u0000${one.cell[state.columns]}`;
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(one);
    }
    const rows = facts.axes[state.rows].filter((row) => here.some(({ cell }) => cell[state.rows] === row));
    const columns = facts.axes[state.columns].filter((column) => here.some(({ cell }) => cell[state.columns] === column));
    const done = here.filter(({ cell }) => cell.status === "done");
    const top = Math.max(0.01, ...[...groups.values()].map((group) => {
      const finished = group.filter(({ cell }) => cell.status === "done").map(({ cell }) => cell.accuracy);
      return finished.length ? mean(finished) : 0;
    }));
    const table = make("table", { role: "grid", "aria-label": "Accuracy" });
    table.append(make("thead", {}, make("tr", {}, make("th", {}, `${state.rows} \\ ${state.columns}`), ...columns.map((column) => make("th", { scope: "col" }, column)))));
    const body = make("tbody");
    rows.forEach((row, y) => {
      const line = make("tr", {}, make("th", { scope: "row" }, row));
      columns.forEach((column, x) => {
        const group = groups.get(`${row}\u0000${column}`) ?? [];
        line.append(make("td", {}, group.length ? square(group, row, column, x, y, top) : ""));
      });
      body.append(line);
    });
    table.append(body);
    $("map").replaceChildren(table);
    const count = (status) => here.filter(({ cell }) => cell.status === status).length;
    const parts = [`${done.length} of ${here.length} cells done`];
    for (const [status, word] of [["missing", "not run"], ["failed", "failed"], ["unavailable", "not released"]]) if (count(status)) parts.push(`${count(status)} ${word}`);
    const mixed = [...groups.values()].some((group) => new Set(group.map(({ cell }) => `${cell.dataset}/${cell.supervision}/${cell.student}`)).size > 1);
    $("summary").textContent = parts.join(", ") + (done.length < here.length ? " - a partial grid" : "")
      + (mixed ? ". Squares are means over different supervisions, datasets or students: narrow them down before comparing." : "");
  };

  const square = (group, row, column, x, y, top) => {
    const done = group.filter(({ cell }) => cell.status === "done").map(({ cell }) => cell);
    const label = `${row}, ${column}`;
    const attributes = {
      "data-x": x, "data-y": y, "data-row": row, "data-column": column, tabindex: x || y ? "-1" : "0",
      "aria-pressed": state.opened?.row === row && state.opened?.column === column ? "true" : "false",
      onclick: () => open(row, column, group),
    };
    if (!done.length) {
      const status = ["failed", "missing", "unavailable"].find((one) => group.some(({ cell }) => cell.status === one));
      return make("button", { ...attributes, class: status, "aria-label": `${label}: ${status}` }, status === "missing" ? "–" : status === "failed" ? "failed" : "n/a");
    }
    const value = mean(done.map((cell) => cell.accuracy));
    const share = value / top;
    const whole = done.length === group.length ? "" : `${done.length} of ${group.length}`;
    const button = make("button", { ...attributes, "aria-label": `${label}: ${percent(value)} percent` }, percent(value) + marks(done), whole ? make("small", {}, whole) : null);
    button.style.background = color(share);
    button.style.color = share > 0.6 ? "#000" : "#fff";
    return button;
  };

  const open = (row, column, group, index = null) => {
    state.opened = { row, column, group, index: index ?? group.find(({ cell }) => cell.status === "done")?.index ?? group[0].index };
    for (const button of $("map").querySelectorAll("button")) {
      button.setAttribute("aria-pressed", button.dataset.row === row && button.dataset.column === column ? "true" : "false");
    }
    drawDetail();
  };

  const list = (pairs) => make("dl", { class: "facts" }, ...pairs.filter(([, value]) => value !== null && value !== undefined)
    .flatMap(([key, value]) => [make("dt", {}, key), make("dd", {}, String(value))]));

  const curve = (points) => {
    if (!points || points.length < 2) return null;
    const [w, h, pad] = [260, 80, 12];
    const xs = points.map((one) => one[0]), ys = points.map((one) => Math.log(Math.max(1e-6, one[1])));
    const [lowX, highX, lowY, highY] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const at = (index) => `${(pad + (w - 2 * pad) * (xs[index] - lowX) / (highX - lowX || 1)).toFixed(1)},${(h - pad - (h - 2 * pad) * (ys[index] - lowY) / (highY - lowY || 1)).toFixed(1)}`;
    const SVG = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${w} ${h}`); svg.setAttribute("class", "curve"); svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `Training loss from ${points[0][1]} to ${points.at(-1)[1]}`);
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", "M" + points.map((_, index) => at(index)).join("L"));
    const text = document.createElementNS(SVG, "text");
    text.setAttribute("x", pad); text.setAttribute("y", h - 2);
    text.textContent = `loss ${points[0][1]} to ${points.at(-1)[1]} (log scale), steps ${lowX} to ${highX}`;
    svg.append(path, text);
    return svg;
  };

  const describe = (cell) => {
    if (cell.status !== "done") return make("p", { class: "wrong" }, `${cell.status}: ${cell.why}`);
    const notes = [];
    if (cell.leaked) notes.push("‡ trained on test questions (allow_leakage)");
    if (cell.excerpt) notes.push("§ trained on an excerpt of the released file");
    if (cell.no_end) notes.push("¶ has not learned to stop (final_end_loss above 0.1)");
    return make("div", {}, list([
      ["accuracy", `${percent(cell.accuracy)} % [${percent(cell.interval_low)}, ${percent(cell.interval_high)}], n = ${cell.n}${cell.samples > 1 ? ` x ${cell.samples} samples` : ""}`],
      ["by the paper's rules", `${percent(cell.strict_accuracy)} %`],
      ["most frequent answer", `${percent(cell.most_frequent_answer_accuracy)} %, a blind guess ${percent(cell.chance_accuracy)} %`],
      ["truncated / unparsable", `${cell.truncated} / ${cell.unparsable} texts`],
      ["trained on", `${cell.training_examples} examples${cell.training_tokens ? `, ${cell.training_tokens.toLocaleString("en")} tokens` : ""}`],
      ["training steps took", cell.seconds ? `${cell.seconds} s` : null],
      ["the teacher's texts", cell.price_usd ? `${cell.price_usd.toFixed(2)} US dollars` : cell.teacher_tokens ? `${cell.teacher_tokens.toLocaleString("en")} tokens` : "nobody was paid"],
      ["tokens of an answer", cell.mean_completion_tokens.toFixed(1)],
    ]), ...notes.map((note) => make("p", { class: "wrong" }, note)), curve(cell.curve));
  };

  const drawDetail = async () => {
    const { group, index } = state.opened;
    const cell = facts.cells[index];
    const parts = [make("h2", {}, name(cell))];
    if (group.length > 1) {
      const done = group.filter((one) => one.cell.status === "done").map((one) => one.cell.accuracy);
      parts.push(make("p", {}, `One of ${group.length} cells here` + (done.length > 1 ? `; their mean is ${percent(mean(done))} %, from ${percent(Math.min(...done))} to ${percent(Math.max(...done))} %` : "") + "."));
      parts.push(select("cell", group.map((one) => [String(one.index), name(one.cell) + (one.cell.status === "done" ? `  ${percent(one.cell.accuracy)}` : `  ${one.cell.status}`)]), String(index),
        (value) => { state.opened.index = Number(value); drawDetail(); }));
    }
    parts.push(describe(cell));
    const other = state.kept !== null && state.kept !== index ? facts.cells[state.kept] : null;
    parts.push(make("div", { class: "toolbar" },
      make("button", { id: "keep", "aria-pressed": state.kept === index ? "true" : "false", onclick: keep }, state.kept === index ? "Kept for comparison" : "Keep for comparison"),
      other ? make("button", { id: "forget", onclick: () => { state.kept = null; drawDetail(); } }, `Stop comparing with ${name(other)}`) : null,
      ...["all", "correct", "incorrect", ...(other ? ["different"] : [])].map((filter) => make("button", {
        class: "filter", "data-filter": filter, "aria-pressed": state.filter === filter ? "true" : "false",
        onclick: () => { state.filter = filter; drawDetail(); } }, filter))));
    if (cell.status === "done") parts.push(await drawSamples(cell, index, other));
    if (state.opened.index === index) $("detail").replaceChildren(...parts);
  };

  const keep = () => {
    if (!state.opened) return;
    state.kept = state.kept === state.opened.index ? null : state.opened.index;
    if (state.kept === null && state.filter === "different") state.filter = "all";
    drawDetail();
  };

  const drawSamples = async (cell, index, other) => {
    const own = await samples(index);
    const theirs = other && other.dataset === cell.dataset ? await samples(state.kept) : null;
    const box = make("div", { id: "samples-shown" });
    if (other && other.dataset !== cell.dataset) box.append(make("p", { class: "hint" }, "The kept cell is of another dataset: there is no problem in common."));
    let shown = 0;
    (facts.problems[cell.dataset] ?? []).forEach((problem, position) => {
      const one = own[position] ?? [], two = theirs?.[position] ?? null;
      if (!one.length) return;
      if (state.filter === "correct" && !one[2]) return;
      if (state.filter === "incorrect" && one[2]) return;
      if (state.filter === "different" && (!two?.length || two[2] === one[2])) return;
      shown += 1;
      const choices = problem.choices ? make("ol", { type: "A" }, ...problem.choices.map((choice) => make("li", {}, choice))) : null;
      box.append(make("article", { class: "sample" }, make("h3", {}, problem.id), make("p", {}, problem.question), choices,
        make("p", {}, `Gold answer: ${problem.answer}`),
        make("div", { class: "texts" }, text(one, other ? name(cell) : null), two?.length ? text(two, name(other)) : null)));
    });
    box.prepend(make("p", { class: "hint", id: "shown-count" }, `${shown} of ${(facts.problems[cell.dataset] ?? []).length} sample problems shown`));
    return box;
  };

  const text = ([written, extracted, correct, strict, failure, truncated], title) => make("div", {}, title ? make("h3", {}, title) : null,
    make("pre", {}, written), make("p", {}, make("span", { class: correct ? "right" : "wrong" }, correct ? "correct" : "incorrect"),
      `; read as ${extracted ?? "nothing"}` + (failure ? ` (${failure})` : "") + (truncated ? ", truncated" : "") + (strict !== correct ? `; by the paper's rules ${strict ? "correct" : "incorrect"}` : "")));

  const rowsTable = (head, rows) => make("div", { class: "scroll" }, make("table", { class: "list" }, make("thead", {}, make("tr", {}, ...head.map((one) => make("th", { scope: "col" }, one)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map((one) => one instanceof Node ? make("td", {}, one) : make("td", { class: typeof one === "number" ? "number" : null }, one === null || one === undefined ? "" : String(one))))))));

  const estimate = (claim) => {
    const scale = claim.unit === "points" ? 100 : 1, digits = claim.unit === "points" ? 1 : 2;
    const show = (value) => (scale * Number(value)).toFixed(digits);
    return `${show(claim.estimate)} [${show(claim.low)}, ${show(claim.high)}] ${claim.unit}`;
  };

  const drawClaims = () => {
    const counts = {};
    for (const claim of facts.claims) counts[claim.verdict] = (counts[claim.verdict] ?? 0) + 1;
    const shown = facts.claims.filter((claim) => state.verdict === "all" || claim.verdict === state.verdict);
    $("claims").replaceChildren(
      make("h2", {}, "What the data support, and what they do not"),
      facts.claims.length ? make("p", {}, "Too few data refute nothing, and one run decides nothing. p is adjusted for its claim in the study (Holm). ", Object.entries(counts).map(([verdict, count]) => `${count} ${verdict}`).join(", ") + ".")
        : make("p", {}, "No claim has been tested yet."),
      make("div", { class: "toolbar" }, ...["all", "supported", "contradicted", "shown to be small", "too few data", "one run: no verdict", "described only"].filter((verdict) => verdict === "all" || counts[verdict]).map((verdict) => make("button", { "data-verdict": verdict, "aria-pressed": state.verdict === verdict ? "true" : "false", onclick: () => { state.verdict = verdict; drawClaims(); } }, verdict))),
      rowsTable(["of whom", "statement", "verdict", "estimate, 95 %", "p (adjusted)", "speaks of", "power"], shown.map((claim) => [
        claim.subject, claim.statement + (claim.note ? ` (${claim.note})` : ""), make("span", { class: claim.verdict.split(/[: ]/)[0] }, claim.verdict), estimate(claim),
        claim.p_of_verdict === "" ? "" : Number(claim.p_of_verdict) < 0.001 ? "< 0.001" : Number(claim.p_of_verdict).toFixed(3), `${claim.reach}, ${claim.runs} run(s)${claim.n ? `, n = ${claim.n}` : ""}`, `${(100 * Number(claim.power)).toFixed(0)} % for ${claim.power_for}`])),
      make("h2", {}, "What to use"),
      rowsTable(["dataset", "student", "chosen", "accuracy", "cannot be told from it", "cheapest of these", "how sure"], facts.recommendations.map(recommended)));
  };

  const recommended = (one) => {
    const accuracy = `${percent(Number(one.accuracy))} %`;
    if (one.above_baselines === "false") return [one.dataset, one.student, "nothing", accuracy, "", "", one.how_sure];
    const others = one.may_be_best.split(" ").filter((other) => other !== one.best);
    return [one.dataset, one.student, one.best, accuracy, others.join(", ") || "none", one.cheapest, one.how_sure];
  };

  const drawAudit = () => {
    const leaked = facts.cells.filter((cell) => cell.leaked), endless = facts.cells.filter((cell) => cell.no_end);
    const keys = [...new Set(facts.datasets.flatMap((one) => Object.keys(one)))].filter((key) => !["dataset", "source"].includes(key));
    $("audit").replaceChildren(
      make("h2", {}, "What is known of problems and texts"),
      make("p", { class: leaked.length ? "wrong" : null }, leaked.length ? `${leaked.length} cells were trained on test questions: ${leaked.map(name).join(", ")}` : "No cell was trained on a question of its test split."),
      make("p", { class: endless.length ? "wrong" : null }, endless.length ? `${endless.length} cells have not learned to stop (¶, final_end_loss above 0.1): ${endless.map(name).join(", ")}` : "No cell ended its training without having learned to stop."),
      make("h3", {}, "Datasets"),
      rowsTable(["dataset", "source", ...keys.map((key) => key.replaceAll("_", " "))], facts.datasets.map((one) => [one.dataset, one.source, ...keys.map((key) => typeof one[key] === "number" && !Number.isInteger(one[key]) ? one[key].toFixed(3) : Array.isArray(one[key]) ? one[key].join("/") : one[key])])),
      make("h3", {}, "Annotations"),
      rowsTable(["supervision", "rows", "mean words", "verdicts", "defects", "price (US dollars)"], facts.annotations.map((one) => [
        one.supervision + (one.excerpt ? " §" : ""), one.rows, one.words, counted(one.verdicts), counted(one.findings), one.price_usd == null ? "" : one.price_usd.toFixed(2)])));
  };
  const counted = (counts) => Object.entries(counts).map(([key, value]) => `${key.replaceAll("_", " ")} ${value}`).join(", ");

  const page = (wanted) => {
    for (const one of ["grid", "claims", "audit", "help"]) {
      $(one).hidden = one !== wanted;
      $(`tab-${one}`).setAttribute("aria-selected", one === wanted ? "true" : "false");
    }
    if (wanted === "claims") drawClaims();
    if (wanted === "audit") drawAudit();
  };
  const theme = () => { document.documentElement.dataset.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark"; };
  const draw = () => { drawControls(); drawMap(); };

  const move = (event) => {
    const button = event.target.closest?.("#map button");
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!button || !step) return;
    event.preventDefault();
    let [x, y] = [Number(button.dataset.x), Number(button.dataset.y)];
    // Over places where nothing was asked for.
    for (let tries = 0; tries < 500; tries += 1) {
      x += step[0]; y += step[1];
      if (x < 0 || y < 0 || x > facts.cells.length || y > facts.cells.length) return;
      const next = $("map").querySelector(`button[data-x="${x}"][data-y="${y}"]`);
      if (next) { next.focus(); return; }
    }
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    move(event);
    if (event.target.closest?.("select, input")) return;
    const pages = { 1: "grid", 2: "claims", 3: "audit", 4: "help" };
    if (pages[event.key]) page(pages[event.key]);
    if (event.key === "d") theme();
    if (event.key === "c") keep();
  });

  $("title").textContent = facts.study;
  $("about").textContent = facts.about;
  for (const one of ["grid", "claims", "audit", "help"]) $(`tab-${one}`).onclick = () => page(one);
  $("theme").onclick = theme;
  if (window.matchMedia?.("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.theme = "dark";
  const wide = AXES.filter((axis) => facts.axes[axis].length > 1);
  if (facts.axes.dataset.length > 1) state.only.dataset = facts.axes.dataset[0];
  else if (!wide.includes("student")) state.columns = wide.find((axis) => axis !== state.rows) ?? "student";
  draw();
})();
