// Drawing: frames, arrows and boxes, where layout.js says.

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
