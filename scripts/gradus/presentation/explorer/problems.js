// Problems: what a teacher writes at each level and in each format, side by side, beside what each student wrote.
const SHOWS = {
  all: "all test problems", some: "solved by some, not by all", none: "solved by none", every: "solved by all", only: "solved with A, not with B",
};

const rationalesOf = (dataset, split) => (facts.rationales ?? []).map((entry, index) => ({ ...entry, index })).filter((entry) => entry.dataset === dataset && entry.split === split);
const teachersOf = (dataset) => [...new Set([...rationalesOf(dataset, "train"), ...facts.cells.filter((cell) => cell.dataset === dataset)].map((entry) => entry.teacher))];
// From coarse to fine, originals first, as a reader compares them.
const byDetail = (left, right) => (left.format !== "original") - (right.format !== "original") || left.level.localeCompare(right.level) || left.format.localeCompare(right.format);

const lanes = () => {
  const { dataset, teacher } = state.problems;
  const found = new Map();
  for (const entry of [...rationalesOf(dataset, "train"), ...facts.cells.filter((cell) => cell.dataset === dataset)]) {
    if (entry.teacher === teacher && !found.has(entry.supervision)) found.set(entry.supervision, { supervision: entry.supervision, format: entry.format, level: entry.level });
  }
  return [...found.values()].sort(byDetail);
};
// The first finished seed of every student that was taught so.
const studentsOf = (supervision) => {
  const found = new Map();
  facts.cells.forEach((cell, index) => {
    if (cell.dataset === state.problems.dataset && cell.supervision === supervision && cell.status === "done" && !found.has(cell.student)) found.set(cell.student, index);
  });
  return [...found].map(([student, index]) => ({ student, index }));
};

const conditions = () => facts.cells.map((cell, index) => ({ cell, index })).filter(({ cell }) => cell.dataset === state.problems.dataset && cell.status === "done")
  .filter(({ cell, index }) => studentsOf(cell.supervision).some((student) => student.index === index));

const hasIt = (problem, texts) => {
  const wanted = state.problems.search.trim().toLowerCase();
  return [problem.id, problem.question, ...(problem.choices ?? []), ...texts].some((text) => text?.toLowerCase().includes(wanted));
};
const ofTeacher = (split) => rationalesOf(state.problems.dataset, split).filter((entry) => entry.teacher === state.problems.teacher);

// The training problems that the search finds, in questions and in what this teacher wrote, by their positions.
const foundTraining = async () => {
  const written = await Promise.all(ofTeacher("train").map(({ index }) => inflate("rationales", index)));
  const problems = facts.training_problems?.[state.problems.dataset] ?? [];
  return problems.map((_, position) => position).filter((position) => hasIt(problems[position], written.map((rows) => rows[position]?.[0])));
};

// The test problems that the filter leaves, and those of them that the search finds, by their positions.
const left = async () => {
  const { dataset, show, first, second } = state.problems;
  const problems = facts.problems[dataset] ?? [];
  const asked = lanes().flatMap((lane) => studentsOf(lane.supervision));
  const written = await Promise.all(asked.map(({ index }) => samples(index)));
  const [a, b] = show === "only" ? await Promise.all([first, second].map((name) => { const index = facts.cells.findIndex((cell) => cellName(cell) === name); return index < 0 ? [] : samples(index); })) : [[], []];
  const answered = await Promise.all(ofTeacher("test").map(({ index }) => textsFor("rationales", dataset, index)));
  const rowsOf = (position) => written.map((rows) => rows[position] ?? []).filter((row) => row.length);
  const kept = problems.map((_, position) => position).filter((position) => {
    const rows = rowsOf(position);
    const solved = rows.filter((row) => row[2]).length;
    if (show === "some" && !(solved && solved < rows.length)) return false;
    if (show === "none" && solved) return false;
    if (show === "every" && (!rows.length || solved < rows.length)) return false;
    if (show === "only" && !(a[position]?.[2] && b[position]?.length && !b[position][2])) return false;
    return true;
  });
  const found = kept.filter((position) => hasIt(problems[position], [...rowsOf(position), ...answered.map((rows) => rows[position] ?? [])].map((row) => row[0])));
  return { kept, found };
};

const pager = (name, what, problem, position, count, move) => make("div", { class: "chosen-problem", id: name },
  make("div", { class: "toolbar" }, make("h3", {}, what), make("button", { class: "previous", disabled: position <= 0, "aria-label": `previous ${what}`, onclick: () => move(-1) }, "←"),
    make("span", {}, count ? `${position + 1} of ${count}` : "none"), make("button", { class: "next", disabled: position >= count - 1, "aria-label": `next ${what}`, onclick: () => move(1) }, "→")),
  problem ? [make("p", { class: "hint" }, problem.id), question(problem)] : null);

const teacherCard = (lane, row, earlier) => {
  const title = make("h4", {}, `${state.problems.teacher} writes`);
  if (!row?.length) return make("div", { class: "card teacher" }, title, make("p", { class: "hint" }, "no text for this problem"));
  const [rationale, answer, verdict] = row;
  return make("div", { class: "card teacher" }, title, rationale ? withNewMarked(rationale, earlier) : make("p", { class: "hint" }, "no rationale"),
    make("p", {}, make("span", { class: verdict === "agrees" ? "right" : "wrong" }, verdict), `; the answer is ${answer ?? "not told"}`));
};

