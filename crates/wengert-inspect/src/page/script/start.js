// What the page does when it opens, and what its controls do.

document.documentElement.classList.add("scripted");
byId("time").max = ends;
byId("time").addEventListener("input", (event) => go(Number(event.target.value)));
const buttons = { first: () => go(0), back: () => go(state.step - 1), play, on: () => go(state.step + 1), last: () => go(ends),
  smaller: () => zoom(state.scale / 1.25), larger: () => zoom(state.scale * 1.25), fit: () => { state.height = 0; fit(); } };
for (const [id, action] of Object.entries(buttons)) byId(id).addEventListener("click", action);
byId("search").addEventListener("input", (event) => {
  const exact = vertexByPath.get(event.target.value);
  if (exact !== undefined) choose(exact), into(exact);
  find(event.target.value);
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
  if (event.key === "Escape") { byId("search").value = ""; choose(null); find(""); }
  if (typing) return;
  const keys = { ArrowRight: () => go(state.step + 1), ArrowLeft: () => go(state.step - 1), Home: () => go(0), End: () => go(ends),
    "/": () => byId("search").focus() };
  if (keys[event.key]) {
    event.preventDefault();
    keys[event.key]();
  }
});
window.addEventListener("hashchange", read);
window.addEventListener("resize", () => {
  state.height = 0;
  // What the reader opened or closed stays so.
  if (String(state.open) === String(state.usual)) {
    openWhatFits();
    state.usual = [...state.open];
  }
  draw();
  fit();
  show();
});
dragAndWheel();
byId("all").addEventListener("toggle", () => {
  if (later && later.isConnected && byId("all").open) byId("wide").innerHTML = later.textContent;
});
// A long table would be laid out before anything is seen.
if (later || data.vertices.length > 60) byId("all").open = false;
startTraining();
startExercises();
read();
fit();
if (data.epochs.length > 1) showEpoch(data.epochs.length - 1);
if (state.chosen !== null) into(state.chosen);
document.documentElement.dataset.ready = Math.round(performance.now());
