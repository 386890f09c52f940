// Other numbers: the reader changes what was given, the engine of this page computes the rest, and the boxes, the arrows, the
// table and its formulas say what it computed. With nothing changed they say what was recorded.

const program = JSON.parse(byId("program").textContent);
const engine = engineOf(program);
const isGiven = new Set(program.given);
const recordedRows = new Map(), recordedSummary = byId("summary").textContent;
let hasChanged = false, telling = null;

/** The answer to an adjoint, as a reader is told. */
const adjointText = (slot, text) => program.words[slot] || text(engine.adjoints[slot]);
const six = (number) => digits(number, 6);
const inBox = (number) => digits(number, program.significant);

/** The first few of a vertex's numbers. */
function few(slots, text) {
  let shown = text(slots[0]), count = 1;
  for (; count < Math.min(slots.length, 3); count++) {
    const next = text(slots[count]);
    const both = shown.length + next.length, rest = slots.length - count - 1;
    if (both > 26 || both + 2 + (rest ? `, +${rest} more`.length : 0) > 36) break;
    shown += ", " + next;
  }
  const more = slots.length - count;
  return more ? `${shown}, +${more} more` : shown;
}

function shortened(text) {
  return text.length <= 36 ? text : text.slice(0, 35) + "…";
}

function lineOf(style, slots) {
  // An answer that all share is given once.
  const once = (text) => {
    const first = text(slots[0]), alike = program.words[slots[0]] || engine.adjoints[slots[0]] === 0;
    return alike && slots.every((slot) => text(slot) === first) ? first : few(slots, text);
  };
  if (style === "value") return shortened(few(slots, (slot) => inBox(engine.values[slot])));
  if (style === "adjoint") return "∂ " + shortened(once((slot) => adjointText(slot, inBox)));
  if (style === "delta") return "δ " + shortened(once((slot) => adjointText(slot, (adjoint) => inBox(0 - adjoint))));
  return null;
}

function wireLabel(entries) {
  if (entries.length > 3) return entries.length + " partials";
  return entries.map((index, at) => {
    const text = inBox(engine.entries[index].partial());
    return at === 0 ? text : text.startsWith("-") ? " - " + text.slice(1) : " + " + text;
  }).join("");
}

const boxes = [...data.vertices, ...data.groups];

/** What stands before the number in a line: a closed scope says whose it is. */
function keepPrefixes() {
  for (const of of boxes) {
    for (const told of of.lines) {
      const number = told[2] === null ? null : lineOf(told[0], program.slots[told[2]]);
      told[3] = number !== null && told[1].endsWith(number) ? told[1].slice(0, -number.length) : "";
    }
  }
}

/** Puts the engine's numbers where the recorded ones stood. */
function retell() {
  for (const of of boxes) {
    for (const told of of.lines) {
      const number = told[2] === null ? null : lineOf(told[0], program.slots[told[2]]);
      if (number !== null) told[1] = told[3] + number;
    }
  }
  data.wires.forEach((wire, index) => {
    if (program.wires[index]) wire.label = wireLabel(program.wires[index]);
  });
  data.next = {};
  for (let slot = 0; slot < engine.values.length; slot++) {
    const reader = program.words[slot] ? null : engine.strongest(slot);
    if (reader !== null && program.vertices[reader] !== null) data.next[slot] = [reader, program.vertices[reader]];
  }
}

/** Boxes grow with their texts, and don't shrink, so that little moves while numbers do; whether one grew. */
function widen() {
  let grew = false;
  for (const of of boxes) {
    const width = Math.ceil(Math.max(...of.lines.map((told) => told[1].length), 0) * program.advance + 2 * program.inset);
    if (width > of.width) grew = true, of.width = width;
  }
  const label = Math.ceil(Math.max(...data.wires.map((wire) => (wire.label ?? "").length)) * program.advance);
  if (label > data.labels) grew = true, data.labels = label;
  return grew;
}

/** The texts of what is drawn, without drawing it again. */
function rewrite() {
  for (const [key, shape] of shapes) {
    const [isClosed, index] = key.split(",").map(Number), of = (isClosed === 1 ? data.groups : data.vertices)[index];
    // A name and an op stand before the lines.
    const texts = shape.querySelectorAll("text");
    of.lines.forEach((told, at) => { texts[at + 2].textContent = told[1]; });
  }
  for (const arrow of arrows) {
    if (arrow.label && arrow.wires.length === 1) arrow.label.textContent = data.wires[arrow.wires[0]].label;
  }
}

