"use strict";
/* Starts the page, follows its address, its keys and its colours, and a run that goes on. */
ttc.later = [];
ttc.sections = () => {
  const run = ttc.head.runs[ttc.run];
  const made = [ttc.summary, ttc.success, ttc.allocation, ttc.coverage, ttc.verifiers, ttc.parting, ttc.problems, ttc.about];
  return made.flatMap((section) => {
    try { return section(run, ttc.run); } catch (error) { console.error(error); return ttc.note(`A part of this page can't be shown: ${error.message}`); }
  }).filter(Boolean);
};

ttc.showOverview = () => {
  const place = document.getElementById("overview");
  for (const chart of [...ttc.charts]) ttc.dropChart(chart);
  ttc.later = [];
  const made = ttc.sections();
  place.replaceChildren(...made);
  document.getElementById("nav").replaceChildren(...made.filter((one) => one.id).map((one) => ttc.el("a", { href: `#${one.id}` }, ttc.short[one.id])));
};

/* What needs a width is drawn once it is seen. */
ttc.drawLater = () => { const todo = ttc.later; ttc.later = []; todo.forEach((draw) => draw()); };

ttc.route = async () => {
  const overview = document.getElementById("overview"), problem = document.getElementById("problem");
  const parts = /^#p\/(\d+)\/(\d+)$/.exec(location.hash);
  const run = parts ? Number(parts[1]) : 0, number = parts ? Number(parts[2]) : 0;
  if (parts && ttc.head.runs[run] && ttc.head.runs[run].index.id[number] !== undefined) {
    ttc.at = [run, number];
    if (run !== ttc.run) ttc.choose(run);
    overview.hidden = true;
    problem.hidden = false;
    try { await ttc.openProblem(run, number); } catch (error) { problem.replaceChildren(ttc.note(`This problem can't be shown: ${error.message}`)); }
    scrollTo(0, 0);
    return;
  }
  ttc.at = null;
  problem.hidden = true;
  problem.replaceChildren();
  overview.hidden = false;
  ttc.drawLater();
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target) target.scrollIntoView();
};

ttc.theme = () => {
  const button = document.getElementById("theme");
  const names = { "": "as the system says", light: "light", dark: "dark" };
  button.addEventListener("click", () => {
    const root = document.documentElement;
    const next = { undefined: "dark", dark: "light", light: undefined }[root.dataset.theme];
    if (next) root.dataset.theme = next; else delete root.dataset.theme;
    button.setAttribute("aria-label", `Colours: ${names[next || ""]}`);
    ttc.redrawCharts();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", ttc.redrawCharts);
  const print = (on) => {
    ttc.printing = on;
    document.documentElement.classList.toggle("printing", on);
    const holder = document.getElementById("printed");
    if (holder) holder.replaceChildren(...(on ? [ttc.printed()] : []));
    ttc.redrawCharts();
  };
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
  matchMedia("print").addEventListener("change", (event) => print(event.matches));
};

ttc.keys = () => {
  const dialog = document.getElementById("keys");
  document.getElementById("help").addEventListener("click", () => dialog.showModal());
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    if (event.target.matches("input, select, textarea")) { if (event.key === "Escape") event.target.blur(); return; }
    const link = { n: "a[rel=next]", p: "a[rel=prev]" }[event.key];
    if (ttc.at && event.key === "Escape") location.hash = "#problems";
    else if (ttc.at && link) { const found = document.querySelector(`#problem ${link}`); if (found) found.click(); }
    else if (event.key === "/") {
      event.preventDefault();
      if (ttc.at) location.hash = "#problems";
      setTimeout(() => { const box = document.getElementById("filter"); if (box) box.focus(); }, 50);
    } else if (event.key === "?") dialog.showModal();
  });
};

ttc.choose = (run) => {
  ttc.run = run;
  document.getElementById("run").value = String(run);
  ttc.showOverview();
};

ttc.use = (head) => {
  ttc.head = head;
  ttc.chunks.clear();
  ttc.run = Math.min(ttc.run || 0, head.runs.length - 1);
  document.getElementById("title").textContent = head.runs.length > 1 ? `${head.runs.length} runs` : head.runs[0].name;
  const choice = document.getElementById("run");
  document.getElementById("run-choice").hidden = head.runs.length < 2;
  ttc.options(choice, head.runs.map((one, i) => [i, one.label]), ttc.run);
  ttc.showOverview();
};

/* Of a run that is served: what it does now, and its data anew when there is more of it. */
ttc.follow = async () => {
  const state = document.getElementById("state");
  for (let revision = ttc.head.revision; ; await new Promise((done) => setTimeout(done, 1500))) {
    try {
      const now = await ttc.ask("revision");
      state.textContent = now.said;
      if (now.revision !== revision) {
        const typing = document.activeElement && document.activeElement.matches("input, select");
        if (typing) continue;
        const y = scrollY;
        ttc.use(await ttc.ask("head"));
        revision = now.revision;
        if (!ttc.at) { ttc.drawLater(); scrollTo(0, y); }
      }
    } catch (error) {
      state.textContent = "the server has ended; this is what it said last";
      return;
    }
  }
};

ttc.start = async () => {
  ttc.theme();
  ttc.keys();
  try {
    ttc.use(await ttc.loadHead());
  } catch (error) {
    document.getElementById("loading").textContent = `This report can't be read (${error.message}). It needs a browser of 2023 or later.`;
    return;
  }
  document.getElementById("loading").remove();
  document.getElementById("run").addEventListener("change", (event) => {
    ttc.choose(Number(event.target.value));
    if (ttc.at) location.hash = "#problems"; else ttc.drawLater();
  });
  addEventListener("hashchange", ttc.route);
  await ttc.route();
  document.body.dataset.ready = "";
  if (ttc.live) ttc.follow();
};
ttc.start();
