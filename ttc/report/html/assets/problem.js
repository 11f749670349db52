"use strict";
/* One problem: what was chosen, how the vote went, every solution with its verdicts, trees. */
ttc.openProblem = async (run, number) => {
  const { el } = ttc;
  const page = document.getElementById("problem");
  const about = ttc.head.runs[run];
  const [facts, texts] = await ttc.loadProblem(run, number);
  const place = new Map(facts.votes.map((one, i) => [one.vote, i]));
  const listed = ttc.shown && ttc.shown.number === run && ttc.shown.order.includes(number);
  const order = listed ? ttc.shown.order : about.index.id.map((_, i) => i);
  const at = order.indexOf(number);
  const step = (by, word) => {
    const next = order[at + by];
    return next === undefined ? el("button", { type: "button", disabled: true }, word)
      : el("a", { class: "button", href: `#p/${run}/${next}`, rel: by < 0 ? "prev" : "next" }, word);
  };
  ttc.fill(page,
    el("div", { class: "controls sticky" }, el("a", { class: "button", href: "#problems", id: "back" }, "← all problems"), step(-1, "previous"), step(1, "next"),
      el("span", { class: "muted" }, `${at + 1} of ${ttc.whole(order.length)}`, ttc.head.runs.length > 1 ? ` · ${about.label}` : "")),
    el("h1", { tabindex: "-1" }, facts.id),
    ttc.longText(facts.question, "text question"),
    facts.choices.length ? el("ol", { class: "options", type: "A" }, facts.choices.map((text) => el("li", {}, text))) : null,
    el("p", {}, "Gold answer: ", el("strong", {}, facts.gold), facts.level === null ? null : ` · level ${facts.level}`,
      el("span", { class: "muted" }, Object.entries(facts.metadata).filter(([key]) => key !== "level").map(([key, value]) => ` · ${key}: ${value}`).join(""))),
    ttc.elsewhere(facts.id, run),
    facts.chosen.length ? ttc.chosen(facts, place) : ttc.muted("Nothing to choose from."),
    facts.votes.length ? ttc.votes(facts, place) : null,
    facts.solutions.length > 1 && facts.led.length ? ttc.course(facts, place) : null,
    facts.trees.length ? ttc.trees(facts) : null,
    ttc.solutions(facts, texts, place));
  page.querySelector("h1").focus({ preventScroll: true });
};

/* The same problem in the other runs. */
ttc.elsewhere = (id, run) => {
  const others = ttc.head.runs.map((one, r) => [one, r, one.index.id.indexOf(id)]).filter(([, r, i]) => r !== run && i >= 0);
  if (!others.length) return null;
  return ttc.el("p", {}, "The same problem in ", others.map(([one, r, i], k) => [k ? ", " : "", ttc.el("a", { href: `#p/${r}/${i}` }, one.label), " ", ttc.grade(one.index.vote[i], "vote")]));
};

ttc.answer = (vote, text, place) => ttc.el("span", { class: "answer" }, ttc.el("b", { class: "letter" }, ttc.letter(place.has(vote) ? place.get(vote) : -1)), " ", text === null ? ttc.el("i", {}, "no answer") : ttc.el("bdi", {}, text));

ttc.chosen = (facts, place) => ttc.section("p-chosen", "What each policy chose",
  ttc.table(["policy", "by", "answer", "", "stopped after"], facts.chosen.map((one) => [one.policy, one.verifier || "–",
    one.answer === null ? "nothing" : ttc.answer(one.vote, one.answer, place), ttc.grade(one.right, one.right ? "right" : "wrong"), one.used ?? "–"]), [4]));

ttc.votes = (facts, place) => {
  const names = [...new Set(facts.votes.flatMap((one) => Object.keys(one.mean)))];
  const total = facts.votes.reduce((sum, one) => sum + one.count, 0);
  const rows = facts.votes.slice(0, 40).map((one) => [ttc.answer(one.vote, one.answer, place), ttc.grade(one.right, one.right ? "right" : "wrong"), one.count, ttc.percent(one.count / total),
    ...names.flatMap((name) => [ttc.number(one.mean[name]), ttc.number(one.sum[name])])]);
  return ttc.section("p-votes", "Votes",
    ttc.table(["answer", "", "votes", "share", ...names.flatMap((name) => [`mean score, ${name}`, "summed"])], rows, [2, 3, ...names.flatMap((_, i) => [4 + 2 * i, 5 + 2 * i])]),
    facts.votes.length > 40 ? ttc.muted(`and ${ttc.whole(facts.votes.length - 40)} more answers`) : null);
};

