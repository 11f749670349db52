"use strict";
/* The table of problems: filters, and what Tabulator is told. */
ttc.filters = {
  all: ["all", () => true],
  wrong: ["vote wrong", (row) => !row.vote],
  right: ["vote right", (row) => row.vote],
  missed: ["vote wrong, a right solution there", (row) => !row.vote && row.right > 0],
  never: ["never solved", (row) => row.right === 0],
  lost: ["vote turned wrong", (row) => row.turned === "lost"],
  won: ["vote turned right", (row) => row.turned === "won"],
  misjudged: ["some verdict is wrong", (row) => row.wrong > 0],
  disagree: ["policies disagree", (row) => row.kinds === 2],
  part: ["runs part", (row) => row.parts],
};

/* Rows of a run as objects, made once. */
ttc.rowsOf = (run) => {
  if (run.rows) return run.rows;
  const { index } = run;
  const parts = new Set(ttc.head.parting.map((one) => one.id));
  run.rows = index.id.map((id, i) => {
    const chosen = index.choices.map((key) => index.chosen[key][i]);
    const compared = chosen.filter((one, j) => one !== "-" && index.choices[j] !== "oracle" && !index.single.includes(index.choices[j]));
    return { i, id, question: index.question[i], level: index.level[i], solutions: index.solutions[i], right: index.right[i],
      share: index.solutions[i] ? index.right[i] / index.solutions[i] : null, answers: index.answers[i], vote: index.vote[i],
      flips: index.flips[i], turned: index.turned[i], verdicts: index.verdicts[i], wrong: index.wrong[i],
      err: index.verdicts[i] ? index.wrong[i] / index.verdicts[i] : null, tokens: index.tokens[i], parts: parts.has(id),
      kinds: new Set(compared).size,
      ...Object.fromEntries(chosen.map((one, j) => [`c${j}`, one === "-" ? null : one === "1"])) };
  });
  return run.rows;
};

/* Choices whose column would say what others say: the vote, its first solution, whether any is right. */
ttc.plainChoice = (key) => ["majority", "first", "oracle"].includes(key);

/* A choice in words that can be broken; whose verdicts it reads only where there are several. */
ttc.choiceTitle = (run, key) => (run.judges.length > 1 ? key : key.replace(/ \([^()]*\)$/, "")).replace(/_/g, " ");

/* Pixels that the longest word of a heading takes, with the arrow beside it: words are not broken. */
ttc.leastWidth = (title) => 44 + 9 * Math.max(...title.split(" ").map((word) => word.length));

ttc.columns = (run, number) => {
  const { el } = ttc;
  const has = (name) => ttc.rowsOf(run).some((row) => row[name]);
  const grade = (cell) => ttc.grade(cell.getValue());
  const numeric = { hozAlign: "right", headerHozAlign: "right" };
  const text = (shown) => (cell) => el("span", {}, shown(cell.getValue()));
  const named = (title) => () => el("span", {}, title);
  const column = (title, field, more) => ({ title: "", minWidth: ttc.leastWidth(title), titleFormatter: named(title), field, headerTooltip: false, formatter: text((value) => (value === null ? "–" : ttc.whole(value))), ...more });
  return [
    column("problem", "id", { minWidth: 150, widthGrow: 3, responsive: 0, formatter: (cell) =>
      el("a", { href: `#p/${number}/${cell.getRow().getData().i}`, title: cell.getRow().getData().question }, cell.getValue()) }),
    has("level") ? column("level", "level", { ...numeric, responsive: 4 }) : null,
    column("right", "share", { ...numeric, minWidth: 134, responsive: 1, formatter: (cell) => {
      const row = cell.getRow().getData();
      const bar = el("span", { class: "bar", "aria-hidden": "true" }, el("span", {}));
      bar.firstChild.style.width = `${100 * (row.share || 0)}%`;
      return el("span", { class: "share" }, bar, `${row.right}/${row.solutions}`);
    } }),
    column("answers", "answers", { ...numeric, responsive: 5 }),
    column("vote", "vote", { formatter: grade, hozAlign: "center", responsive: 0 }),
    ...run.index.choices.map((key, j) => (ttc.plainChoice(key) ? null : column(ttc.choiceTitle(run, key), `c${j}`, { formatter: grade, hozAlign: "center", responsive: 3 + j }))),
    column("flips", "flips", { ...numeric, responsive: 6 }),
    has("verdicts") ? column("wrong verdicts", "err", { ...numeric, responsive: 2, formatter: text((value) => (value === null ? "–" : ttc.percent(value))) }) : null,
    column("tokens", "tokens", { ...numeric, responsive: 7, formatter: text(ttc.number) }),
  ].filter(Boolean);
};

