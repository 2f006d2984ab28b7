// The grid: the accuracy of all cells at the crossings of two axes. What is not alike is averaged only over what all squares share.
const chosen = (cell) => AXES.every((axis) => !state.only[axis] || state.only[axis] === cell[axis]);

const drawControls = () => {
  const axes = AXES.filter((axis) => facts.axes[axis].length > 0).map((axis) => [axis, axis]);
  const controls = [
    select("rows", axes, state.rows, (value) => { if (value === state.columns) state.columns = state.rows; state.rows = value; drawGrid(); }),
    select("columns", axes, state.columns, (value) => { if (value === state.rows) state.rows = state.columns; state.columns = value; drawGrid(); }),
  ];
  for (const axis of AXES) {
    if (axis === state.rows || axis === state.columns || axis === "supervision" || facts.axes[axis].length < 2) continue;
    const options = [["", `all ${facts.axes[axis].length}`], ...facts.axes[axis].map((value) => [value, value])];
    controls.push(select(axis, options, state.only[axis] ?? "", (value) => { state.only[axis] = value; drawGrid(); }));
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

// What a cell is beside its square's row and column, and beside its seed: squares are compared over what they all have.
const restOf = (cell) => AXES.filter((axis) => ![state.rows, state.columns, "seed"].includes(axis)
  && !(axis === "supervision" || ([state.rows, state.columns].includes("supervision") && ["teacher", "format", "level"].includes(axis)))).map((axis) => cell[axis]).join("/");

// What most squares have, and of that what all of these squares have.
const shareWhat = (groups) => {
  const finished = [...groups.values()].map((group) => new Set(group.filter(({ cell }) => cell.status === "done").map(({ cell }) => restOf(cell)))).filter((rest) => rest.size);
  const all = [...new Set(finished.flatMap((rest) => [...rest]))];
  const count = (rest) => finished.filter((own) => own.has(rest)).length;
  const [commonest] = [...all].sort((left, right) => count(right) - count(left));
  const alike = finished.filter((own) => own.has(commonest));
  return { mixed: finished.some((own) => own.size > 1), shared: new Set(all.filter((rest) => alike.every((own) => own.has(rest)))), all };
};

// The mean of a square over what is shared; of a square without it over its own cells, where these are runs of one thing.
const squareOf = (group, share) => {
  const done = group.filter(({ cell }) => cell.status === "done").map(({ cell }) => cell);
  const shared = done.filter((cell) => share.shared.has(restOf(cell)));
  const isOne = new Set(done.map(restOf)).size === 1;
  const counted = shared.length ? shared : isOne ? done : [];
  const asked = shared.length ? group.filter(({ cell }) => share.shared.has(restOf(cell))).length : group.length;
  return { done, counted, asked, value: counted.length ? mean(counted.map((cell) => cell.accuracy)) : null };
};

const drawMap = () => {
  const here = facts.cells.map((cell, index) => ({ cell, index })).filter(({ cell }) => chosen(cell));
  const groups = new Map();
  for (const entry of here) {
    const key = `${entry.cell[state.rows]}\u0000${entry.cell[state.columns]}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(entry);
  }
  const rows = facts.axes[state.rows].filter((row) => here.some(({ cell }) => cell[state.rows] === row));
  const columns = facts.axes[state.columns].filter((column) => here.some(({ cell }) => cell[state.columns] === column));
  const done = here.filter(({ cell }) => cell.status === "done");
  const share = shareWhat(groups);
  const top = Math.max(0.01, ...[...groups.values()].map((group) => squareOf(group, share).value ?? 0));
  const table = make("table", { role: "grid", "aria-label": "Accuracy" });
  table.append(make("thead", {}, make("tr", {}, make("th", {}, `${state.rows} \\ ${state.columns}`), columns.map((column) => make("th", { scope: "col" }, column)))));
  const body = make("tbody");
  rows.forEach((row, y) => {
    const shown = row.startsWith("gold/answer-only/") ? `${row} (answers only)` : row === "native" ? "native (not controlled)" : row;
    const line = make("tr", {}, make("th", { scope: "row" }, withTerms(shown)));
    columns.forEach((column, x) => {
      const group = groups.get(`${row}\u0000${column}`) ?? [];
      line.append(make("td", {}, group.length ? square(group, row, column, x, y, top, share) : ""));
    });
    body.append(line);
  });
  table.append(body);
  $("map").replaceChildren(table, make("div", { class: "toolbar" }, copyTable(table)));
  const count = (status) => here.filter(({ cell }) => cell.status === status).length;
  const parts = [`${done.length} of ${here.length} cells done`];
  for (const [status, word] of [["missing", "not run"], ["failed", "failed"], ["unavailable", "not released"]]) if (count(status)) parts.push(`${count(status)} ${word}`);
  const mixed = share.mixed ? `. Squares hold different supervisions, datasets or students: numbers are means over ${share.shared.size === 1 ? `the one (${[...share.shared][0]})` : `the ${share.shared.size}`} of ${share.all.length} that most squares have in common. Narrow them down to see the others.` : "";
  $("summary").textContent = parts.join(", ") + (done.length < here.length ? " - a partial grid" : "") + mixed;
};

const square = (group, row, column, x, y, top, share) => {
  const { done, counted, asked, value } = squareOf(group, share);
  const label = `${row}, ${column}`;
  const isOpen = state.opened !== null && group.some(({ index }) => index === state.opened);
  const attributes = {
    "data-x": x, "data-y": y, "data-row": row, "data-column": column, tabindex: x || y ? "-1" : "0",
    "aria-pressed": isOpen ? "true" : "false", onclick: () => openCell(group),
  };
  if (!done.length) {
    const status = ["failed", "missing", "unavailable"].find((kind) => group.some(({ cell }) => cell.status === kind));
    return make("button", { ...attributes, class: status, title: `${label}: ${status}`, "aria-label": `${label}: ${status}` }, status === "missing" ? "–" : status === "failed" ? "failed" : "n/a");
  }
  if (value === null) return make("button", { ...attributes, class: "unlike", title: `${label}: ${done.length} cells that other squares lack`, "aria-label": `${label}: ${done.length} unlike cells` }, `${done.length} cells`);
  const sizes = new Set(counted.map((cell) => cell.n));
  const n = sizes.size === 1 ? [...sizes][0] : null;
  const isCondition = n !== null && new Set(counted.map(restOf)).size === 1;
  const [low, high] = isCondition ? wilson(value, n) : [null, null];
  const width = isCondition ? `± ${(50 * (high - low)).toFixed(1)}` : null;
  const whole = counted.length === asked ? "" : `${counted.length} of ${asked}`;
  const about = `${label}: ${percent(value)} percent` + (isCondition ? ` [${percent(low)}, ${percent(high)}], n = ${n}, ${counted.length} run${counted.length > 1 ? "s" : ""}` : `, mean of ${counted.length} cells`) + marksToldOf(marksOf(counted));
  const button = make("button", { ...attributes, title: about, "aria-label": about }, percent(value) + marksOf(counted), make("small", {}, [width, whole].filter(Boolean).join(", ")));
  button.style.background = color(value / top);
  button.style.color = value / top > 0.6 ? "#000" : "#fff";
  return button;
};

const drawGrid = () => { drawControls(); drawMap(); remember(); };
