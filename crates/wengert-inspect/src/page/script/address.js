// Links into the page: #step=17&select=hidden/0.z&open=hidden&close=output

function remember() {
  const parts = [];
  if (state.step !== ends) parts.push("step=" + state.step);
  if (state.chosen !== data.chosen) parts.push("select=" + (state.chosen === null ? "" : encodeURIComponent(data.vertices[state.chosen].path)));
  data.groups.forEach((group, index) => {
    const usual = state.usual[index];
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
  state.height = 0;
  state.chosen = chosen;
  state.slot = chosen === null ? null : data.vertices[chosen].slot;
  openWhatFits();
  state.usual = [...state.open];
  draw();
  for (const part of hash.split("&")) {
    const [key, text = ""] = part.split("=");
    let value = text;
    try { value = decodeURIComponent(text); } catch { /* as it stands */ }
    if (key === "step" && /^\d+$/.test(value)) step = Number(value);
    if (key === "select") chosen = vertexByPath.has(value) ? vertexByPath.get(value) : null;
    if ((key === "open" || key === "close") && groupByPath.has(value)) setOpen(groupByPath.get(value), key === "open");
  }
  if (chosen !== data.chosen) choose(chosen);
  go(step, chosen === null);
}
