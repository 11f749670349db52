"use strict";
/* The sections of the overview. Each is a function of what the page knows and of the chosen run. */
ttc.section = (id, title, ...children) =>
  ttc.el("section", { id, "aria-labelledby": `${id}-title` }, ttc.el("h2", { id: `${id}-title` }, title), ...children);

/* What sections are called in the bar, which has room for a word each. */
ttc.short = { summary: "Summary", success: "Success", allocation: "Allocation", coverage: "Coverage", verifiers: "Verifiers",
  parting: "Runs part", problems: "Problems", costs: "Costs", recipe: "Recipe", cite: "Citation" };

/* The title of a section about one run: where there are several, with its name. */
ttc.of = (run, title) => (ttc.head.runs.length > 1 ? [title, ttc.el("span", { class: "muted" }, ` · ${run.label}`)] : title);

ttc.note = (text) => ttc.el("p", { class: "note" }, text);
ttc.muted = (text) => ttc.el("p", { class: "muted" }, text);

ttc.summary = () => {
  const { el, head } = ttc;
  const many = head.runs.length > 1;
  const cards = head.runs.map((run) => el("div", { class: "card" },
    many ? el("h3", {}, run.label) : null,
    run.headline.length
      ? [el("p", { class: "headline" }, run.headline[0]), ...run.headline.slice(1).map((text) => el("p", {}, text))]
      : el("p", { class: "headline" }, run.why.success || "Nothing can be said yet."),
    run.description ? ttc.muted(run.description) : null,
    el("p", { class: "muted" }, [run.name, run.status, ...run.models.map((one) => `${one.role}: ${one.model}`),
      run.seed === null ? null : `seed ${run.seed}`, `begun ${run.started.replace("T", " ").slice(0, 16)}`].filter(Boolean).join(" · ")),
    [...run.warnings, ...run.labels].map(ttc.note), run.note ? ttc.note(run.note) : null,
    run.notes.map(ttc.muted)));
  if (head.left_out) cards.push(ttc.note(`${ttc.whole(head.texts - head.left_out)} of ${ttc.whole(head.texts)} texts are in this file, the most telling of each problem and else a random sample; figures and tables are of all.`));
  return ttc.section("summary", many ? "What was found" : head.runs[0].recipe_name, ttc.paired(), ...cards);
};

/* Lines of a chart of success: of each method its best cells, and on demand a line for each V. */
ttc.successLines = (unit, eachV) => {
  const { head } = ttc;
  const many = head.runs.length > 1;
  const lines = [];
  let colour = 0;
  head.runs.forEach((run) => run.methods.forEach((method) => {
    const point = (cell) => ({ x: cell.cost[unit], y: cell.success, low: cell.low, high: cell.high, told: {
      success: ttc.percent(cell.success), "95 %": ttc.span(cell.low, cell.high),
      S: cell.S ?? "–", V: cell.V || "–", compute: ttc.number(cell.cost[unit]) } });
    const title = method.title + (many ? ` · ${run.label}` : "");
    const own = method.oracle ? "grey" : colour++;
    const dash = method.oracle ? [2, 4] : ttc.dashes[own % ttc.dashes.length];
    const best = (method.best[unit] || []).map((i) => point(method.cells[i]));
    const deep = [...new Set(method.cells.map((cell) => cell.V).filter(Boolean))];
    if (best.length > 1 || !method.cells.some((cell) => cell.S > 1))
      lines.push({ title: title + (deep.length > 1 ? ", best S and V" : ""), points: best, colour: own, dash, hidden: method.oracle && many });
    if (eachV) deep.forEach((v) => {
      const cells = method.cells.filter((cell) => cell.V === v && cell.cost[unit]);
      lines.push({ title: `${title}, V = ${v}`, points: cells.map(point).sort((a, b) => a.x - b.x), colour: own, dash: [], faint: true });
    });
  }));
  return lines;
};

ttc.success = () => {
  const { el, head } = ttc;
  const units = Object.keys(head.axes).filter((unit) => head.runs.some((run) => run.units.includes(unit)));
  if (!units.length) return null;
  const host = el("div", { class: "chart" });
  const unit = ttc.options(el("select", {}), units.map((name) => [name, head.axes[name]]), ttc.unit || units[0]);
  const deep = el("input", { type: "checkbox" });
  const draw = () => {
    ttc.unit = unit.value;
    ttc.chart(host, ttc.successLines(unit.value, deep.checked), { xTitle: head.axes[unit.value], yTitle: "success", log: true, percent: true });
  };
  unit.addEventListener("change", () => { draw(); ttc.drawAllocation(); });
  deep.addEventListener("change", draw);
  const verified = head.runs.some((run) => run.methods.some((method) => method.cells.some((cell) => cell.V)));
  ttc.later.push(draw);
  return ttc.section("success", "Success against compute",
    el("div", { class: "controls" }, el("label", {}, "Compute ", unit), verified ? el("label", {}, deep, " a line for each V") : null),
    host,
    ttc.muted("Bands: 95 % intervals for new problems. Point at the chart, or move along it with the arrow keys: the table below says which S and V a point is. A name in the table shows or hides its line."
      + (verified ? " Best S and V were chosen on these problems; what the choice is worth on others is under Allocation." : "")),
    ttc.pointsTable(() => ttc.successLines(unit.value, true)));
};

