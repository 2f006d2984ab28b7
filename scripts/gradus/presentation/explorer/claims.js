// Claims and audit: the statements that were tested with their verdicts, what to use, and what is known of problems and texts.
const VERDICTS = ["supported", "contradicted", "shown to be small", "too few data", "one run: no verdict", "described only"];

const estimate = (claim) => {
  const scale = claim.unit === "points" ? 100 : 1, digits = claim.unit === "points" ? 1 : 2;
  const show = (value) => `${Number(value) > 0 ? "+" : ""}${(scale * Number(value)).toFixed(digits)}`;
  return `${show(claim.estimate)} [${show(claim.low)}, ${show(claim.high)}] ${claim.unit}`;
};
const pOf = (claim) => (claim.p_of_verdict === "" ? "" : Number(claim.p_of_verdict) < 0.001 ? "< 0.001" : Number(claim.p_of_verdict).toFixed(3));

const recommended = (row) => {
  const accuracy = `${percent(Number(row.accuracy))} %`;
  if (row.above_baselines === "false") return [row.dataset, row.student, "nothing", accuracy, "", "", row.how_sure];
  const others = row.may_be_best.split(" ").filter((other) => other !== row.best);
  return [row.dataset, row.student, row.best, accuracy, others.join(", ") || "none", row.cheapest, row.how_sure];
};

const cellCount = (count, verb, verbs) => (count === 1 ? `1 cell ${verb}` : `${count} cells ${verbs}`);

// Said wherever verdicts stand that do not know all cells.
const earlier = () => {
  const count = facts.since_claims;
  const said = `EARLIER: these verdicts were made before the study went on; ${cellCount(count, "is", "are")} missing by now or newer.`;
  return count ? make("p", { class: "wrong" }, said) : null;
};

const drawClaims = () => {
  const counts = {};
  for (const claim of facts.claims) counts[claim.verdict] = (counts[claim.verdict] ?? 0) + 1;
  const shown = facts.claims.filter((claim) => state.verdict === "all" || claim.verdict === state.verdict);
  $("claims").replaceChildren(
    make("h2", {}, "What the data support, and what they do not"), ...[earlier()].filter(Boolean),
    facts.claims.length ? make("p", {}, "Too few data refute nothing, and one run decides nothing. p is adjusted for its claim in the study (Holm). ", Object.entries(counts).map(([verdict, count]) => `${count} ${verdict}`).join(", ") + ".")
      : make("p", {}, "No claim has been tested yet: that comes once every cell is scored."),
    make("div", { class: "toolbar" }, ["all", ...VERDICTS].filter((verdict) => verdict === "all" || counts[verdict]).map((verdict) => make("button", { "data-verdict": verdict, "aria-pressed": state.verdict === verdict ? "true" : "false", onclick: () => { state.verdict = verdict; remember(); drawClaims(); } }, verdict))),
    listTable(["verdict", "of whom", "statement", "estimate, 95 %", "p (adjusted)", "speaks of", "power"], shown.map((claim) => [
      make("span", { class: claim.verdict.split(/[: ]/)[0] }, claim.verdict), withTerms(claim.subject), withTerms(claim.statement + (claim.note ? ` (${claim.note})` : "")), withTerms(estimate(claim)), pOf(claim),
      `${claim.reach}, ${claim.runs} run${Number(claim.runs) === 1 ? "" : "s"}${claim.n ? `, n = ${claim.n}` : ""}`, `${(100 * Number(claim.power)).toFixed(0)} % for ${claim.power_for}`])),
    make("h2", {}, "What to use"), ...[earlier()].filter(Boolean),
    listTable(["dataset", "student", "chosen", "accuracy", "cannot be told from it", "cheapest of these", "how sure"], facts.recommendations.map(recommended)));
};

const counted = (counts) => Object.entries(counts).map(([key, value]) => `${key.replaceAll("_", " ")} ${value}`).join(", ");
const written = (value) => (typeof value === "number" && !Number.isInteger(value) ? value.toFixed(3) : Array.isArray(value) ? value.join("/") : value);

const drawAudit = () => {
  const leaked = facts.cells.filter((cell) => cell.leaked), endless = facts.cells.filter((cell) => cell.no_end);
  const keys = [...new Set(facts.datasets.flatMap((dataset) => Object.keys(dataset)))].filter((key) => key !== "dataset");
  $("audit").replaceChildren(
    make("h2", {}, "What is known of problems and texts"),
    make("p", { class: leaked.length ? "wrong" : null }, leaked.length ? `${cellCount(leaked.length, "was", "were")} trained on test questions: ${leaked.map(cellName).join(", ")}` : "No cell was trained on a question of its test split."),
    make("p", { class: endless.length ? "wrong" : null }, endless.length ? `${cellCount(endless.length, "has", "have")} not learned to stop (¶, final_end_loss above 0.1): ${endless.map(cellName).join(", ")}` : "No cell ended its training without having learned to stop."),
    make("h3", {}, "Datasets"),
    // A row per fact: there are many of them, and few datasets.
    listTable(["", ...facts.datasets.map((dataset) => dataset.dataset)], keys.map((key) => [term(key.replaceAll("_", " ")), ...facts.datasets.map((dataset) => written(dataset[key]))])),
    make("h3", {}, "Annotations"), facts.links?.annotations ? make("p", {}, make("a", { href: facts.links.annotations }, "The audit with lengths, and examples of every defect")) : "",
    listTable(["supervision", "rows", "mean words", "verdicts", "defects", "price (US dollars)"], facts.annotations.map((audit) => [
      withTerms(audit.supervision + (audit.excerpt ? " §" : "")), audit.rows, audit.words, counted(audit.verdicts), withTerms(counted(audit.findings), DEFECTS.filter((defect) => TERMS[defect])), audit.price_usd == null ? "" : audit.price_usd.toFixed(2)])));
};