ttc.problems = (run, number) => {
  const { el } = ttc;
  const rows = ttc.rowsOf(run);
  const host = el("div", { class: "problems" });
  const count = el("span", { class: "muted", role: "status" });
  const state = (ttc.states ??= {})[number] ??= { words: "", kind: "all", level: "", sort: "i" };
  const words = el("input", { type: "search", id: "filter", placeholder: "id or question", "aria-label": "Filter problems by id or question", value: state.words });
  const kinds = Object.entries(ttc.filters).map(([key, [title, fits]]) => [key, title, rows.filter(fits).length]).filter(([key, , n]) => n || key === "all");
  const kind = ttc.options(el("select", { id: "kind" }), kinds.map(([key, title, n]) => [key, `${title} (${ttc.whole(n)})`]), state.kind);
  const levels = [...new Set(rows.map((row) => row.level).filter((one) => one !== null))].sort((a, b) => a - b);
  const level = ttc.options(el("select", { id: "level" }), [["", "all"], ...levels.map((one) => [one, one])], state.level);
  const sorts = [["i", "as in the run"], ["id", "id"], ["share", "hardest"], ["-share", "easiest"], ["-flips", "most flips"], ["-err", "most wrong verdicts"], ["-tokens", "most tokens"]];
  const sort = ttc.options(el("select", { id: "sort" }), sorts, state.sort);
  const fitting = () => {
    const wanted = words.value.toLowerCase();
    const [, fits] = ttc.filters[kind.value] || ttc.filters.all;
    return rows.filter((row) => fits(row) && (level.value === "" || String(row.level) === level.value)
      && (!wanted || row.id.toLowerCase().includes(wanted) || row.question.toLowerCase().includes(wanted)));
  };
  const sorted = (found) => {
    const key = sort.value.replace("-", "");
    const sign = sort.value.startsWith("-") ? -1 : 1;
    return [...found].sort((a, b) => (a[key] === null) - (b[key] === null) || sign * (a[key] > b[key] ? 1 : a[key] < b[key] ? -1 : 0));
  };
  let table = null;
  const show = () => {
    Object.assign(state, { words: words.value, kind: kind.value, level: level.value, sort: sort.value });
    const found = sorted(fitting());
    ttc.shown = { number, order: found.map((row) => row.i) };
    count.textContent = `${ttc.whole(found.length)} of ${ttc.whole(rows.length)} problems`;
    if (table) { table.clearSort(); table.setData(found); host.classList.toggle("short", found.length <= 18); }
    return found;
  };
  for (const one of [kind, level, sort]) one.addEventListener("change", show);
  words.addEventListener("input", show);
  ttc.later.push(() => {
    const made = new Tabulator(host, {
      data: show(), columns: ttc.columns(run, number), layout: "fitColumns", responsiveLayout: "hide", height: rows.length > 18 ? "65vh" : false,
      placeholder: el("span", {}, "No problem is like that."), columnDefaults: { headerSortTristate: true, resizable: false, minWidth: 64 }, index: "i",
    });
    made.on("tableBuilt", () => { table = made; });
    made.on("dataSorted", (sorters, order) => { if (sorters.length) ttc.shown = { number, order: order.map((row) => row.getData().i) }; });
  });
  ttc.printed = () => ttc.table(["problem", "right", "vote", ...run.index.choices], fitting().slice(0, 500).map((row) =>
    [row.id, `${row.right}/${row.solutions}`, ttc.grade(row.vote), ...run.index.choices.map((_, j) => ttc.grade(row[`c${j}`]))]));
  return ttc.section("problems", ttc.of(run, "Problems"),
    el("div", { class: "controls" }, el("label", {}, "Filter ", words), el("label", {}, "Show ", kind),
      levels.length ? el("label", {}, "Level ", level) : null, el("label", {}, "Sort by ", sort), count),
    host, el("div", { class: "print-only", id: "printed" }));
};

/* Which choices are no difference between runs, as two draws of one run differ as well. */
ttc.singles = () => {
  const names = [...new Set(ttc.head.runs.flatMap((run) => run.index.single))];
  return names.length ? ` Left out: ${names.join(", ")}, which is one draw and differs by chance.` : "";
};

/* Problems on which runs part, by whose choice. */
ttc.parting = () => {
  const { el, head } = ttc;
  if (head.runs.length < 2) return null;
  if (!head.parting.length) return ttc.section("parting", "Where runs part", ttc.muted(`No choice that these runs share is right in one and wrong in another.${ttc.singles()}`));
  const place = head.runs.map((run) => new Map(run.index.id.map((id, i) => [id, i])));
  const rows = head.parting.slice(0, 200).map((one) => [one.id,
    ...one.vote.map((right, r) => (right === null ? "–" : el("a", { href: `#p/${r}/${place[r].get(one.id)}` }, ttc.grade(right)))), one.choices.join(", ") || "the vote"]);
  return ttc.section("parting", "Where runs part",
    ttc.muted(`${ttc.whole(head.parting.length)} problems have a choice that is right in one run and wrong in another; each sign leads to the problem in its run.`
      + ttc.singles() + (head.parting.length > 200 ? " The first 200 are listed; the filter of the problems has them all." : "")),
    ttc.table(["problem", ...head.runs.map((run) => `vote, ${run.label}`), "what differs"], rows, [], { label: "Where runs part" }));
};
