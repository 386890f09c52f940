// Searching.

/** Whether a search means a vertex: by its path, or as one of those that have a delta. */
function matches(vertex, text) {
  return vertex.path.toLowerCase().includes(text) || vertex.title.toLowerCase().includes(text) || (vertex.delta && ("delta".startsWith(text) || text === "δ"));
}

/** Whether a closed scope holds what a search means. */
function holds(group, text) {
  return data.groups[group].path.toLowerCase().includes(text)
    || data.vertices.some((vertex, index) => matches(vertex, text) && String(standIn(data, state.open, index)) === "1," + group);
}

/** Shows what is found, and says how much. */
function find(text) {
  const found = text.trim().toLowerCase(), said = byId("matches");
  const count = found === "" ? 0 : data.vertices.filter((vertex) => matches(vertex, found)).length;
  said.textContent = found === "" ? "" : count === 0 ? "no node is called so" : count === 1 ? "1 node" : count + " nodes";
  show();
}
