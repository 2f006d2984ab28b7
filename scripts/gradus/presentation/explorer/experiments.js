// Experiments: the question of each, what its claims say, and its accuracies along the axis with their intervals.
const CLAIMS_OF_AXIS = {
  level: ["primary", "distillation-helps", "rationales-help", "non-monotone", "finer-for-stronger", "length-is-not-granularity", "transfers", "transfers-whole"],
  format: ["primary", "format-matters", "format-indifferent"],
  teacher: ["primary", "teacher-against-teacher", "better-teacher-better-student"],
};
const COLORS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8a8f96"];
const SHAPES = [
  (x, y) => draw("circle", { cx: x, cy: y, r: 4.5 }),
  (x, y) => draw("rect", { x: x - 4, y: y - 4, width: 8, height: 8 }),
  (x, y) => draw("path", { d: `M${x} ${y - 5}L${x + 5} ${y + 4}L${x - 5} ${y + 4}Z` }),
  (x, y) => draw("path", { d: `M${x} ${y - 5.5}L${x + 5.5} ${y}L${x} ${y + 5.5}L${x - 5.5} ${y}Z` }),
];

const told = (point) => `${point.student}, ${point.supervision}: ${percent(point.accuracy)} %${point.marks} [${percent(point.low)}, ${percent(point.high)}]`
  + `, n = ${point.n}, ${point.runs} of ${point.runs_wanted} run${point.runs_wanted > 1 ? "s" : ""}${point.sd === null ? "" : `, sd over runs ${percent(point.sd)}`}`
  + (point.development === undefined ? "" : `; on ${point.development_n} development problems ${percent(point.development)} %`);

const plot = (points, experiment) => {
  const there = points.filter((point) => point.accuracy !== undefined);
  const baselines = [...new Set(points.filter((point) => point.is_baseline).map((point) => point.tick))];
  const ticks = [...baselines, ...(experiment.ticks?.length ? experiment.ticks : new Set(points.filter((point) => !point.is_baseline).map((point) => point.tick)))];
  const series = [...new Set(points.map((point) => point.series))];
  const [width, height, left, bottom, upper] = [Math.max(460, 90 * ticks.length + 70), 300, 44, 46, 14];
  // All panels of an experiment have one scale.
  const most = Math.max(0.05, ...experiment.points.filter((point) => point.accuracy !== undefined).map((point) => Math.max(point.high, point.development ?? 0)));
  const top = Math.min(1, Math.ceil(most * 10) / 10);
  const x = (tick, shift = 0) => left + (width - left - 14) * (ticks.indexOf(tick) + 0.5) / ticks.length + shift;
  const y = (share) => height - bottom - (height - bottom - upper) * share / top;
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, class: "plot", role: "img", "aria-label": `Accuracy by ${experiment.axis}` });
  for (let share = 0; share <= top + 1e-9; share += top > 0.5 ? 0.2 : 0.1) {
    const label = draw("text", { x: left - 6, y: y(share) + 4, "text-anchor": "end" });
    label.textContent = (100 * share).toFixed(0);
    svg.append(draw("line", { x1: left, x2: width - 14, y1: y(share), y2: y(share), class: "grid-line" }), label);
  }
  for (const tick of ticks) {
    const words = tick.length > 14 ? tick.match(/.{1,14}(?:-|\s|$)|.{1,14}/g).slice(0, 3) : [tick];
    words.forEach((word, line) => {
      const label = draw("text", { x: x(tick), y: height - bottom + 16 + 13 * line, "text-anchor": "middle" });
      label.textContent = word;
      svg.append(label);
    });
  }
  const frequent = there.map((point) => point.frequent)[0];
  if (frequent !== undefined) {
    svg.append(draw("line", { x1: left, x2: width - 14, y1: y(frequent), y2: y(frequent), class: "frequent" }));
  }
  series.forEach((name, position) => {
    const own = there.filter((point) => point.series === name);
    const color = COLORS[position % COLORS.length];
    const shift = 9 * (position - (series.length - 1) / 2);
    const group = draw("g", { stroke: color, fill: color });
    const line = own.filter((point) => !point.is_baseline).sort((left, right) => ticks.indexOf(left.tick) - ticks.indexOf(right.tick));
    if (experiment.connected && line.length > 1) {
      const path = line.map((point) => `${x(point.tick, shift).toFixed(1)} ${y(point.accuracy).toFixed(1)}`).join("L");
      group.append(draw("path", { d: `M${path}`, class: "line", "stroke-dasharray": position >= COLORS.length ? "6 4" : "none" }));
    }
    for (const point of own) {
      const [across, up] = [x(point.tick, shift), y(point.accuracy)];
      const shape = SHAPES[position % SHAPES.length](across, up);
      if (point.is_baseline) shape.setAttribute("class", "hollow");
      const title = draw("title");
      title.textContent = told(point);
      const mark = draw("g", { class: "point", tabindex: "0", role: "img", "aria-label": told(point) }, title,
        draw("line", { x1: across, x2: across, y1: y(point.low), y2: y(point.high), class: "interval" }), shape);
      // What the same students solve of the problems that choices are made on, as a bar across.
      if (point.development !== undefined) mark.append(draw("line", { x1: across - 8, x2: across + 8, y1: y(point.development), y2: y(point.development), class: "development" }));
      const show = () => { svg.parentNode.querySelector(".told").textContent = told(point); };
      mark.addEventListener("mouseenter", show);
      mark.addEventListener("focus", show);
      group.append(mark);
    }
    svg.append(group);
  });
  const legend = make("ul", { class: "legend" }, series.map((name, position) => {
    const key = draw("svg", { viewBox: "0 0 12 12", width: 12, height: 12, fill: COLORS[position % COLORS.length] }, SHAPES[position % SHAPES.length](6, 6));
    return make("li", {}, key, name);
  }));
  if (frequent !== undefined) legend.append(make("li", { class: "hint" }, `dotted: always the most frequent answer, ${percent(frequent)} %`));
  if (there.some((point) => point.development !== undefined)) legend.append(make("li", { class: "hint" }, "bar across: the same on development problems, on which choices are made"));
  const absent = points.length - there.length, fewer = there.filter((point) => point.runs < point.runs_wanted).length;
  const partial = [
    absent ? `${absent} of ${points.length} conditions ${absent === 1 ? "is" : "are"} not there yet` : "",
    fewer ? `${fewer} of ${points.length} ${fewer === 1 ? "has" : "have"} fewer runs than asked` : "",
  ].filter(Boolean).join(", ");
  return make("figure", {}, svg, legend, make("p", { class: "told", role: "status" }, "Point at a mark, or move to it with Tab, for its numbers."),
    partial ? make("p", { class: "wrong" }, `PARTIAL: ${partial}.`) : null);
};