/* The solutions in the order drawn, and where the vote of all so far changed its answer. */
ttc.course = (facts, place) => {
  const { el } = ttc;
  const voters = facts.solutions.filter((one) => !one.unreturned);
  const turns = new Map(facts.flips.map((one) => [one.after, one]));
  const name = (vote) => ttc.letter(place.get(vote));
  const boxes = voters.slice(0, 1024).map((one, k) => el("span", { class: `box ${one.right ? "right" : "wrong"}${turns.has(k + 1) ? " turn" : ""}`,
    title: `solution ${one.i}: ${one.answer ?? "no answer"} (${one.right ? "right" : "wrong"})${turns.has(k + 1) ? `; the vote turns to ${name(turns.get(k + 1).now)}` : ""}`,
    onclick: () => ttc.showSolution(one.i) }, ttc.letter(one.vote < 0 ? -1 : place.get(one.vote))));
  const said = facts.flips.slice(0, 30).map((one) => el("li", {}, `after ${one.after}: ${name(one.before)} → ${name(one.now)} `, ttc.grade(one.right, one.right ? "now right" : "now wrong")));
  return ttc.section("p-course", "How the vote went",
    el("div", { class: "strip", role: "img", "aria-label": `${voters.length} solutions in the order drawn; the vote flips ${facts.flips.length} times` }, boxes),
    ttc.muted(`Solutions in the order drawn, by the letter of their answer; filled: right. Marked: the vote of all so far changes its answer${facts.flips.length ? "" : ", which it never does here"}.`),
    said.length ? el("ul", { class: "flips" }, said, facts.flips.length > 30 ? el("li", { class: "muted" }, `and ${facts.flips.length - 30} more`) : null) : null);
};

ttc.showSolution = (i) => {
  if (!document.getElementById(`s-${i}`)) ttc.listAll();
  const one = document.getElementById(`s-${i}`);
  if (one) { one.open = true; one.scrollIntoView({ block: "start" }); one.firstChild.focus(); }
};

ttc.trees = (facts) => {
  const { el } = ttc;
  const made = facts.trees.map((tree) => {
    const items = new Map();
    const root = el("ul", { class: "tree" });
    for (const node of tree.nodes) {
      const line = el("div", { class: node.dropped ? "node dropped" : "node" },
        el("span", { class: "muted" }, `${node.n} ${node.role}, ${node.tokens} tokens${node.branch ? `, branch ${node.branch}` : ""}${node.ended ? `, ended by ${node.ended}` : ""}`),
        (node.scores || []).map((score) => el("span", { class: "chip" }, score)), node.dropped ? el("span", { class: "chip" }, "discarded") : null,
        node.text === undefined ? null : el("bdi", { class: "steptext" }, ` ${node.text}`), node.said ? el("strong", {}, ` → ${node.said}`) : null);
      const item = el("li", {}, line);
      items.set(node.n, item);
      // What goes on alone stands below, not deeper: long chains would leave the page.
      const above = items.get(node.after);
      if (!above) root.append(item);
      else if (above.kids) above.kids.append(item);
      else { above.kids = el("ul", {}); above.append(above.kids); above.kids.append(item); }
    }
    for (const item of items.values()) if (item.kids && item.kids.children.length === 1) item.kids.className = "alone";
    return el("details", { open: facts.trees.length === 1 }, el("summary", {}, `attempt ${tree.repeat}: ${ttc.whole(tree.nodes.length + tree.left)} samples`), root,
      tree.left ? ttc.muted(`and ${ttc.whole(tree.left)} more samples`) : null,
      Object.entries(tree.beside).map(([role, n]) => ttc.muted(`${role}: ${n} beside these, for judgement`)));
  });
  return ttc.section("p-trees", "Search", ...made);
};