/* The table */

function numberOf(text) {
  const negative = text.startsWith("-"), [mantissa, exponent] = (negative ? text.slice(1) : text).split("e");
  let math = mantissa === "inf" ? "<mi>∞</mi>" : `<mn>${mantissa}</mn>`;
  if (exponent !== undefined) math += `<mo>·</mo><msup><mn>10</mn>${numberOf(exponent)}</msup>`;
  return negative || exponent !== undefined ? `<mrow>${negative ? '<mo form="prefix">−</mo>' : ""}${math}</mrow>` : math;
}

/** A formula with its names, or with the numbers that they stand for. */
function spelled(template, significant) {
  return template.replace(/⟦([^⟧]*)⟧/g, (_, mark, at) => {
    const symbol = program.formulas.symbols[mark];
    if (!symbol) return `<mtext>${mark}</mtext>`;
    if (!significant) return symbol.name;
    const number = mark[0] === "v" ? engine.values[symbol.slot] : (mark[0] === "d" ? -1 : 1) * engine.adjoints[symbol.slot];
    const text = digits(number === 0 ? 0 : number, significant), math = numberOf(text);
    // What has a sign, or a power of ten, is fenced behind an operator and below a power.
    const before = template.slice(0, at).replace(/(<mrow>)+$/, ""), behind = before.endsWith("</mo>") && !before.endsWith(">(</mo>");
    const fence = (text.startsWith("-") && (behind || before.endsWith("<msup>"))) || (text.includes("e") && before.endsWith("<msup>"));
    return fence ? `<mrow><mo form="prefix">(</mo>${math}<mo form="postfix">)</mo></mrow>` : math;
  });
}

const display = (math) => `<math displaystyle="true">${math}</math>`;
const line = (left, relation, right) => `<tr><td>${left}</td><td>${relation}</td><td>${right}</td></tr>`;
const isPlain = (template) => /^⟦[^⟧]*⟧$/.test(template);
const rounded = (number) => numberOf(digits(number === 0 ? 0 : number, 10));

function valueEquation(slot, [left, formula]) {
  const lines = [line(display(left), "=", display(spelled(formula)))];
  if (!isPlain(formula)) lines.push(line("", "=", display(spelled(formula, 12))));
  lines.push(line("", "=", display(rounded(engine.values[slot]))));
  return `<div class="definition"><table class="equation">${lines.join("")}</table></div>`;
}

function adjointEquation(slot, { left, sign, sum, shares }) {
  const entries = engine.entriesOf[slot].map((index) => engine.entries[index]).filter((entry) => entry.kind !== "zero" && !program.words[entry.reader]);
  const seed = program.outputs.find(([output]) => output === slot), total = display(rounded(sign * engine.adjoints[slot]));
  if (entries.length !== shares.length) return "";
  let lines;
  if (shares.length === 1 && !seed) {
    lines = [line(display(left), "=", display(spelled(shares[0])))];
    if (!isPlain(shares[0])) lines.push(line("", "=", display(spelled(shares[0], 12))));
    lines.push(line("", "=", total));
  } else {
    const products = entries.map((entry) => sign * (engine.share(entry, engine.adjoints[entry.reader]) ?? 0));
    const by = (reader, math) => {
      const code = document.createElement("code");
      code.textContent = reader;
      return line(`<span class="by">by ${code.outerHTML}:</span>`, "", display(math));
    };
    const parts = shares.map((share, at) => {
      const chain = [spelled(share), ...(isPlain(share) ? [] : [spelled(share, 12)]), rounded(products[at])];
      return by(program.labels[entries[at].reader], chain.join("<mo>=</mo>"));
    }).reverse();
    const start = seed ? [by("the sweep's start", rounded(sign * seed[1]))] : [];
    const terms = [...(seed ? [sign * seed[1]] : []), ...products.reverse()].map((product, at) => {
      const text = digits(product === 0 ? 0 : product, 12);
      if (at === 0) return numberOf(text);
      return `<mo form="infix">${text.startsWith("-") ? "−" : "+"}</mo>${numberOf(text.replace("-", ""))}`;
    });
    lines = [...(sum ? [line(display(left), "=", display(sum))] : []), ...start, ...parts,
      line(sum ? "" : display(left), "=", display(terms.join(""))), line("", "=", total)];
  }
  return `<div class="derivative"><table class="equation">${lines.join("")}</table></div>`;
}

