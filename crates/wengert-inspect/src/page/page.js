// The page: shows what was recorded, step by step. It computes no value and no adjoint; every number on it stands in the table
// below, which is there without scripts too.

const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);
const ends = data.forward.length + data.backward.length;
const forwardAt = data.vertices.map(() => Infinity), backwardAt = data.vertices.map(() => Infinity);
data.forward.forEach((together, at) => together.forEach((vertex) => { forwardAt[vertex] = at + 1; }));
data.backward.forEach((vertex, at) => { backwardAt[vertex] = data.forward.length + at + 1; });
const vertexByPath = new Map(data.vertices.map((vertex, index) => [vertex.path, index]));
const groupByPath = new Map(data.groups.map((group, index) => [group.path, index]));
const wireBetween = new Map(data.wires.map((wire, index) => [wire.from + ">" + wire.to, index]));

const state = { step: ends, chosen: null, slot: null, open: data.groups.map((_, group) => data.open.includes(group)), scale: 1 };
let arrows = [], shapes = new Map(), playing = null;
// What is done before and after the chosen row is shown.
let beforePanel = () => {}, afterPanel = () => {};

/* Drawing */

function element(name, attributes = {}, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function draw() {
  arrows = arrowsOf(data, state.open);
  const layout = placeAll(data, state.open, arrows), svg = byId("picture");
  const focused = document.activeElement && document.activeElement.getAttribute("data-key");
  svg.querySelectorAll(":scope > :not(defs)").forEach((old) => old.remove());
  svg.setAttribute("viewBox", `0 0 ${layout.width} ${layout.height}`);
  svg.dataset.width = layout.width;
  svg.dataset.height = layout.height;
  shapes = new Map();
  data.groups.forEach((group, index) => {
    const rect = layout.groups[index];
    if (rect && state.open[index]) svg.append(frame(group, index, rect));
  });
  arrows.forEach((arrow, index) => {
    arrow.path = element("path", { class: "wg-arrow" + (arrow.cut ? " wg-cut" : ""), d: pathOf(layout.ways[index]), "marker-end": "url(#wg-head)" });
    svg.append(arrow.path);
  });
  const counted = arrows.filter((arrow) => arrow.wires.length > 1).length <= 12;
  arrows.forEach((arrow, index) => {
    const label = arrow.wires.length === 1 ? data.wires[arrow.wires[0]].label : counted ? "×" + arrow.wires.length : null;
    if (label === null) return;
    const [x, y] = labelAt(layout.ways[index]);
    arrow.label = element("text", { class: "wg-partial", x, y }, label);
    svg.append(arrow.label);
  });
  layout.vertices.forEach((rect, vertex) => rect && svg.append(box([0, vertex], data.vertices[vertex], rect)));
  layout.groups.forEach((rect, group) => rect && !state.open[group] && svg.append(box([1, group], data.groups[group], rect)));
  zoom(state.scale);
  if (focused) {
    const again = svg.querySelector(`[data-key="${CSS.escape(focused)}"]`);
    if (again) again.focus();
  }
}

function pressable(shape, key, label, action) {
  shape.setAttribute("tabindex", 0);
  shape.setAttribute("role", "button");
  shape.setAttribute("aria-label", label);
  shape.setAttribute("data-key", key);
  shape.addEventListener("click", action);
  shape.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      action(event);
    }
  });
}

function rectangle(rect, rx) {
  return element("rect", { x: rect.x, y: rect.y, width: rect.width, height: rect.height, rx });
}

function frame(group, index, rect) {
  const shape = element("g", { class: "wg-frame", "data-g": index });
  shape.append(element("title", {}, group.path), rectangle(rect, 10));
  // Only the strip with the title closes: a click beside a box is not meant for the scope.
  const strip = element("g", { class: "wg-strip" });
  strip.append(element("title", {}, "close " + group.path));
  strip.append(element("path", { d: `M${rect.x} ${rect.y}h${rect.width}v26h${-rect.width}z` }));
  strip.append(element("text", { class: "wg-scope", x: rect.x + 10, y: rect.y + 19 }, group.path));
  strip.append(element("text", { class: "wg-sign", x: rect.x + rect.width - 10, y: rect.y + 19 }, "−"));
  pressable(strip, "close:" + group.path, "close " + group.path, () => setOpen(index, false));
  shape.append(strip);
  return shape;
}

