// What of the drawing is shown, lit or hidden at this step.

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

/** A box as it is heard: where it stands, and every text that is seen in it. */
function spoken(shape, of) {
  const texts = [...shape.querySelectorAll("text:not(.blank)")].map((text) => text.textContent.trim());
  return (of.items ? "open " : "") + [of.title || of.path, ...texts].filter(Boolean).join(" ");
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
    if (isClosed === 0) shape.classList.toggle("ahead", forwardAt[index] > state.step);
    for (const line of shape.querySelectorAll("[data-of]")) {
      // What the sweep never reaches says so once the sweep is over.
      const of = Number(line.dataset.of), isValue = line.classList.contains("wg-value");
      line.classList.toggle("blank", (isValue ? forwardAt[of] : Math.min(backwardAt[of], ends)) > state.step);
    }
    if (shape.hasAttribute("aria-label")) shape.setAttribute("aria-label", spoken(shape, isClosed === 1 ? data.groups[index] : data.vertices[index]));
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
    path.textContent = together.length > 1 ? "" : data.vertices[now].title;
    const count = forward ? `${state.step} of ${data.forward.length}: ${together.length > 1 ? `what is given, ${together.length} nodes` : "value of "}` : `${state.step - data.forward.length} of ${data.backward.length}: adjoint of `;
    said.append(what, count, path);
  }
  byId("time").setAttribute("aria-valuetext", said.textContent);
  panel();
  remember();
}