/* The points of a chart as a table, made when it is opened. */
ttc.pointsTable = (lines) => {
  const made = ttc.el("details", { class: "points" }, ttc.el("summary", {}, "All points as a table"));
  made.addEventListener("toggle", () => {
    if (!made.open) return;
    const rows = lines().flatMap((line) => line.points.map((point) => [line.title, ...Object.values(point.told)]));
    const names = Object.keys(lines()[0].points[0].told);
    made.replaceChildren(made.firstChild, ttc.table(["line", ...names], rows, names.map((_, i) => i + 1)));
  });
  return made;
};

ttc.drawAllocation = () => {};
ttc.allocation = (run) => {
  const { el } = ttc;
  const verified = run.methods.filter((method) => method.cells.some((cell) => cell.V));
  if (!verified.length) return null;
  const host = el("div", { class: "chart" });
  const choice = ttc.options(el("select", {}), verified.map((method, i) => [i, method.title]), 0);
  const draw = ttc.drawAllocation = () => {
    const method = verified[choice.value];
    const unit = method.best[ttc.unit] ? ttc.unit : Object.keys(method.best)[0];
    const cells = method.best[unit].map((i) => method.cells[i]);
    const line = (title, pick, colour, dash) => ({ title, colour, dash, points: cells.map((cell) => ({
      x: cell.cost[unit], y: pick(cell), told: { best: pick(cell), success: ttc.percent(cell.success), compute: ttc.number(cell.cost[unit]) } })) });
    ttc.chart(host, [line("solutions S", (cell) => cell.S, 0, []), line("verifications V of each", (cell) => cell.V, 1, [8, 4])],
      { xTitle: ttc.head.axes[unit], yTitle: "best S and V", log: true, logY: true, height: 260 });
  };
  choice.addEventListener("change", draw);
  ttc.later.push(draw);
  return ttc.section("allocation", ttc.of(run, "Allocation"),
    el("div", { class: "controls" }, verified.length > 1 ? el("label", {}, "Method ", choice) : null), host,
    ttc.muted("How many solutions, and verifications of each, succeed most often within a budget, on these problems."),
    run.fit ? ttc.budgets(run.fit) : run.why.fit ? ttc.note(run.why.fit) : null);
};

/* What each budget buys, told for problems that it was not chosen by. */
ttc.budgets = (fit) => {
  const bought = (one) => (one ? `${ttc.percent(one.estimate)}  S=${one.S}${one.V ? ` V=${one.V}` : ""}` : "–");
  const rows = fit.methods[0].at.map((told, i) => [ttc.number(told.budget), bought(told.vote),
    ...fit.methods.flatMap((method) => [bought(method.at[i].own), ttc.points(method.at[i].gain)])]);
  const headings = [`budget ${fit.axis}`, "vote", ...fit.methods.flatMap((method) => [method.title, "ahead, points"])];
  const facts = fit.methods.map((method) => [method.title, ttc.spanned(method.ahead, ttc.number), ttc.spanned(method.best, ttc.percent),
    method.rising ? "the vote still rises" : ttc.points(method.gain),
    ...method.growth.map((one) => (one.refused ? "–" : ttc.spanned(one, (value) => value.toFixed(2)))), ttc.number(method.lambda)]);
  return ttc.el("div", {},
    ttc.table(headings, rows, headings.map((_, i) => i), { label: "What budgets buy" }),
    ttc.muted(`Success is out of bag: each resample of the problems chooses its own S and V, which are tried on the other problems. Intervals: ${100 * fit.level} % for new problems, of gains together.`),
    ttc.table(["method", "ahead of the vote from", "best success", "gain, points", "S ~ C^a: a", "V ~ C^b: b", "λ"], facts, [1, 2, 3, 4, 5, 6], { label: "Scaling" }),
    fit.warning ? ttc.note(fit.warning) : null);
};

ttc.coverage = (run) => {
  if (!run.coverage.length) return null;
  const host = ttc.el("div", { class: "chart" });
  const told = (y, low, high, k) => ({ success: ttc.percent(y), "95 %": ttc.span(low, high), k });
  const lines = [{ title: "coverage, pass@k", colour: "grey", dash: [], points: run.coverage.map(([x, y, low, high]) => ({ x, y, low, high, told: told(y, low, high, x) })) }];
  run.methods.filter((method) => !method.oracle && method.cells.length > 1 && method.cells.every((cell) => cell.S && !cell.V)).forEach((method, i) => lines.push({
    title: method.title, colour: i, dash: [8, 4], points: method.cells.map((cell) => ({ x: cell.S, y: cell.success, low: cell.low, high: cell.high, told: told(cell.success, cell.low, cell.high, cell.S) })) }));
  ttc.later.push(() => ttc.chart(host, lines, { xTitle: "solutions k", yTitle: "success", log: true, base: 2, percent: true }));
  return ttc.section("coverage", ttc.of(run, "Coverage"), host, ttc.muted("How often a right solution is among k, and how often the choice without a verifier finds it: the gap is what a better choice could gain."));
};

