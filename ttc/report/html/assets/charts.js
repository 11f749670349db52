"use strict";
/* Line charts with intervals: what uPlot is told, and nothing that it does itself. */
ttc.charts = new Set();

/* A chart in `host`. lines: {title, points: [{x, y, low, high, told}], colour, dash, faint, hidden};
   how: {xTitle, yTitle, log, logY, percent, columns}. `told` of a point are cells of the legend. */
ttc.chart = (host, lines, how) => {
  const drawn = lines.filter((line) => line.points.length);
  if (!drawn.length) {
    host.replaceChildren(ttc.el("p", { class: "muted" }, "Nothing to draw."));
    return;
  }
  const chart = { host, draw: () => ttc.drawChart(chart, drawn, how) };
  for (const old of ttc.charts) if (old.host === host) ttc.dropChart(old);
  ttc.charts.add(chart);
  chart.draw();
  chart.watch = new ResizeObserver(() => {
    const width = ttc.chartWidth(host);
    if (chart.plot && width && width !== chart.plot.width) chart.plot.setSize({ width, height: ttc.chartHeight(host, how) });
  });
  chart.watch.observe(host);
};

ttc.dropChart = (chart) => {
  if (chart.watch) chart.watch.disconnect();
  if (chart.plot) chart.plot.destroy();
  ttc.charts.delete(chart);
};

ttc.redrawCharts = () => ttc.charts.forEach((chart) => chart.draw());
ttc.chartWidth = (host) => Math.floor(host.getBoundingClientRect().width);
ttc.chartHeight = (host, how) => how.height || (ttc.chartWidth(host) < 520 ? 260 : 360);

