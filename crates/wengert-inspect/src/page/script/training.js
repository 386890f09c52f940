// The training: its epochs, the curve, the boundary, and the numbers of the pass at each.

/** The page's own numbers, as they were recorded; if there are others, to come back to. */
const recorded = data.moments.length === 0 ? null : {
  summary: byId("summary").textContent,
  vertices: data.vertices.map((vertex) => vertex.lines.map((line) => line[1])),
  groups: data.groups.map((group) => group.lines.map((line) => line[1])),
  slots: data.vertices.map((vertex) => vertex.slot),
  labels: data.wires.map((wire) => wire.label),
  next: data.next,
  rows: data.vertices.map((_, vertex) => byId("n" + vertex).cloneNode(true)),
};
let training = null;

/** Shows other numbers in the same graph: texts of boxes and arrows, rows of the table, ways of gradients. */
function renumber(numbers) {
  const stage = byId("stage"), whole = stage.scrollHeight <= stage.clientHeight;
  byId("summary").textContent = numbers.summary;
  const write = (of, texts) => of.lines.forEach((line, at) => { line[1] = texts[at]; });
  data.vertices.forEach((vertex, index) => {
    write(vertex, numbers.vertices[index]);
    vertex.slot = numbers.slots[index];
  });
  data.groups.forEach((group, index) => write(group, numbers.groups[index]));
  data.wires.forEach((wire, index) => { wire.label = numbers.labels[index]; });
  data.next = numbers.next;
  numbers.rows.forEach((row, index) => byId("n" + index).replaceWith(row.cloneNode(true)));
  draw();
  // Longer numbers may take another band of columns: what was seen whole stays whole.
  if (whole && !isNarrow()) {
    state.height = Math.max(state.height, Math.ceil(Number(byId("picture").getAttribute("height"))) + 2);
    stage.style.height = state.height + "px";
  }
  show();
}

/** The numbers at an epoch: a moment's, or the page's own. */
function numbersAt(epoch) {
  const index = data.moments.findIndex((moment) => moment.epoch === epoch);
  if (index < 0) return recorded;
  return { ...data.moments[index], rows: [...byId("moment-" + index).content.querySelectorAll("tr[id]")] };
}

function showEpoch(at) {
  const epoch = data.epochs[at], marker = byId("marker"), frames = [...document.querySelectorAll("#frames figure")];
  const seen = frames.filter((figure) => Number(figure.dataset.epoch) <= epoch).pop() || frames[0];
  frames.forEach((figure) => { figure.hidden = figure !== seen; });
  byId("epoch").value = at;
  byId("epoch").setAttribute("aria-valuetext", "epoch " + epoch);
  byId("epoch-said").textContent = "epoch " + epoch;
  if (marker) {
    const x = Math.min(marker.dataset.left * 1 + marker.dataset.scale * epoch, Number(marker.dataset.right));
    marker.setAttribute("x1", x);
    marker.setAttribute("x2", x);
  }
  if (data.moments.length) renumber(numbersAt(epoch));
  else if (atEpoch) atEpoch(epoch);
}

function playTraining() {
  if (training !== null) {
    clearInterval(training);
    training = null;
  } else {
    const slider = byId("epoch"), last = data.epochs.length - 1;
    if (Number(slider.value) >= last) showEpoch(0);
    training = setInterval(() => {
      showEpoch(Number(slider.value) + 1);
      if (Number(slider.value) >= last) playTraining();
    }, 700);
  }
  byId("train").textContent = training === null ? "Play the training" : "Pause";
}

function startTraining() {
  const frames = [...document.querySelectorAll("#frames figure")];
  if (data.epochs.length < 2) return;
  byId("epoch").max = data.epochs.length - 1;
  byId("epoch").addEventListener("input", (event) => showEpoch(Number(event.target.value)));
  byId("train").addEventListener("click", playTraining);
  frames.forEach((figure, index) => { figure.hidden = index !== frames.length - 1; });
}
