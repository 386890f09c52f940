// Time: the steps of the recording, one after another.

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
