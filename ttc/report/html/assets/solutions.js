"use strict";
/* The solutions of a problem, each unfolded when it is opened. */
ttc.solutions = (facts, texts, place) => {
  const { el } = ttc;
  const list = el("div", { class: "solutions" });
  const more = el("button", { type: "button" });
  const errs = (one) => Object.values(one.by).some((by) => by.wrong.length);
  const kinds = { all: ["all", () => true], right: ["right", (one) => one.right], wrong: ["wrong", (one) => !one.right], misjudged: ["with a wrong verdict", errs],
    fooled: ["wrong, mostly accepted", (one) => !one.right && ttc.meanOf(one) > 0.5], refused: ["right, mostly rejected", (one) => one.right && ttc.meanOf(one) < 0.5],
    differs: ["label and judgement differ", (one) => one.label !== undefined && one.label !== one.right] };
  facts.votes.slice(0, 12).forEach((vote, i) => { kinds[`a${i}`] = [`answer ${ttc.letter(i)}`, (one) => one.vote === vote.vote]; });
  const there = Object.entries(kinds).map(([key, [title, fits]]) => [key, title, facts.solutions.filter(fits).length]).filter(([, , n]) => n);
  const kind = ttc.options(el("select", { id: "solution-kind" }), there.map(([key, title, n]) => [key, `${title} (${n})`]), "all");
  let found = [];
  const add = (count) => {
    const from = list.childElementCount;
    list.append(...found.slice(from, from + count).map((one) => ttc.solution(one, texts, place, facts)));
    const left = found.length - list.childElementCount;
    more.hidden = left <= 0;
    more.textContent = `show ${Math.min(left, 100)} more of ${ttc.whole(left)}`;
  };
  const show = () => { found = facts.solutions.filter(kinds[kind.value] ? kinds[kind.value][1] : () => true); list.replaceChildren(); add(50); };
  ttc.listAll = () => { kind.value = "all"; show(); add(Infinity); };
  kind.addEventListener("change", show);
  more.addEventListener("click", () => add(100));
  show();
  return ttc.section("p-solutions", `Solutions (${ttc.whole(facts.solutions.length)})`, there.length ? el("div", { class: "controls" }, el("label", {}, "Show ", kind)) : null, list, more);
};

ttc.meanOf = (one) => {
  const scores = Object.values(one.by).flatMap((by) => by.score).filter((score) => score !== null);
  return scores.length ? scores.reduce((sum, score) => sum + score, 0) / scores.length : NaN;
};
ttc.mean = (scores) => {
  const known = scores.filter((score) => score !== null && score !== undefined);
  return known.length ? known.reduce((sum, score) => sum + score, 0) / known.length : null;
};

ttc.solution = (one, texts, place, facts) => {
  const { el } = ttc;
  const chips = Object.entries(one.by).map(([name, by]) => el("span", { class: `chip${by.wrong.length ? " errs" : ""}`, title: `${name}: ${by.said.length} verdicts, ${by.wrong.length} wrong` },
    `${name} ${ttc.number(ttc.mean(by.score))}`, by.said.replace(/\?/g, "") ? ` ${by.said.slice(0, 16)}${by.said.length > 16 ? "…" : ""}` : "", by.wrong.length ? ` · ${by.wrong.length} wrong` : ""));
  const notes = [`${ttc.whole(one.tokens)} tokens`, one.ended ? `ended by ${one.ended}` : null, one.unreturned ? "on the way, no vote" : null,
    one.label !== undefined && one.label !== one.right ? `the data says ${one.label ? "right" : "wrong"}` : null, facts.final[one.repeat || 0] === one.i ? "THE ANSWER" : null].filter(Boolean);
  const made = el("details", { id: `s-${one.i}`, class: "solution" }, el("summary", {}, el("span", { class: "number" }, `#${one.i}`), ttc.grade(one.right, ""), ttc.answer(one.vote, one.answer, place), chips, el("span", { class: "muted" }, notes.join(" · "))));
  made.addEventListener("toggle", () => { if (made.open && made.childElementCount === 1) made.append(ttc.solutionBody(one, texts)); });
  return made;
};

