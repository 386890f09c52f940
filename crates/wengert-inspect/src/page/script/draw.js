// Drawing: frames, arrows and boxes, where layout.js says.

function element(name, attributes = {}, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function draw() {
  arrows = arrowsOf(data, state.open);
  const layout = place(arrows), svg = byId("picture");
  const focused = svg.contains(document.activeElement) ? document.activeElement.dataset.key : null;
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
  const taken = [], counted = arrows.filter((arrow) => arrow.wires.length > 1).length <= 12;
  arrows.forEach((arrow, index) => {
    const label = labelRoom() === 0 ? null : arrow.wires.length === 1 ? data.wires[arrow.wires[0]].label : counted ? "×" + arrow.wires.length : null;
    if (label === null) return;
    const [x, y] = beside(layout.ways[index], label, taken);
    arrow.label = element("text", { class: "wg-partial", x, y }, label);
    svg.append(arrow.label);
  });
  layout.vertices.forEach((rect, vertex) => rect && svg.append(box([0, vertex], data.vertices[vertex], rect)));
  layout.groups.forEach((rect, group) => rect && !state.open[group] && svg.append(box([1, group], data.groups[group], rect)));
  zoom(state.scale);
  if (focused) refocus(svg, focused);
}

/** The same thing drawn anew, or what a scope became when it opened or closed, or what stands for it now. */
function refocus(within, key) {
  const [kind, path] = [key.slice(0, key.indexOf(":")), key.slice(key.indexOf(":") + 1)];
  const outer = path.split("/").map((_, parts, all) => all.slice(0, all.length - 1 - parts).join("/")).filter(Boolean);
  const keys = [key, (kind === "open" ? "close:" : "open:") + path, ...outer.map((path) => "open:" + path)];
  const found = keys.map((key) => within.querySelector(`[data-key="${CSS.escape(key)}"]`)).find(Boolean);
  if (found) found.focus({ preventScroll: true });
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
  strip.append(element("path", { d: `M${rect.x} ${rect.y}h${rect.width}v22h${-rect.width}z` }));
  strip.append(element("text", { class: "wg-scope", x: rect.x + 10, y: rect.y + 17 }, group.path));
  strip.append(element("text", { class: "wg-sign", x: rect.x + rect.width - 10, y: rect.y + 17 }, "−"));
  pressable(strip, "close:" + group.path, "close " + group.path, () => setOpen(index, false));
  shape.append(strip);
  return shape;
}

function box(item, of, rect) {
  const [isClosed, index] = item, closed = isClosed === 1;
  const shape = element("g", { class: "wg-box wg-" + of.kind, [closed ? "data-g" : "data-v"]: index });
  shape.append(element("title", {}, of.tip), rectangle(rect, 6));
  const left = rect.x + 10, right = rect.x + rect.width - 10;
  let y = rect.y + 16;
  // With a space behind each text, so that they are words of their own where the box is read as one text.
  shape.append(element("text", { class: "wg-name", x: left, y }, of.name + " "));
  shape.append(element("text", { class: "wg-op-name", x: right, y }, of.op + " "));
  for (const [style, text, vertex] of of.lines) {
    y += 15;
    const line = element("text", { class: "wg-" + style, x: left, y }, text + " ");
    if (vertex !== null) line.dataset.of = vertex;
    shape.append(line);
  }
  if (closed) {
    if (of.items.length) pressable(shape, "open:" + of.path, "open " + of.tip, () => setOpen(index, true));
  } else {
    pressable(shape, "box:" + of.path, of.tip, () => choose(index));
  }
  shapes.set(String(item), shape);
  return shape;
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
