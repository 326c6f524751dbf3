// A moving chart: the last minutes of a few series, drawn on a canvas once a second, and told in words beside it.

import { count } from "./format.js";
import { effect, h, onEnd } from "./signals.js";

/** Seconds that are shown. */
export const SECONDS = 120;

/** The last values of some series, one for each second. */
export class Series {
  constructor(...names) {
    this.names = names;
    this.values = new Map(names.map((name) => [name, new Float64Array(SECONDS)]));
  }

  push(values) {
    for (const name of this.names) {
      const series = this.values.get(name);
      series.copyWithin(0, 1);
      // A second in which there was nothing to measure looks like the one before.
      series[SECONDS - 1] = values[name] ?? series[SECONDS - 2];
    }
  }

  last(name) {
    return this.values.get(name)[SECONDS - 1];
  }
}

/**
 * `lines` are `{name, label, token}` with a colour of the style sheet each, and a dash that tells them apart without it.
 * `series` is a signal of a `Series` that is touched when it has a new second.
 */
export function chart(series, lines, { label, unit = (value) => (value < 10 ? String(Number(value.toFixed(1))) : count(value)) }) {
  const canvas = h("canvas", { class: "chart", role: "img", "aria-label": label });
  const draw = () => paint(canvas, series.peek(), lines, unit);
  effect(() => {
    series();
    requestAnimationFrame(draw);
  });
  const resized = new ResizeObserver(() => requestAnimationFrame(draw));
  resized.observe(canvas);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const repaint = () => requestAnimationFrame(draw);
  dark.addEventListener("change", repaint);
  onEnd(() => {
    resized.disconnect();
    dark.removeEventListener("change", repaint);
  });
  const legend = h(
    "ul",
    { class: "legend" },
    lines.map(({ name, label, token, dash }) =>
      h("li", {}, h("span", { class: `swatch ${token} ${dash ? "dashed" : ""}`, "aria-hidden": "true" }), label, " ", h("strong", {}, () => unit(series().last(name)))),
    ),
  );
  return h("figure", { class: "chart-box" }, canvas, h("figcaption", {}, legend));
}

function paint(canvas, series, lines, unit) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (width === 0 || height === 0) return;
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const style = getComputedStyle(canvas);
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  const top = ceiling(Math.max(1, ...lines.map(({ name }) => Math.max(...series.values.get(name)))));
  const [left, bottom] = [0, height - 18];
  const y = (value) => bottom - (value / top) * (bottom - 14);
  const x = (index) => left + (index / (SECONDS - 1)) * (width - left);
  pen.font = `11px ${style.fontFamily}`;
  pen.lineWidth = 1;
  for (const share of [0, 0.5, 1]) {
    pen.strokeStyle = style.getPropertyValue("--line");
    pen.beginPath();
    pen.moveTo(0, Math.round(y(top * share)) + 0.5);
    pen.lineTo(width, Math.round(y(top * share)) + 0.5);
    pen.stroke();
    pen.fillStyle = style.getPropertyValue("--quiet");
    if (share > 0) pen.fillText(unit(top * share), 2, y(top * share) - 3);
  }
  pen.textAlign = "left";
  pen.fillText(`${SECONDS / 60} min ago`, 2, height - 4);
  pen.textAlign = "right";
  pen.fillText("now", width - 2, height - 4);
  pen.textAlign = "left";
  for (const { name, token, dash, fill } of lines) {
    const values = series.values.get(name);
    pen.beginPath();
    values.forEach((value, index) => (index === 0 ? pen.moveTo(x(index), y(value)) : pen.lineTo(x(index), y(value))));
    pen.strokeStyle = style.getPropertyValue(`--${token}`);
    pen.lineWidth = 1.75;
    pen.lineJoin = "round";
    pen.setLineDash(dash ? [5, 3] : []);
    pen.stroke();
    pen.setLineDash([]);
    if (fill) {
      pen.lineTo(x(SECONDS - 1), bottom);
      pen.lineTo(x(0), bottom);
      pen.globalAlpha = 0.12;
      pen.fillStyle = pen.strokeStyle;
      pen.fill();
      pen.globalAlpha = 1;
    }
  }
}

/** The next round number. */
function ceiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value;
}
