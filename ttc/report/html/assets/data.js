"use strict";
/* Data of the page: unpacked when it is looked at, or asked of the server that the page is from. */
const ttc = { live: document.body.hasAttribute("data-live"), chunks: new Map() };

ttc.unpack = async (letters) => {
  const binary = atob(letters);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
};

ttc.ask = async (what) => {
  const answer = await fetch(what, { cache: "no-store" });
  if (!answer.ok) throw new Error(`${what}: ${answer.status}`);
  return answer.json();
};

ttc.loadHead = () => ttc.unpack(document.getElementById("head").textContent);

/* What a block holds; of one that the browser has not come to yet, once it has. */
ttc.block = async (name) => {
  if (!document.getElementById(name) && document.readyState === "loading")
    await new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));
  return document.getElementById(name).textContent;
};

/* [facts, texts] of a problem. */
ttc.loadProblem = async (run, number) => {
  if (ttc.live) return ttc.ask(`problem/${run}/${number}`);
  const [chunk, place] = ttc.head.runs[run].place[number];
  const name = `d${run}-${chunk}`;
  if (!ttc.chunks.has(name)) {
    if (ttc.chunks.size > 24) ttc.chunks.delete(ttc.chunks.keys().next().value);
    ttc.chunks.set(name, ttc.block(name).then(ttc.unpack));
  }
  return (await ttc.chunks.get(name))[place];
};

/* An element. Children that are no elements become text, never markup. */
ttc.el = (tag, given, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return made;
};

/* What an element holds now, in place of what it held. */
ttc.fill = (holder, ...children) => holder.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));

/* A table of rows of cells; the columns named in `numeric` are set to the right. */
ttc.table = (headings, rows, numeric = [], given = {}) => {
  const el = ttc.el;
  const side = (i) => (numeric.includes(i) ? "num" : null);
  const head = el("tr", {}, headings.map((text, i) => el("th", { scope: "col", class: side(i) }, text)));
  const line = (row) => el("tr", {}, row.map((cell, i) => el("td", { class: side(i) }, cell)));
  return el("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": given.label || "table" },
    el("table", {}, el("thead", {}, head), el("tbody", {}, rows.map(line))));
};

ttc.options = (select, pairs, chosen) => {
  select.replaceChildren(...pairs.map(([value, text]) =>
    ttc.el("option", { value, selected: String(value) === String(chosen) }, text)));
  return select;
};