function box(item, of, rect) {
  const [isClosed, index] = item, closed = isClosed === 1;
  const shape = element("g", { class: "wg-box wg-" + of.kind, [closed ? "data-g" : "data-v"]: index });
  shape.append(element("title", {}, of.tip), rectangle(rect, 6));
  const left = rect.x + 10, right = rect.x + rect.width - 10;
  let y = rect.y + 19;
  shape.append(element("text", { class: "wg-name", x: left, y }, of.name));
  shape.append(element("text", { class: "wg-op-name", x: right, y }, of.op));
  for (const [style, text] of of.lines) {
    y += 16;
    shape.append(element("text", { class: "wg-" + style, x: left, y }, text));
  }
  if (closed) {
    if (of.items.length) pressable(shape, "open:" + of.path, "open " + of.tip, () => setOpen(index, true));
  } else {
    pressable(shape, "box:" + of.path, of.tip, () => choose(index));
  }
  shapes.set(String(item), shape);
  return shape;
}

function zoom(scale) {
  const svg = byId("picture"), width = Number(svg.dataset.width), height = Number(svg.dataset.height);
  state.scale = Math.min(2, Math.max(0.15, scale));
  svg.setAttribute("width", Math.round(width * state.scale));
  svg.setAttribute("height", Math.round(height * state.scale));
}

function fit() {
  const stage = byId("stage"), svg = byId("picture");
  zoom(Math.min(1.1, (stage.clientWidth - 2) / Number(svg.dataset.width)));
}

function setOpen(group, open) {
  state.open[group] = open;
  for (let outer = data.groups[group].parent; open && outer !== null; outer = data.groups[outer].parent) state.open[outer] = true;
  draw();
  show();
}

function reveal(vertex) {
  const group = data.vertices[vertex].group;
  if (standIn(data, state.open, vertex)[0] === 1) setOpen(group, true);
}

/* Time */

/** The vertex of a step, the last of several. */
function at(step) {
  if (step <= 0) return null;
  return step <= data.forward.length ? data.forward[step - 1].at(-1) : data.backward[step - data.forward.length - 1];
}

function go(step, follow = true) {
  state.step = Math.min(ends, Math.max(0, step));
  const vertex = at(state.step);
  const together = step <= data.forward.length && (data.forward[step - 1] || []).length > 1;
  if (follow && vertex !== null && state.step < ends && !together) {
    state.chosen = vertex;
    state.slot = data.vertices[vertex].slot;
  }
  show();
  if (follow && vertex !== null && !together) into(vertex);
}

function into(vertex) {
  const shape = shapes.get(String(standIn(data, state.open, vertex)));
  if (!shape) return;
  const stage = byId("stage"), outer = stage.getBoundingClientRect(), inner = shape.getBoundingClientRect();
  if (inner.left < outer.left + 20 || inner.right > outer.right - 20) stage.scrollLeft += inner.left + inner.width / 2 - outer.left - outer.width / 2;
  if (inner.top < outer.top + 20 || inner.bottom > outer.bottom - 20) stage.scrollTop += inner.top + inner.height / 2 - outer.top - outer.height / 2;
}

function play() {
  const button = byId("play");
  if (playing !== null) {
    clearInterval(playing);
    playing = null;
  } else {
    if (state.step >= ends) go(0);
    playing = setInterval(() => {
      go(state.step + 1);
      if (state.step >= ends) play();
    }, 700);
  }
  button.textContent = playing === null ? "Play" : "Pause";
}

/* What is shown now */

/** The vertices and wires on the way that most of a number's gradient takes. */
function pathFrom(vertex, slot) {
  const vertices = [vertex], wires = [];
  for (let next = data.next[slot]; next; next = data.next[next[0]]) {
    const last = vertices[vertices.length - 1];
    if (next[1] !== last) {
      wires.push(wireBetween.get(last + ">" + next[1]));
      vertices.push(next[1]);
    }
  }
  return { vertices, wires };
}

