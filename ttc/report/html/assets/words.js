"use strict";
/* Numbers and judgements in words and colours. */
ttc.percent = (value) => (value === null || value === undefined ? "–" : `${(100 * value).toFixed(1)} %`);

ttc.span = (low, high) =>
  low === null || low === undefined || high === null ? "–" : `${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)}`;

ttc.number = (value) => {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  let rest = value;
  for (const unit of ["", "k", "M", "G", "T", "P"]) {
    if (Math.abs(rest) < 999.5) return String(Number(rest.toPrecision(3))) + unit;
    rest /= 1000;
  }
  return `${rest.toPrecision(3)}E`;
};

ttc.whole = (value) => (value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en"));

ttc.points = (one) => {
  if (!one || one.estimate === null) return "–";
  const signed = (value) => (typeof value === "number" ? (value >= 0 ? "+" : "−") + Math.abs(100 * value).toFixed(1) : "–");
  return one.low === null ? signed(one.estimate) : `${signed(one.estimate)} (${signed(one.low)} to ${signed(one.high)})`;
};

ttc.spanned = (one, shown) => {
  if (!one || one.estimate === null) return "–";
  const told = (value) => (typeof value === "string" ? value : shown(value));
  return one.low === null ? told(one.estimate) : `${told(one.estimate)} (${told(one.low)} to ${told(one.high)})`;
};

/* Right or wrong: by a sign, a word for readers of screens, and a colour, in this order. */
ttc.grade = (right, text) => {
  if (right === null || right === undefined) return ttc.el("span", { class: "muted" }, "–");
  const word = right ? "right" : "wrong";
  return ttc.el("span", { class: `grade ${word}`, title: word },
    ttc.el("span", { "aria-hidden": "true" }, right ? "✓" : "✗"),
    text === undefined ? ttc.el("span", { class: "hidden" }, word) : ` ${text}`);
};

/* Okabe and Ito's colours, which colour-blind readers keep apart; lighter on dark. */
ttc.palette = (dark) => (dark
  ? ["#56b4e9", "#e69f00", "#2fc49a", "#e59cc4", "#f0e442", "#ff8a4c", "#9db4ff", "#c9c9c9"]
  : ["#0072b2", "#d55e00", "#009e73", "#b3548b", "#a66f00", "#3b8bbf", "#5b5bd6", "#6b6b6b"]);
ttc.dashes = [[], [8, 4], [10, 3, 2, 3], [3, 3], [14, 4], [6, 2, 2, 2, 2, 2]];

ttc.dark = () => {
  const chosen = document.documentElement.dataset.theme;
  if (ttc.printing) return false;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

/* Letters of answers: the most frequent is A. */
ttc.letter = (place) => {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  return place < 0 ? "·" : place < 26 ? letters[place] : `${letters[Math.floor(place / 26) - 1] || "Z"}${letters[place % 26]}`;
};

/* A text that may be a megabyte: its beginning, and a button for the rest. */
ttc.longText = (text, cls) => {
  const most = 20000;
  const holder = ttc.el("pre", { class: cls || "text", dir: "auto" }, text.slice(0, most));
  if (text.length > most) {
    const more = ttc.el("button", {
      type: "button", class: "more",
      onclick: () => { more.remove(); holder.append(text.slice(most)); },
    }, `show the other ${ttc.whole(text.length - most)} characters`);
    return ttc.el("div", {}, holder, more);
  }
  return holder;
};