const drawProblems = async () => {
  const view = state.problems;
  const teachers = teachersOf(view.dataset);
  if (!teachers.includes(view.teacher)) {
    view.teacher = teachers.map((teacher) => [rationalesOf(view.dataset, "train").filter((entry) => entry.teacher === teacher).length, teacher]).sort((x, y) => y[0] - x[0])[0]?.[1] ?? null;
  }
  const again = () => { remember(); return drawProblems(); };
  const controls = [
    select("dataset", facts.axes.dataset.map((name) => [name, name]), view.dataset, (value) => { Object.assign(view, { dataset: value, teacher: null, training: 0, test: 0, first: null, second: null }); again(); }),
    select("teacher", teachers.map((name) => [name, name]), view.teacher, (value) => { view.teacher = value; view.test = 0; again(); }),
    select("show", Object.entries(SHOWS), view.show, (value) => { view.show = value; view.test = 0; again(); }),
  ];
  if (view.show === "only") {
    const options = conditions().map(({ cell }) => [cellName(cell), `${cell.supervision}, ${cell.student}`]);
    view.first ??= options[0]?.[0] ?? null;
    view.second ??= options.at(-1)?.[0] ?? null;
    controls.push(select("A", options, view.first, (value) => { view.first = value; view.test = 0; again(); }), select("B", options, view.second, (value) => { view.second = value; view.test = 0; again(); }));
  }
  const search = make("input", { type: "search", "aria-label": "search", placeholder: "in questions, answers and teachers' texts", value: view.search, onchange: (event) => { Object.assign(view, { search: event.target.value, training: 0, test: 0 }); again(); } });
  controls.push(make("label", {}, "search", search));
  $("problem-controls").replaceChildren(...controls);

  const everyTraining = facts.training_problems?.[view.dataset] ?? [];
  const { kept, found } = await left(), taught = await foundTraining();
  // What is found on one side alone is read beside all problems of the other.
  const positions = found.length || !taught.length ? found : kept;
  const training = (taught.length ? taught : everyTraining.map((_, index) => index));
  view.test = Math.max(0, Math.min(view.test, positions.length - 1));
  const position = positions[view.test];
  view.training = Math.max(0, Math.min(view.training, training.length - 1));
  const lesson = training[view.training];
  const test = position === undefined ? null : facts.problems[view.dataset][position];
  const counts = [`${found.length} of ${(facts.problems[view.dataset] ?? []).length} test problems`];
  if (view.search.trim()) counts.push(`${taught.length} of ${everyTraining.length} training problems`);
  $("problem-count").textContent = counts.join(", ") + (!found.length !== !taught.length && view.search.trim() ? "; where nothing is found, all are shown" : "");
  const waiting = leftOut(view.dataset);
  const count = waiting.reduce((sum, size) => sum + size, 0);
  const more = async (button, blocks) => {
    button.disabled = true;
    try { for (let block = 0; block < blocks; block += 1) await readMore(view.dataset); } catch {
      $("more-problems").replaceChildren(make("p", { class: "hint" }, `The texts of ${count} more test problems are in no file beside this page: `, make("code", {}, "snakemake explorer_texts"), " writes them."));
      return;
    }
    again();
  };
  $("more-problems").replaceChildren(...(count ? [make("span", {}, `${count} more test problems lie beside this page:`),
    make("button", { id: "read-more", onclick: (event) => more(event.target, 1) }, `read ${waiting[0]}`), waiting.length > 1 ? make("button", { id: "read-all", onclick: (event) => more(event.target, waiting.length) }, "read all") : ""] : []));
  const choosers = make("div", { class: "texts" },
    pager("training-problem", "training problem", everyTraining[lesson], view.training, training.length, (step) => { view.training += step; again(); }),
    pager("test-problem", "test problem", test, view.test, positions.length, (step) => { view.test += step; again(); }));

  const written = rationalesOf(view.dataset, "train"), answered = rationalesOf(view.dataset, "test");
  const rows = [];
  const originals = {};
  let coarser = null;
  for (const lane of lanes()) {
    const entry = written.find((candidate) => candidate.supervision === lane.supervision);
    const row = entry ? (await inflate("rationales", entry.index))[lesson] : null;
    const cards = [teacherCard(lane, row, lane.format === "original" ? coarser : originals[lane.level])];
    if (lane.format === "original" && row?.length) { [coarser] = row; [originals[lane.level]] = row; }
    const own = answered.find((candidate) => candidate.supervision === lane.supervision);
    const answer = own && test ? (await textsFor("rationales", view.dataset, own.index))[position] : null;
    if (answer?.length) cards.push(make("div", { class: "card" }, make("h4", {}, `${view.teacher} itself, gold hidden`), withWrongMarked(answer[0]), make("p", {}, make("span", { class: answer[2] === "agrees" ? "right" : "wrong" }, answer[2] === "agrees" ? "correct" : "incorrect"))));
    for (const { student, index } of test ? studentsOf(lane.supervision) : []) {
      const sample = (await samples(index))[position];
      if (sample?.length) cards.push(make("div", { class: "card student" }, make("h4", {}, `${student} writes`), studentText(sample)));
    }
    const name = lane.format === "original" ? lane.level : lane.level === "native" ? lane.format : `${lane.level}, ${lane.format}`;
    rows.push(make("article", { class: "lane", "data-supervision": lane.supervision }, make("h3", {}, name), make("div", { class: "cards" }, cards)));
  }
  $("problems-shown").replaceChildren(choosers, ...rows);
};