function show() {
  const now = at(state.step), forward = state.step <= data.forward.length;
  // The way of a gradient is known when the values are.
  const hidden = state.chosen === null || state.step < data.forward.length;
  const path = hidden ? { vertices: [], wires: [] } : pathFrom(state.chosen, state.slot);
  const lit = new Set(path.vertices.map((vertex) => String(standIn(data, state.open, vertex))));
  const standInOf = (vertex) => (vertex === null ? null : String(standIn(data, state.open, vertex)));
  const nowIn = state.step < ends ? standInOf(now) : null, chosenIn = standInOf(state.chosen);
  const found = byId("search").value.trim().toLowerCase();
  for (const [key, shape] of shapes) {
    const [isClosed, index] = key.split(",").map(Number);
    shape.classList.toggle("now", key === nowIn);
    shape.classList.toggle("chosen", key === chosenIn);
    shape.classList.toggle("lit", lit.has(key));
    shape.classList.toggle("found", found !== "" && (isClosed === 0 ? matches(data.vertices[index], found) : holds(index, found)));
    if (isClosed === 1) continue;
    shape.classList.toggle("ahead", forwardAt[index] > state.step);
    const value = shape.querySelector(".wg-value");
    if (value) value.classList.toggle("blank", forwardAt[index] > state.step);
    // What the sweep never reaches says so once the sweep is over.
    const reached = Math.min(backwardAt[index], ends);
    shape.querySelectorAll(".wg-adjoint, .wg-delta").forEach((derivative) => derivative.classList.toggle("blank", reached > state.step));
  }
  for (const arrow of arrows) {
    const wires = arrow.wires.map((wire) => data.wires[wire]);
    // A partial is a number of the reader's operands, and is there when its value is.
    if (arrow.label) arrow.label.classList.toggle("blank", wires.some((wire) => forwardAt[wire.to] > state.step));
    arrow.path.classList.toggle("lit", arrow.wires.some((wire) => path.wires.includes(wire)));
    arrow.path.classList.toggle("feeds", state.step < ends && forward && wires.some((wire) => wire.to === now));
    arrow.path.classList.toggle("returns", state.step < ends && !forward && wires.some((wire) => wire.from === now && !wire.cut));
  }
  byId("picture").classList.toggle("tracing", state.chosen !== null && path.wires.length > 0);
  byId("time").value = state.step;
  const said = byId("said");
  said.replaceChildren();
  if (now === null || state.step === ends) {
    said.append(state.step === 0 ? "Nothing is computed yet." : data.backward.length ? "Both passes done: every value and every adjoint." : "All values are computed.");
  } else {
    const what = document.createElement("b"), path = document.createElement("code");
    what.textContent = forward ? "forward " : "backward ";
    const together = forward ? data.forward[state.step - 1] : [now];
    path.textContent = together.length > 1 ? "" : data.vertices[now].path;
    const count = forward ? `${state.step} of ${data.forward.length}: ${together.length > 1 ? `what is given, ${together.length} nodes` : "value of "}` : `${state.step - data.forward.length} of ${data.backward.length}: adjoint of `;
    said.append(what, count, path);
  }
  byId("phase").style.setProperty("--done", ends ? state.step / ends : 0);
  panel();
  remember();
}

/** The chosen node's row of the table, as it stands there. */
function panel() {
  const into = byId("panel"), vertex = state.chosen, focused = into.contains(document.activeElement) && document.activeElement.dataset.key;
  into.replaceChildren();
  into.dataset.of = vertex === null ? "" : data.vertices[vertex].path;
  byId("hint").hidden = vertex !== null;
  if (vertex === null) return;
  beforePanel(vertex);
  const row = byId("n" + vertex);
  into.classList.toggle("several", data.vertices[vertex].several);
  for (const cell of row.cells) {
    const part = document.createElement("section");
    part.className = cell.className;
    for (const child of cell.childNodes) part.append(child.cloneNode(true));
    part.querySelectorAll("details").forEach((details) => { details.open = true; });
    into.append(part);
  }
  into.querySelectorAll("[data-slot]").forEach((line) => {
    const slot = Number(line.dataset.slot);
    if (line.classList.contains("of-slot")) {
      line.hidden = slot !== state.slot;
    } else if (data.vertices[vertex].several) {
      line.classList.toggle("chosen", slot === state.slot);
      pressable(line, "slot:" + slot, "element " + line.cells[0].textContent, () => { state.slot = slot; show(); });
    }
  });
  const waiting = (part, until) => into.querySelectorAll(part).forEach((cell) => cell.classList.toggle("blank", until > state.step));
  waiting(".value, .definition", forwardAt[vertex]);
  waiting(".adjoint, .delta, .ledger, .derivative", Math.min(backwardAt[vertex], ends));
  const path = pathFrom(vertex, state.slot).vertices;
  if (path.length > 1 && state.step >= data.forward.length) {
    const line = document.createElement("p");
    line.className = "way";
    line.append("Most of its gradient comes by ");
    path.slice(1).forEach((next, index) => {
      if (index) line.append(" ← ");
      const link = document.createElement("a");
      link.href = "#n" + next;
      link.textContent = data.vertices[next].path;
      line.append(link);
    });
    into.append(line);
  }
  afterPanel();
  const again = focused && into.querySelector(`[data-key="${CSS.escape(focused)}"]`);
  if (again) again.focus();
}

/** Whether a search means a vertex: by its path, or as one of those that have a delta. */
function matches(vertex, text) {
  return vertex.path.toLowerCase().includes(text) || (vertex.delta && ("delta".startsWith(text) || text === "δ"));
}

