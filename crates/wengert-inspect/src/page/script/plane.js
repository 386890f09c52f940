// What the network decides now, over the plane of its two inputs, and the loss by epoch since the training began here.

const LEVELS = 16, SIDE = 300;

/** How much the network prefers class 1 at a point, with the parameters that it has now. */
function scores(points) {
  const { slots, score } = lesson.training, steps = engine.stepsTo(score), kept = engine.values.slice();
  const found = points.map(([x, y]) => {
    engine.values[slots[0]] = x;
    engine.values[slots[1]] = y;
    engine.run(steps);
    return engine.values[score[0]] - (score.length > 1 ? engine.values[score[1]] : 0);
  });
  engine.values.set(kept);
  return found;
}

/** The part of the plane in which the rows lie, and the points of a grid over it, row by row from the top. */
function grid(rows, count) {
  const range = (at) => {
    const all = rows.map((row) => row[at]), low = Math.min(...all), high = Math.max(...all), edge = (high - low) * 0.12 || 1;
    return [low - edge, high + edge];
  };
  const [x, y] = [range(0), range(1)], at = ([low, high], index) => low + (high - low) * (index + 0.5) / count;
  const points = [];
  for (let row = count - 1; row >= 0; row--) for (let column = 0; column < count; column++) points.push([at(x, column), at(y, row)]);
  return { x, y, points };
}

function plane(figure, rows, count = 40) {
  const { x, y, points } = grid(rows, count), found = scores(points), cell = SIDE / count;
  const svg = figure.querySelector("svg"), paths = Array.from({ length: LEVELS }, () => "");
  const level = (score) => Math.min(Math.floor((Math.min(Math.max(score, -1), 1) + 1) / 2 * LEVELS), LEVELS - 1);
  for (let row = 0; row < count; row++) {
    for (let column = 0, end; column < count; column = end) {
      const here = level(found[row * count + column]);
      for (end = column + 1; end < count && level(found[row * count + end]) === here; end++);
      if (!Number.isNaN(here)) paths[here] += `M${column} ${row}h${end - column}v1H${column}z`;
    }
  }
  const cells = element("g", { transform: `translate(46 8) scale(${cell})` });
  paths.forEach((path, index) => path && cells.append(element("path", { class: "l" + index, d: path, "shape-rendering": "crispEdges" })));
  const children = [cells, element("path", { class: "edge", d: edge(found, count, cell) }), element("rect", { class: "axis", x: 46, y: 8, width: SIDE, height: SIDE })];
  rows.forEach((row, index) => children.push(element("circle", { class: "point class" + lesson.classOf(row) + (index === lesson.state().row ? " next" : ""), r: 4,
    cx: 46 + (row[0] - x[0]) / (x[1] - x[0]) * SIDE, cy: 8 + (y[1] - row[1]) / (y[1] - y[0]) * SIDE })));
  const text = (content, attributes) => children.push(element("text", attributes, content));
  const names = lesson.training.slots.slice(0, 2).map((slot) => program.labels[slot]);
  text(digits(x[0], 3), { x: 46, y: 324 });
  text(names[0], { x: 196, y: 324, "text-anchor": "middle" });
  text(digits(x[1], 3), { x: 346, y: 324, "text-anchor": "end" });
  text(digits(y[1], 3), { x: 40, y: 18, "text-anchor": "end" });
  text(names[1], { x: 40, y: 162, "text-anchor": "end" });
  text(digits(y[0], 3), { x: 40, y: 308, "text-anchor": "end" });
  svg.replaceChildren(...children);
}

/** The line on which the score is 0, between the middles of the cells: marching squares. */
function edge(found, count, cell) {
  let path = "";
  for (let row = 0; row + 1 < count; row++) {
    for (let column = 0; column + 1 < count; column++) {
      const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([right, down]) => [46 + (column + right + 0.5) * cell, 8 + (row + down + 0.5) * cell, found[(row + down) * count + column + right]]);
      if (corners.some((corner) => Number.isNaN(corner[2]))) continue;
      const crossings = [];
      corners.forEach((from, side) => {
        const to = corners[(side + 1) % 4];
        if (from[2] > 0 === to[2] > 0) return;
        const part = from[2] / (from[2] - to[2]);
        crossings.push(`${(from[0] + (to[0] - from[0]) * part).toFixed(1)} ${(from[1] + (to[1] - from[1]) * part).toFixed(1)}`);
      });
      for (let at = 0; at + 1 < crossings.length; at += 2) path += `M${crossings[at]}L${crossings[at + 1]}`;
    }
  }
  return path;
}

function lossCurve(figure, losses) {
  const caption = figure.querySelector("figcaption"), svg = figure.querySelector("svg"), LEFT = 64, WIDTH = 280, HEIGHT = 296, TOP = 12;
  caption.textContent = losses.length ? `Σ L by epoch: ${digits(losses[0], 6)} at first, ${digits(losses.at(-1), 6)} after ${losses.length}` : "Σ L by epoch: train, and it is drawn";
  const largest = losses.filter(Number.isFinite).reduce((a, b) => Math.max(a, b), 0) || 1, step = Math.ceil(losses.length / 600) || 1;
  const x = (index) => LEFT + (losses.length > 1 ? index / (losses.length - 1) : 0) * WIDTH, y = (loss) => TOP + (1 - loss / largest) * HEIGHT;
  const shown = losses.map((loss, index) => [loss, index]).filter(([loss, index]) => Number.isFinite(loss) && (index % step === 0 || index === losses.length - 1));
  svg.replaceChildren(element("path", { class: "axis", d: `M${LEFT} ${TOP}V${TOP + HEIGHT}H${LEFT + WIDTH}` }),
    element("path", { class: "line", d: shown.map(([loss, index], at) => `${at ? "L" : "M"}${x(index).toFixed(1)} ${y(loss).toFixed(1)}`).join("") }),
    element("text", { x: LEFT - 6, y: TOP + 4, "text-anchor": "end" }, losses.length ? digits(largest, 3) : ""),
    element("text", { x: LEFT - 6, y: TOP + HEIGHT + 4, "text-anchor": "end" }, "0"),
    element("text", { x: LEFT + WIDTH, y: TOP + HEIGHT + 18, "text-anchor": "end" }, losses.length ? String(losses.length) : ""));
}

if (lesson) {
  const part = byId("trained"), decides = byId("plane");
  const look = () => {
    if (part.open) lossCurve(byId("losses"), lesson.curve());
    if (decides && (part.open || !part.contains(decides))) plane(decides, lesson.rows());
  };
  part.addEventListener("toggle", look);
  document.addEventListener("computed", look);
  look();
}