const pointsTable = (points) => {
  const ticks = [...new Set(points.map((point) => point.tick))], series = [...new Set(points.map((point) => point.series))];
  const held = new Set(points.filter((point) => point.development !== undefined).map((point) => point.series));
  const heads = series.flatMap((name) => (held.has(name) ? [`${name}, test`, `${name}, development`] : [name]));
  const rows = ticks.map((tick) => [tick, ...series.flatMap((name) => {
    const point = points.find((candidate) => candidate.tick === tick && candidate.series === name && candidate.accuracy !== undefined);
    const tested = point ? `${percent(point.accuracy)}${point.marks} [${percent(point.low)}, ${percent(point.high)}]` : "–";
    return held.has(name) ? [withTerms(tested), point?.development === undefined ? "–" : percent(point.development)] : [withTerms(tested)];
  })]);
  return make("details", {}, make("summary", {}, "The numbers"), listTable(["", ...heads], rows));
};

const verdictsOf = (experiment) => {
  const wanted = CLAIMS_OF_AXIS[experiment.axis] ?? ["primary", "rises", "saturates", "valley", "peak"];
  const datasets = new Set(experiment.points.map((point) => point.dataset)), students = new Set(experiment.points.map((point) => point.student));
  const teachers = new Set(experiment.points.map((point) => point.supervision.split("/")[0]));
  // What of the study's claims is about these datasets, students and teachers.
  const found = facts.claims.filter((claim) => {
    const named = claim.subject.split(/[:,/ ]+/);
    return wanted.includes(claim.claim) && named.some((name) => datasets.has(name)) && named.some((name) => students.has(name))
      && named.every((name) => teachers.has(name) || !facts.axes.teacher.includes(name));
  }).sort((left, right) => wanted.indexOf(left.claim) - wanted.indexOf(right.claim));
  if (!found.length) return make("p", { class: "hint" }, "No claim has been tested of this yet.");
  const list = make("ul", { class: "verdicts" }, found.map((claim) => make("li", {}, make("span", { class: claim.verdict.split(/[: ]/)[0] }, claim.verdict), `: ${claim.statement} (${claim.subject}), ${estimate(claim)}`)));
  if (found.length <= 8) return list;
  const tally = VERDICTS.map((verdict) => [verdict, found.filter((claim) => claim.verdict === verdict).length]).filter(([, count]) => count).map(([verdict, count]) => `${count} ${verdict}`);
  return make("details", {}, make("summary", {}, `${tally.join(", ")} (of ${found.length} statements)`), list);
};

const drawExperiments = () => {
  const parts = [];
  for (const experiment of facts.experiments) {
    const section = make("section", { class: "experiment", id: `experiment-${experiment.name}` }, make("h2", {}, `${experiment.name}: ${experiment.question}`), earlier(), verdictsOf(experiment));
    const plots = make("div", { class: "plots" });
    for (const panel of new Set(experiment.points.map((point) => point.panel))) {
      const points = experiment.points.filter((point) => point.panel === panel);
      plots.append(make("div", {}, make("h3", {}, `${panel}: accuracy (%) by ${experiment.axis}, 95\u00a0% intervals for these test problems`), plot(points, experiment), pointsTable(points)));
    }
    section.append(plots);
    parts.push(section);
  }
  $("experiments-shown").replaceChildren(...parts);
};
