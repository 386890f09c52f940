// The panel of the chosen node.

/** The text of a table that is too long to be made before it is looked at, in rows. */
const later = byId("later"), rowTexts = later ? later.textContent.split(/(?=<tr id=.n\d+.>)/).slice(1) : [];

function rowOf(vertex) {
  if (!later) return byId("n" + vertex);
  const made = document.createElement("tbody");
  made.innerHTML = rowTexts[vertex];
  return made.rows[0];
}

/** The chosen node's row of the table, as it stands there. */
function panel() {
  const into = byId("panel"), vertex = state.chosen, focused = into.contains(document.activeElement) && document.activeElement.dataset.key;
  into.replaceChildren();
  into.dataset.of = vertex === null ? "" : data.vertices[vertex].path;
  byId("hint").hidden = vertex !== null;
  if (vertex === null) return;
  const row = rowOf(vertex);
  beforePanel(row, vertex);
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
      pressable(line, "slot:" + slot, "element " + [...line.cells].map((cell) => cell.textContent).join(", "), () => { state.slot = slot; show(); });
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
      link.textContent = data.vertices[next].title;
      line.append(link);
    });
    into.append(line);
  }
  afterPanel();
  // What is wider than a phone is scrolled, by keys too.
  if (isNarrow()) {
    for (const part of into.querySelectorAll(":scope > section")) {
      if (part.scrollWidth <= part.clientWidth) continue;
      part.tabIndex = 0;
      part.setAttribute("role", "region");
      part.setAttribute("aria-label", part.className);
    }
  }
  const again = focused && into.querySelector(`[data-key="${CSS.escape(focused)}"]`);
  if (again) again.focus();
}

function choose(vertex) {
  state.chosen = vertex;
  state.slot = vertex === null ? null : data.vertices[vertex].slot;
  if (vertex !== null) reveal(vertex);
  show();
}