ttc.drawChart = (chart, lines, how) => {
  const { host } = chart;
  if (chart.plot) chart.plot.destroy();
  const xs = [...new Set(lines.flatMap((line) => line.points.map((point) => point.x)))].sort((a, b) => a - b);
  const place = new Map(xs.map((x, i) => [x, i]));
  const data = [xs];
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const palette = ttc.palette(ttc.dark());
  const series = [{ label: how.xTitle }];
  const bands = [];
  const columns = Object.keys(lines[0].points[0].told);
  lines.forEach((line) => {
    const column = (name) => {
      const values = new Array(xs.length).fill(null);
      for (const point of line.points) values[place.get(point.x)] = point[name] ?? null;
      return values;
    };
    const at = new Array(xs.length).fill(null);
    for (const point of line.points) at[place.get(point.x)] = point;
    const stroke = line.colour === "grey" ? colour("--muted") : palette[line.colour % palette.length];
    const told = (self, i, index) => {
      const point = index === null || index === undefined ? line.points[line.points.length - 1] : at[index];
      return Object.fromEntries(columns.map((name) => [name, point ? point.told[name] : "–"]));
    };
    const own = { label: line.title, stroke, width: line.faint ? 1 : 2, dash: line.dash, spanGaps: true,
      show: !line.hidden, values: told, points: { show: !line.faint || line.points.length === 1, size: 6, fill: stroke, stroke } };
    data.push(column("y"));
    series.push(own);
    if (!line.faint && line.points.some((point) => point.low !== null && point.low !== undefined)) {
      const edge = { label: "", class: "edge", stroke: "transparent", width: 0, spanGaps: true, show: !line.hidden, points: { show: false }, values: () => ({}) };
      data.push(column("high"), column("low"));
      series.push({ ...edge }, { ...edge });
      bands.push({ series: [series.length - 2, series.length - 1], fill: stroke + (lines.length > 6 ? "12" : "24"), dir: -1 });
    }
  });
  const axis = { stroke: colour("--ink"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { stroke: colour("--grid"), width: 1 }, font: "12px system-ui", labelFont: "12px system-ui" };
  const shown = (self, values) => values.map((value) => (value === null ? "" : ttc.number(value)));
  const percents = (self, values) => values.map((value) => (value === null ? "" : `${Number((100 * value).toFixed(1))} %`));
  const nearest = (self, i, hovered) => {
    if (i === 0 || self.data[i][hovered] !== null) return hovered;
    for (let d = 1; d < xs.length; d++) {
      if (hovered - d >= 0 && self.data[i][hovered - d] !== null) return hovered - d;
      if (hovered + d < xs.length && self.data[i][hovered + d] !== null) return hovered + d;
    }
    return hovered;
  };
  const padded = (self, low, high) => {
    if (how.range) return how.range;
    const room = Math.max((high - low) * 0.08, 0.01);
    return how.percent ? [Math.max(0, low - room), Math.min(1, high + room)] : [low - room, high + room];
  };
  const lonely = xs.length === 1;
  const ends = how.log ? [xs[0] / 1.08, xs[xs.length - 1] * 1.08] : [xs[0], xs[xs.length - 1]];
  chart.plot = new uPlot({
    width: ttc.chartWidth(host), height: ttc.chartHeight(host, how), series, bands,
    scales: {
      x: { time: false, distr: how.log && !lonely ? 3 : 1, log: how.base || 10, range: lonely ? [xs[0] * 0.5, xs[0] * 1.5 + 1] : ends },
      y: how.logY ? { distr: 3, log: 2 } : { range: padded },
    },
    axes: [{ ...axis, label: how.xTitle, labelSize: 18, size: 34, values: shown, ...(how.log && !lonely ? ttc.logTicks(host, how.base || 10) : {}) },
      { ...axis, label: how.yTitle, labelSize: 20, size: 60, values: how.percent ? percents : shown }],
    cursor: { dataIdx: nearest, focus: { prox: 24 }, drag: { x: false, y: false }, points: { size: 9 } },
    focus: { alpha: 0.35 },
    legend: { live: true, markers: { width: 2, fill: (self, i) => self.series[i].stroke() } },
    hooks: { setSeries: [(self, i, given) => ttc.withEdges(self, i, given)] },
  }, data, host);
  ttc.alongKeys(chart.plot, host, how, lines);
};

/* Ticks of a logarithmic axis at round numbers: powers of two, or 1, 2 and 5 of each power of ten. */
ttc.logTicks = (host, base) => ({
  filter: (self, splits) => splits,
  splits: (self, axis, low, high) => {
    const powers = Math.log(high / low) / Math.log(base);
    const room = ttc.chartWidth(host) / 60;
    const steps = base === 2 || powers * 3 > room ? [1] : [1, 2, 5];
    const every = Math.max(1, Math.ceil((powers * steps.length) / room));
    const found = [];
    for (let power = Math.floor(Math.log(low) / Math.log(base) / every) * every; base ** power <= high; power += every)
      found.push(...steps.map((step) => step * base ** power));
    return found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
  },
});

/* An interval comes and goes with its line. */
ttc.withEdges = (plot, i, given) => {
  if (i === null || given.show === undefined || plot.series[i].class === "edge") return;
  for (let edge = i + 1; edge < plot.series.length && plot.series[edge].class === "edge"; edge++)
    plot.setSeries(edge, { show: plot.series[i].show }, false);
};

/* The arrows move along a chart; what it shows is a table below it, which is read aloud. */
ttc.alongKeys = (plot, host, how, lines) => {
  const area = plot.root.querySelector(".u-wrap");
  area.setAttribute("tabindex", "0");
  area.setAttribute("role", "img");
  area.setAttribute("aria-label", `${how.yTitle} against ${how.xTitle}: ${lines.map((line) => line.title).join(", ")}. Arrow keys move along.`);
  let at = -1;
  area.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    at = Math.max(0, Math.min(plot.data[0].length - 1, at + step));
    plot.setCursor({ left: plot.valToPos(plot.data[0][at], "x"), top: plot.over.clientHeight / 2 });
  });
  plot.root.querySelectorAll(".u-legend th").forEach((cell) => {
    if (!cell.closest("tbody")) return;
    cell.setAttribute("tabindex", "0");
    cell.setAttribute("role", "button");
    cell.setAttribute("title", "show or hide");
    cell.addEventListener("keydown", (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); cell.click(); } });
  });
  const legend = plot.root.querySelector(".u-legend");
  legend.setAttribute("aria-live", "polite");
  const holder = ttc.el("div", { class: "scroll" });
  legend.replaceWith(holder);
  holder.append(legend);
};