/** The lines of a ledger below its titles. */
function ledgerLines(slot) {
  const { seed, lines } = engine.ledger(slot), rows = [];
  const cell = (row, content) => row.insertCell().append(content);
  const row = (...cells) => {
    const made = document.createElement("tr");
    cells.forEach((content) => cell(made, content));
    rows.push(made);
    return made;
  };
  if (seed !== null) row("seed", "", "", exact(seed));
  for (const { reader, partial, adjoint, product } of lines) {
    let name = program.labels[reader];
    if (program.vertices[reader] !== null) {
      const link = document.createElement("a");
      link.href = "#n" + program.vertices[reader];
      link.textContent = name;
      name = link;
    }
    row(name, exact(partial), "× " + exact(adjoint), "= " + exact(product));
  }
  if (lines.length + (seed === null ? 0 : 1) > 1) row("sum", "", "", "= " + exact(engine.adjoints[slot])).className = "total";
  return rows;
}

/** A row of the table, as the engine has it now. */
function fill(row, vertex) {
  if (row.isConnected && !recordedRows.has(vertex)) recordedRows.set(vertex, row.innerHTML);
  row.querySelectorAll(".numbers tr[data-slot]").forEach((element) => {
    const slot = Number(element.dataset.slot), tell = (style, text) => {
      const cell = element.querySelector("td." + style);
      if (cell && text !== null) cell.textContent = text, cell.classList.remove("words");
    };
    tell("value", exact(engine.values[slot]));
    tell("adjoint", program.words[slot] ? null : exact(engine.adjoints[slot]));
    tell("delta", program.words[slot] ? null : exact(0 - engine.adjoints[slot]));
  });
  row.querySelectorAll(".formulas div.of-slot").forEach((part) => {
    const slot = Number(part.dataset.slot), formula = program.formulas.of[slot];
    if (!formula) return;
    const derivative = formula.adjoint && !program.words[slot] ? adjointEquation(slot, formula.adjoint) : null;
    const kept = part.querySelector(".derivative");
    part.innerHTML = (formula.value ? valueEquation(slot, formula.value) : "") + (derivative ?? (kept ? kept.outerHTML : ""));
  });
  fillLedgers(row, vertex);
}

/** All rows that are there. */
function fillTable() {
  data.vertices.forEach((_, vertex) => {
    const row = byId("n" + vertex);
    if (row) fill(row, vertex);
  });
}

function fillLedgers(row, vertex) {
  const cell = row.querySelector("td.ledger"), slots = [...row.querySelectorAll(".numbers tr[data-slot]")].map((element) => Number(element.dataset.slot));
  if (!cell || slots.every((slot) => program.words[slot])) return;
  const ledgers = slots.map((slot) => [slot, ledgerLines(slot)]).filter(([, lines]) => lines.length);
  const details = document.createElement("details"), summary = document.createElement("summary");
  const was = cell.querySelector("details");
  details.open = was ? was.open : false;
  const count = slots.reduce((all, slot) => all + engine.ledger(slot).lines.length, 0);
  summary.textContent = `${count} ${count === 1 ? "contribution" : "contributions"}`;
  details.append(summary);
  for (const [slot, lines] of ledgers) {
    const table = document.createElement("table"), head = document.createElement("tr");
    table.className = "sum of-slot";
    table.dataset.slot = slot;
    const element = program.labels[slot].startsWith(data.vertices[vertex].path) ? program.labels[slot].slice(data.vertices[vertex].path.length) + " " : "";
    for (const title of [(slots.length > 1 ? element : "") + "read by", "partial", "its adjoint", "product"]) {
      const th = document.createElement("th");
      th.textContent = title;
      head.append(th);
    }
    table.append(head, ...lines);
    details.append(table);
  }
  cell.replaceChildren(...(ledgers.length ? [details] : []));
}

/* Changing */

