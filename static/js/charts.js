// Draws every [data-chart] with uPlot from the numbers in that attribute (htmx takes script elements out of what it
// swaps in). The same numbers stand in a table below each chart. Fetched by app.js where a chart is; fetches uPlot itself.
(() => {
  "use strict";

  const all = (selector) => [...document.querySelectorAll(selector)];
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  const drawn = new Map();
  let probe, paint, fetching = false;
  const DAYS = [1, 2, 3, 5, 7, 10, 14, 30, 61, 91, 182, 365].map((days) => days * 86400);

  // A token is a formula (light-dark, color-mix): ask the browser for the colour it computes.
  const colour = (token, alpha = 1) => {
    probe ||= document.body.appendChild(make("i", { hidden: true }));
    paint ||= document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    probe.style.color = `var(${token})`;
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = getComputedStyle(probe).color;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b] = paint.getImageData(0, 0, 1, 1).data;
    return `rgb(${r} ${g} ${b} / ${alpha})`;
  };

  const drawChart = (box) => {
    drawn.get(box)?.destroy();
    drawn.delete(box);
    if (!box.clientWidth) return;
    const spec = JSON.parse(box.dataset.chart);
    if (!spec.x?.length) return;
    const hasBars = spec.series.some((line) => line.bars);
    const words = (v) => v == null ? "–" : (v < 0 ? "−" : "") + (spec.prefix || "") + Math.abs(v).toLocaleString("en") + (spec.suffix || "");
    const dates = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...(spec.months ? { month: "short" } : { day: "numeric", month: "short" }) });
    const day = (t) => dates.format(t * 1000);
    const axis = { stroke: colour("--ink-3"), font: `12px ${getComputedStyle(document.body).fontFamily}`, grid: { stroke: colour("--chart-grid"), width: 1 }, ticks: { show: false } };
    const tip = make("div", { className: "mp-chart-tip" });
    const follow = (plot) => {
      const at = plot.cursor.idx;
      tip.classList.toggle("on", at != null && plot.cursor.left >= 0);
      if (at == null) return;
      tip.replaceChildren(make("b", { textContent: day(spec.x[at]) }), ...spec.series.filter((line) => !line.silent).map((line) => make("span", { textContent: `${line.label} ${words((line.real || line.data)[at])}` })));
      tip.style.transform = `translate(${Math.max(0, Math.min(plot.cursor.left + 64, box.clientWidth - tip.offsetWidth - 4))}px, 6px)`;
    };
    const plot = new uPlot({
      width: box.clientWidth, height: box.clientHeight, padding: [12, 20, 0, 0], legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: true, range: hasBars ? (u, a, b) => { const gap = (b - a) / Math.max(1, spec.x.length - 1) * 0.6 || 43200; return [a - gap, b + gap]; } : undefined },
        y: { range: (u, a, b) => [spec.min ?? Math.min(0, a * 1.15), spec.max ?? (b > 0 ? b * 1.12 : 1)] },
      },
      axes: [
        { ...axis, grid: { show: false }, size: 28, gap: 8, space: 62, incrs: DAYS, values: (u, splits) => splits.map(day), ...(spec.months ? { splits: () => spec.x.filter((_, place) => box.clientWidth > 480 || place % 2 === 0) } : {}) },
        { ...axis, size: 56, gap: 8, space: 44, values: (u, splits) => splits.map(words) },
      ],
      series: [{}, ...spec.series.map((line) => ({
        label: line.label, stroke: colour(line.token), width: line.bars ? 0 : 1.75, dash: line.dash, points: { show: false },
        fill: line.bars ? colour(line.token) : line.area ? colour(line.token, 0.08) : undefined,
        paths: line.bars ? uPlot.paths.bars({ size: [line.size || 0.62, 24], radius: line.radius ?? 0.12 }) : undefined,
      }))],
      hooks: { setCursor: [follow] },
    }, [spec.x, ...spec.series.map((line) => line.data)], box);
    plot.root.append(tip);
    drawn.set(box, plot);
  };

  const drawCharts = () => {
    for (const [box, plot] of drawn) if (!box.isConnected) { plot.destroy(); drawn.delete(box); }
    const boxes = all("[data-chart]");
    if (!boxes.length) return;
    if (window.uPlot) { boxes.forEach(drawChart); return; }
    const from = boxes.find((box) => box.dataset.plotScript);
    if (fetching || !from) return;
    fetching = true; // fetched once, and only where a chart is
    document.head.append(make("link", { rel: "stylesheet", href: from.dataset.plotStyle }), make("script", { src: from.dataset.plotScript, onload: () => document.fonts.ready.then(drawCharts) }));
  };

  let width = innerWidth;
  addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; drawCharts(); } });

  for (const name of ["mp:settle", "mp:theme"]) document.addEventListener(name, drawCharts);
  drawCharts();
})();