ttc.verifiers = (run) => {
  const { el } = ttc;
  if (!run.judges.length) return run.why.judges ? ttc.section("verifiers", ttc.of(run, "Verifiers"), ttc.note(run.why.judges)) : null;
  const names = [...new Map(run.judges.flatMap((judge) => judge.figures.map((one) => [one.name, one.title]))).entries()];
  const cell = (judge, name) => {
    const one = judge.figures.find((figure) => figure.name === name);
    return one ? ttc.spanned({ estimate: one.value, low: one.low, high: one.high }, (value) => value.toFixed(3)) : "–";
  };
  const rows = [["solutions judged", ...run.judges.map((judge) => ttc.whole(judge.solutions))],
    ...names.map(([name, title]) => [title, ...run.judges.map((judge) => cell(judge, name))])];
  const lines = (curve, y, more = []) => [...run.judges.map((judge, i) => ({ title: judge.verifier, colour: i, dash: ttc.dashes[i % ttc.dashes.length],
    points: judge.curves[curve].map(([x, value, low, high, n]) => ({ x, y: value, low, high, told: { at: ttc.number(x), [y]: ttc.percent(value), "95 %": ttc.span(low, high), n: ttc.whole(n) } })) })), ...more];
  const ideal = (y) => ({ title: "calibrated", colour: "grey", dash: [2, 4], points: [0, 1].map((x) => ({ x, y: x, low: null, high: null, told: { at: x, [y]: ttc.percent(x), "95 %": "–", n: "–" } })) });
  const figure = (title, found, how) => {
    if (!found.some((line) => line.points.length && line.title !== "calibrated")) return null;
    const host = el("div", { class: "chart" });
    ttc.later.push(() => ttc.chart(host, found, { height: 260, percent: true, ...how }));
    return el("figure", {}, el("figcaption", {}, title), host);
  };
  return ttc.section("verifiers", ttc.of(run, "Verifiers"),
    ttc.table(["", ...run.judges.map((judge) => judge.verifier)], rows, run.judges.map((_, i) => i + 1), { label: "Figures of verifiers" }),
    el("div", { class: "grid" },
      figure("Calibration: share of right solutions by score", lines("reliability", "right", [ideal("right")]), { xTitle: "mean score", yTitle: "right", range: [0, 1] }),
      figure("What V verdicts are worth", lines("depth", "balanced accuracy"), { xTitle: "verifications V", yTitle: "balanced accuracy", log: true, base: 2 }),
      figure("How often the best scored of S is wrong", lines("false", "wrong"), { xTitle: "solutions S", yTitle: "wrong", log: true, base: 2 })),
    ttc.muted("95 % intervals for new problems; n: solutions, or problems."));
};

ttc.about = (run) => {
  const { el } = ttc;
  const told = { samples: "samples", prompt_tokens: "prompt tokens", completion_tokens: "tokens sampled", flops: "FLOPs", usd: "USD", paid_samples: "sampled anew", paid_usd: "USD paid" };
  const there = Object.keys(told).filter((name) => run.costs.some((one) => one[name]));
  const costs = run.costs.length ? ttc.table(["role", ...there.map((name) => told[name])],
    run.costs.map((one) => [one.role, ...there.map((name) => (name.includes("usd") ? ttc.number(one[name]) : name === "flops" ? ttc.number(one[name]) : ttc.whole(one[name])))]), there.map((_, i) => i + 1), { label: "Costs" }) : ttc.muted("No costs are known.");
  const models = ttc.table(["role", "model", "revision", "facts"], run.models.map((one) => [one.role, one.model, one.revision.slice(0, 16), Object.entries(one.facts).map(([k, v]) => `${k} ${v}`).join(", ")]), [], { label: "Models" });
  const folded = (title, text) => el("details", {}, el("summary", {}, title), el("pre", { class: "text" }, text));
  const copied = el("button", { type: "button", onclick: () => navigator.clipboard && navigator.clipboard.writeText(ttc.head.cite) }, "Copy");
  return [
    ttc.section("costs", ttc.of(run, "Costs"), costs, ttc.muted(Object.entries(run.timing).map(([name, value]) => `${name.replace("_seconds", "")} ${ttc.number(value)} s`).join(", "))),
    ttc.section("recipe", ttc.of(run, "Recipe and manifest"), run.models.length ? models : null, folded("Recipe, resolved", run.recipe),
      el("details", {}, el("summary", {}, "Conventions that shape the figures"), ttc.table(["convention", "value"], run.choices, [], { label: "Conventions" })),
      folded("Manifest", run.manifest)),
    ttc.section("cite", "Citation", ttc.muted("ttc, and the papers of the methods used."), el("pre", { class: "text" }, ttc.head.cite), copied),
  ];
};