ttc.solutionBody = (one, texts) => {
  const { el } = ttc;
  const text = texts[one.i];
  const stepped = texts[`${one.i}/step/0`] !== undefined;
  return el("div", { class: "body" }, stepped ? ttc.steps(one, texts) : text === undefined ? ttc.note("This text is not in the file.") : ttc.longText(text),
    Object.entries(one.by).map(([name, by]) => ttc.verdicts(one, name, by, texts)));
};

/* The first step that a verdict finds wrong: the one it names, else the first below one half. */
ttc.firstBad = (by, i) => {
  const named = by.bad ? by.bad[i] : null;
  if (named !== null && named !== undefined && named >= 0) return named;
  const scores = by.steps ? by.steps[i] : [];
  const low = scores.findIndex((score) => score !== null && score < 0.5);
  return low < 0 ? null : low;
};

ttc.steps = (one, texts) => {
  const { el } = ttc;
  const judges = Object.entries(one.by).filter(([, by]) => by.steps);
  const items = [];
  for (let k = 0; texts[`${one.i}/step/${k}`] !== undefined; k++) {
    const marks = judges.map(([name, by]) => {
      const score = ttc.mean(by.steps.map((scores) => scores[k]));
      const first = by.steps.filter((_, i) => ttc.firstBad(by, i) === k).length;
      return [score === null ? null : el("span", { class: `chip ${score < 0.5 ? "errs" : ""}`, title: `${name}, step ${k + 1}` }, `${name} ${score.toFixed(2)}`),
        first ? el("span", { class: "chip bad" }, by.steps.length > 1 ? `first wrong step (${first} of ${by.steps.length})` : "first wrong step") : null];
    });
    items.push(el("li", { class: marks.flat().some((mark) => mark && mark.classList.contains("bad")) ? "first-wrong" : null },
      el("pre", { class: "text", dir: "auto" }, texts[`${one.i}/step/${k}`].trimEnd()), marks, one.gold_bad === k ? el("span", { class: "chip gold" }, "first wrong step by the label") : null));
  }
  return el("ol", { class: "steps" }, items);
};

ttc.verdicts = (one, name, by, texts) => {
  const { el } = ttc;
  const words = { Y: "correct", N: "incorrect", "?": "no verdict" };
  const wrong = new Set(by.wrong);
  const line = (i) => {
    const told = [words[by.said[i]], by.p && by.p[i] !== null ? `P(yes) ${by.p[i]}` : null, by.score[i] !== null ? `score ${by.score[i]}` : null, by.raw && by.raw[i] !== null ? `raw ${by.raw[i]}` : null,
      by.bad && by.bad[i] !== null ? `first wrong step ${by.bad[i] + 1}` : null, by.against && by.against[i] !== null ? `against solution ${by.against[i]}` : null,
      by.of && by.of[i] !== null ? `of verification ${by.of[i]}` : null, by.ended && !["stop", "read", "imported"].includes(by.ended[i]) ? `ended by ${by.ended[i]}` : null].filter(Boolean).join(" · ");
    const head = [el("span", { class: `verdict v${"YN?".indexOf(by.said[i])}` }, by.said[i]), ` ${told} `, wrong.has(i) ? el("span", { class: "chip errs" }, "wrong verdict") : null];
    const text = texts[`${one.i}/${name}/${i}`];
    return text === undefined ? el("div", { class: "line" }, head) : el("details", { class: "line" }, el("summary", {}, head), ttc.longText(text));
  };
  const list = el("div", {});
  const order = [...Array(by.said.length).keys()].sort((a, b) => wrong.has(b) - wrong.has(a) || a - b);
  const more = el("button", { type: "button", onclick: () => add(Infinity) });
  const add = (count) => {
    const from = list.childElementCount;
    list.append(...order.slice(from, from + count).map(line));
    more.hidden = list.childElementCount >= order.length;
    more.textContent = `show the other ${order.length - list.childElementCount}`;
  };
  add(6);
  return el("div", { class: "verdicts" }, el("h4", {}, `${name}: mean score ${ttc.number(ttc.mean(by.score))}, ${by.said.length} verdict${by.said.length === 1 ? "" : "s"}`, wrong.size ? `, ${wrong.size} wrong` : ""), list, more);
};
