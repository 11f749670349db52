"use strict";
/* Several runs against the first of them, paired over problems: the top of the summary. */
ttc.verdict = (said) => {
  const [sign, shade] = { better: ["▲", "right"], worse: ["▼", "wrong"] }[said] || ["◇", "open"];
  return said ? ttc.el("span", { class: `grade ${shade}` }, ttc.el("span", { "aria-hidden": "true" }, sign), ` ${said}`) : "";
};

ttc.paired = () => {
  const { el, head } = ttc;
  const found = head.paired;
  if (!found) return null;
  if (found.why) return ttc.note(found.why);
  const headings = ["run", "success", "difference, points", "verdict", "finds", "takes"];
  const numeric = [1, 2, 4];
  const side = (i) => (numeric.includes(i) ? "num" : null);
  const line = (one) => el("tr", {}, [one.name, ttc.percent(one.success),
    one.ahead ? ttc.points(one.ahead) : one.name === found.baseline ? "baseline" : "–",
    ttc.verdict(one.verdict), one.finds === null ? "–" : (100 * one.finds).toFixed(1), one.takes,
  ].map((cell, i) => (i ? el("td", { class: side(i) }, cell) : el("th", { scope: "row" }, cell))));
  const bodies = found.places.map((place) => el("tbody", {},
    el("tr", { class: "within" }, el("th", { colspan: headings.length, scope: "rowgroup" }, place.within)), place.runs.map(line)));
  return el("div", { class: "card paired", id: "paired" },
    found.said.map((text, i) => el("p", { class: i ? null : "headline" }, text)),
    el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Runs at equal compute" },
      el("table", {}, el("thead", {}, el("tr", {}, headings.map((text, i) => el("th", { scope: "col", class: side(i) }, text)))), bodies)),
    found.notes.map(ttc.muted));
};
