// The start: pages and keys, and the state that the address asks for.
const DRAW = { experiments: drawExperiments, grid: () => { drawGrid(); drawDetail(); }, problems: drawProblems, claims: drawClaims, audit: drawAudit, help: () => {} };

const showPage = (wanted) => {
  state.page = wanted;
  for (const name of PAGES) {
    $(name).hidden = name !== wanted;
    $(`tab-${name}`).setAttribute("aria-selected", name === wanted ? "true" : "false");
  }
  DRAW[wanted]();
  remember();
};
const theme = () => { document.documentElement.dataset.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark"; };

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
  const wanted = PAGES[Number(event.key) - 1];
  if (wanted) showPage(wanted);
  if (event.key === "d") theme();
  if (event.key === "c") keep();
});

if (Object.keys(TERMS).length) {
  // For those who have no pointer: the same words in a list.
  const told = [...new Set([...Object.keys(MEANT).map((word) => MEANT[word]), ...INSIDE, ...DEFECTS, ...LABELS])].filter((word) => TERMS[word]).sort((left, right) => left.localeCompare(right));
  $("help").append(make("h2", {}, "What the words mean"), make("dl", { class: "facts", id: "words" }, told.flatMap((word) => [make("dt", {}, word), make("dd", {}, TERMS[word])])));
}
$("title").textContent = facts.study;
$("about").textContent = facts.about;
for (const name of PAGES) $(`tab-${name}`).onclick = () => showPage(name);
$("theme").onclick = theme;
$("copy-link").onclick = (event) => { remember(); copy(location.href, event.target); };
for (const [page, name] of [["findings", "Findings"], ["report", "report.zip"]]) {
  if (facts.links?.[page]) $("to-pages").append(make("a", { href: facts.links[page] }, name), " ");
}
if (window.matchMedia?.("(prefers-color-scheme: dark)").matches) document.documentElement.dataset.theme = "dark";
const varied = AXES.filter((axis) => facts.axes[axis].length > 1);
if (facts.axes.dataset.length > 1) [state.only.dataset] = facts.axes.dataset;
else if (!varied.includes("student")) Object.assign(state, { rows: "supervision", columns: "student" });
if (!facts.experiments.some((experiment) => experiment.points?.length)) state.page = "grid";
recall();
window.addEventListener("hashchange", () => { recall(); showPage(state.page); });
showPage(state.page);
// A page of a running study: the address and the place on the page are the same after it.
if (facts.reload_seconds) {
  $("title").append(make("small", { className: "live", title: "This page loads itself anew while the study runs" }, ` ${facts.cells.filter((cell) => cell.status === "done").length} of ${facts.cells.length} cells`));
  setTimeout(() => { remember(); location.reload(); }, 1000 * facts.reload_seconds);
}