/** Whether a closed scope holds what a search means. */
function holds(group, text) {
  return data.groups[group].path.toLowerCase().includes(text)
    || data.vertices.some((vertex, index) => matches(vertex, text) && String(standIn(data, state.open, index)) === "1," + group);
}

function choose(vertex) {
  state.chosen = vertex;
  state.slot = vertex === null ? null : data.vertices[vertex].slot;
  if (vertex !== null) reveal(vertex);
  show();
}

/* Links into the page: #step=17&select=hidden/0.z&open=hidden&close=output */

function remember() {
  const parts = [];
  if (state.step !== ends) parts.push("step=" + state.step);
  if (state.chosen !== data.chosen) parts.push("select=" + (state.chosen === null ? "" : encodeURIComponent(data.vertices[state.chosen].path)));
  data.groups.forEach((group, index) => {
    const usual = data.open.includes(index);
    if (index && state.open[index] !== usual) parts.push((usual ? "close=" : "open=") + encodeURIComponent(group.path));
  });
  // Browsers refuse when it is asked too often; the next change will do.
  try { history.replaceState(null, "", parts.length ? "#" + parts.join("&") : location.pathname + location.search); } catch { /* as before */ }
}

function read() {
  const hash = location.hash.slice(1);
  if (/^n\d+$/.test(hash) && data.vertices[Number(hash.slice(1))]) {
    if (shapes.size === 0) draw();
    choose(Number(hash.slice(1)));
    byId("stage").scrollIntoView({ block: "nearest" });
    into(state.chosen);
    return;
  }
  let step = ends, chosen = data.chosen;
  state.open = data.groups.map((_, group) => data.open.includes(group));
  draw();
  for (const part of hash.split("&")) {
    const [key, text = ""] = part.split("=");
    let value = text;
    try { value = decodeURIComponent(text); } catch { /* as it stands */ }
    if (key === "step" && /^\d+$/.test(value)) step = Number(value);
    if (key === "select") chosen = vertexByPath.has(value) ? vertexByPath.get(value) : null;
    if ((key === "open" || key === "close") && groupByPath.has(value)) setOpen(groupByPath.get(value), key === "open");
  }
  if (chosen !== null) choose(chosen);
  go(step, chosen === null);
}

/* Training */

function training() {
  const slider = byId("epoch"), frames = [...document.querySelectorAll("#frames figure")];
  if (!slider) return;
  const pick = () => {
    frames.forEach((figure, index) => { figure.hidden = index !== Number(slider.value); });
    const epoch = Number(frames[slider.value].dataset.epoch), marker = byId("marker");
    byId("epoch-said").textContent = "epoch " + epoch;
    if (marker) marker.setAttribute("x1", marker.dataset.left * 1 + marker.dataset.scale * epoch), marker.setAttribute("x2", marker.getAttribute("x1"));
  };
  slider.addEventListener("input", pick);
  slider.value = frames.length - 1;
  pick();
}

/* Start */

document.documentElement.classList.add("scripted");
byId("time").max = ends;
byId("time").addEventListener("input", (event) => go(Number(event.target.value)));
const buttons = { first: () => go(0), back: () => go(state.step - 1), play, on: () => go(state.step + 1), last: () => go(ends),
  smaller: () => zoom(state.scale / 1.25), larger: () => zoom(state.scale * 1.25), fit };
for (const [id, action] of Object.entries(buttons)) byId(id).addEventListener("click", action);
byId("search").addEventListener("input", (event) => {
  const exact = vertexByPath.get(event.target.value);
  if (exact !== undefined) choose(exact), into(exact);
  else show();
});
byId("search").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  const text = event.target.value.trim().toLowerCase();
  const first = data.vertices.findIndex((vertex) => matches(vertex, text));
  if (text && first >= 0) choose(first), into(first);
});
document.querySelectorAll("#shows input").forEach((choice) => choice.addEventListener("change", () => {
  document.documentElement.dataset.shows = choice.value;
}));
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
  if (event.key === "Escape") { byId("search").value = ""; choose(null); }
  if (typing) return;
  const keys = { ArrowRight: () => go(state.step + 1), ArrowLeft: () => go(state.step - 1), Home: () => go(0), End: () => go(ends),
    "/": () => byId("search").focus() };
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});
window.addEventListener("hashchange", read);
// A long table would be laid out before anything is seen.
if (data.vertices.length > 60) byId("all").open = false;
training();
read();
fit();
// Small text is worse than scrolling.
if (state.scale < 0.72) zoom(0.72);
if (state.chosen !== null) into(state.chosen);
document.documentElement.dataset.ready = Math.round(performance.now());
