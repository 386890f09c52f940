// How the graph stands in the window: what is open, how large it is drawn.

/** Where the page scrolls as a whole. */
const isNarrow = () => window.innerWidth < 640;

/** The width that the graph has. */
function room() {
  return byId("stage").clientWidth;
}

/** The height that the graph has when the panel below it is seen too; or, if that is too little, to the window's end. */
function roomBelow(panel = state.panel) {
  if (isNarrow()) return window.innerHeight;
  const top = byId("stage").getBoundingClientRect().top + window.scrollY;
  return Math.max(320, window.innerHeight - top - (panel ? byId("detail").offsetHeight + 14 : 10));
}

/** The room that the partials on arrows have: none where it is narrow, they stand in the panel. */
function labelRoom() {
  return isNarrow() ? 0 : data.labels;
}

function place(arrows) {
  return placeAll(data, state.open, arrows, room(), labelRoom());
}

function fits(panel) {
  const layout = place(arrowsOf(data, state.open));
  return layout.width <= room() + 1 && layout.height <= roomBelow(panel) - 2;
}

/** Opens what the recording proposes and closes of it what does not fit: the deepest first, what is around the chosen node last, then
 * what its gradient goes through. What has room after all opens again. */
function openWhatFits() {
  state.open = data.groups.map((_, group) => data.open.includes(group));
  const around = new Set(), through = new Set();
  const outwards = (vertex, into) => {
    for (let group = data.vertices[vertex].group; group !== null; group = data.groups[group].parent) into.add(group);
  };
  if (state.chosen !== null) {
    outwards(state.chosen, around);
    around.forEach((group) => { state.open[group] = true; });
    for (const vertex of pathFrom(state.chosen, state.slot).vertices) outwards(vertex, through);
  }
  const depth = (group) => (group === 0 ? 0 : 1 + depth(data.groups[group].parent));
  const closable = data.groups.map((_, group) => group).filter((group) => group !== 0 && state.open[group] && !around.has(group));
  closable.sort((a, b) => through.has(a) - through.has(b) || depth(b) - depth(a) || b - a);
  const closed = [];
  while (closable.length && !fits(true)) {
    closed.push(closable.shift());
    state.open[closed[closed.length - 1]] = false;
  }
  // The whole graph is worth more than the panel below it.
  state.panel = fits(true);
  // Of a crowd the chosen node's scopes stay closed too: the panel shows the node.
  const inside = [...around].filter((group) => group !== 0).sort((a, b) => depth(b) - depth(a));
  while (inside.length && !fits(state.panel)) state.open[inside.shift()] = false;
  // Where the panel is not seen whole, the less is open, the more of it is.
  if (!state.panel || !fits(true)) return;
  for (const group of closed.reverse()) {
    state.open[group] = true;
    if (!fits(true)) state.open[group] = false;
  }
}

/** The size at which the whole graph is seen; small text is worse than scrolling, and large text is not worth the panel. */
function fit() {
  const svg = byId("picture"), width = Number(svg.dataset.width), height = Number(svg.dataset.height);
  zoom(Math.max(1, Math.min(state.panel ? 1.25 : 1, room() / width, isNarrow() ? Infinity : (roomBelow() - 3) / height)));
}

/** Draws larger or smaller; what stands at a point of the window stays there. */
function zoom(scale, point = null) {
  const stage = byId("stage"), svg = byId("picture"), before = svg.getBoundingClientRect(), old = state.scale;
  state.scale = Math.min(2.5, Math.max(0.15, scale));
  svg.setAttribute("width", Math.round(Number(svg.dataset.width) * state.scale));
  svg.setAttribute("height", Math.round(Number(svg.dataset.height) * state.scale));
  if (point !== null) {
    const after = svg.getBoundingClientRect(), by = state.scale / old;
    stage.scrollLeft += after.left + (point.x - before.left) * by - point.x;
    stage.scrollTop += after.top + (point.y - before.top) * by - point.y;
  }
  holdHeight();
}

/** The graph's window grows with the graph while the panel has room, and never shrinks: nothing below it jumps. */
function holdHeight() {
  const stage = byId("stage"), wanted = Math.ceil(Number(byId("picture").getAttribute("height"))) + 2;
  if (isNarrow()) {
    stage.style.height = "";
    return;
  }
  state.height = Math.max(state.height, Math.min(wanted, roomBelow()));
  stage.style.height = state.height + "px";
}

/** A pointer that holds the graph's ground moves it; the wheel with Ctrl makes it larger or smaller. */
function dragAndWheel() {
  const stage = byId("stage");
  let held = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest("[role=button]")) return;
    held = { x: event.clientX + stage.scrollLeft, y: event.clientY + stage.scrollTop };
    stage.setPointerCapture(event.pointerId);
    stage.classList.add("held");
  });
  stage.addEventListener("pointermove", (event) => {
    if (held === null) return;
    stage.scrollLeft = held.x - event.clientX;
    stage.scrollTop = held.y - event.clientY;
  });
  const release = () => {
    held = null;
    stage.classList.remove("held");
  };
  stage.addEventListener("pointerup", release);
  stage.addEventListener("pointercancel", release);
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(state.scale * Math.exp(-event.deltaY / 400), { x: event.clientX, y: event.clientY });
  }, { passive: false });
}
