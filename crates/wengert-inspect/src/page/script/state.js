// The page: shows what was recorded, step by step. It computes no value and no adjoint; every number on it stands in the table
// below, which is there without scripts too.

const data = JSON.parse(document.getElementById("data").textContent);
const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);
const ends = data.forward.length + data.backward.length;
const forwardAt = data.vertices.map(() => Infinity), backwardAt = data.vertices.map(() => Infinity);
data.forward.forEach((together, at) => together.forEach((vertex) => { forwardAt[vertex] = at + 1; }));
data.backward.forEach((vertex, at) => { backwardAt[vertex] = data.forward.length + at + 1; });
const vertexByPath = new Map(data.vertices.map((vertex, index) => [vertex.path, index]));
const groupByPath = new Map(data.groups.map((group, index) => [group.path, index]));
const wireBetween = new Map(data.wires.map((wire, index) => [wire.from + ">" + wire.to, index]));

const state = { step: ends, chosen: null, slot: null, open: data.groups.map((_, group) => data.open.includes(group)), usual: [], scale: 1, height: 0, panel: true };
let arrows = [], shapes = new Map(), playing = null;
// What is done before and after the chosen row is shown.
let beforePanel = () => {}, afterPanel = () => {};
// Shows the numbers at an epoch of the training, where there are others than the page's own.
let atEpoch = null;