/** Computes, and shows what came out; `pass` says which numbers it is that are shown. */
function recompute(said, pass = "numbers changed here") {
  hasChanged = true;
  engine.run();
  engine.sweep();
  retell();
  if (widen()) draw();
  else rewrite();
  const parts = [...program.outputs.map(([slot]) => `${program.labels[slot]} = ${digits(engine.values[slot], 10)}`), pass, program.caption];
  byId("summary").textContent = parts.filter(Boolean).join(" · ");
  byId("reset").disabled = false;
  byId("live-said").textContent = said();
  document.documentElement.classList.add("changed");
  show();
  // A long table is told when the reader has stopped.
  clearTimeout(telling);
  telling = setTimeout(() => { if (hasChanged && byId("all").open) fillTable(); }, 250);
  document.dispatchEvent(new Event("computed"));
}

/** The loss, and what was recorded of it. */
function lossNow() {
  return program.outputs.map(([slot]) => `${program.labels[slot]} = ${six(engine.values[slot])}, recorded ${six(program.values[slot])}`).join("; ");
}

function change(slot, number) {
  if (!Number.isFinite(number)) return;
  engine.values[slot] = number;
  recompute(() => `${program.labels[slot]} = ${exact(number)}: ${lossNow()}.`);
}

/** What was recorded, with its own texts. */
function reset() {
  const kept = JSON.parse(byId("data").textContent);
  clearTimeout(telling);
  hasChanged = false;
  engine.values.set(program.values.map((value) => value ?? NaN));
  engine.sweep();
  [...kept.vertices, ...kept.groups].forEach(({ lines, width }, index) => {
    boxes[index].width = width;
    lines.forEach((told, at) => { boxes[index].lines[at][1] = told[1]; });
  });
  data.wires.forEach((wire, index) => { wire.label = kept.wires[index].label; });
  data.labels = kept.labels;
  data.next = kept.next;
  for (const [vertex, row] of recordedRows) byId("n" + vertex).innerHTML = row;
  recordedRows.clear();
  document.documentElement.classList.remove("changed");
  byId("summary").textContent = recordedSummary;
  byId("reset").disabled = true;
  byId("live-said").textContent = "These are the numbers that were recorded.";
  draw();
  show();
  document.dispatchEvent(new Event("computed"));
}

/** The numbers at an epoch of the recorded training: what was given then, and what follows. */
function moment(epoch) {
  const found = program.moments.find(([of]) => of === epoch);
  if (!found) return hasChanged ? reset() : undefined;
  program.given.forEach((slot, at) => { engine.values[slot] = found[1][at]; });
  recompute(() => `Epoch ${epoch} of the recorded training: ${lossNow()}.`, "the same pass at epoch " + epoch);
}

const FIELDS = 4;

/** The fields of the chosen box, if its numbers were given. */
function fields() {
  const vertex = state.chosen, panel = byId("panel");
  if (vertex === null || !program.slots[vertex].some((slot) => isGiven.has(slot))) return;
  const all = [...panel.querySelectorAll(".numbers tr[data-slot]")].map((row) => Number(row.dataset.slot));
  // Of many the one that is looked at.
  const shown = all.length <= FIELDS ? all : all.filter((slot) => slot === state.slot);
  const part = document.createElement("section");
  part.className = "change";
  for (const slot of shown) {
    const label = document.createElement("label"), field = document.createElement("input");
    Object.assign(field, { type: "number", step: "any", value: String(engine.values[slot]) });
    field.dataset.key = "change:" + slot;
    field.addEventListener("change", () => change(slot, field.valueAsNumber));
    const steps = [-0.1, 0.1].map((by) => {
      const button = document.createElement("button");
      button.textContent = by < 0 ? "− 0.1" : "+ 0.1";
      button.dataset.key = `step:${slot}:${by}`;
      button.setAttribute("aria-label", `${button.textContent} to ${program.labels[slot]}`);
      button.addEventListener("click", () => change(slot, engine.values[slot] + by));
      return button;
    });
    label.append("change " + program.labels[slot] + " ", field);
    const one = document.createElement("p");
    one.append(label, ...steps);
    part.append(one);
  }
  (panel.querySelector(".formulas") || panel).prepend(part);
}

beforePanel = (row, vertex) => { if (hasChanged) fill(row, vertex); };
afterPanel = fields;
engine.sweep();
keepPrefixes();
if (program.moments.length) atEpoch = moment;
byId("reset").addEventListener("click", reset);
byId("all").addEventListener("toggle", () => { if (hasChanged && byId("all").open) setTimeout(fillTable); });
