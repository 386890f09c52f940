// Where everything stands, for any choice of open scopes. This is the crate's picture/visible.rs and picture/place.rs, statement by
// statement; the plan (layers, order, lanes) comes with the data. A test compares the two.
"use strict";

const ROW_GAP = 10, COLUMN_GAP = 30, LABEL_GAP = 14, FRAME_PADDING = 8, FRAME_TOP = 24, MARGIN = 8, BAND_GAP = 22, GUTTER = 16, PASSES = 6;
const isGroup = (item) => item[0] === 1;

/** The outermost closed group around a vertex, or the vertex: [0, vertex] or [1, group]. */
function standIn(data, open, vertex) {
  let seen = [0, vertex];
  for (let group = data.vertices[vertex].group; group !== null; group = data.groups[group].parent) {
    if (!open[group]) seen = [1, group];
  }
  return seen;
}

function arrowsOf(data, open) {
  const arrows = [], known = new Map();
  const standIns = data.vertices.map((_, vertex) => standIn(data, open, vertex));
  data.wires.forEach((wire, index) => {
    const from = standIns[wire.from], to = standIns[wire.to];
    const key = from + ">" + to;
    if (String(from) === String(to)) return;
    if (!known.has(key)) {
      known.set(key, arrows.length);
      arrows.push({ from, to, wires: [], cut: true });
    }
    const arrow = arrows[known.get(key)];
    arrow.wires.push(index);
    arrow.cut = arrow.cut && wire.cut;
  });
  return arrows;
}

/** Places everything in a width of `room`, or where boxes are too wide for it in as little as they need. */
function placeAll(data, open, arrows, room, labels) {
  const frames = data.groups.map(() => ({ rects: [], columns: [] }));
  const isOpen = (item) => isGroup(item) && open[item[1]];
  const boxOf = (item) => (isGroup(item) ? data.groups : data.vertices)[item[1]];
  const bandOf = (group, entry) => frames[group].bandOf[data.groups[group].layer_of[entry]];

  function placeGroup(group, room) {
    const { items, layers, layer_of } = data.groups[group];
    const padding = group === 0 ? MARGIN : FRAME_PADDING, top = group === 0 ? MARGIN : FRAME_TOP;
    const rects = layer_of.map(() => ({ x: 0, y: 0, width: 0, height: 0 }));
    items.forEach((item, entry) => {
      const size = isOpen(item) ? placeGroup(item[1], room - 2 * padding) : boxOf(item);
      rects[entry].width = size.width;
      rects[entry].height = size.height;
    });
    const widths = layers.map((layer) => {
      const plain = layer.filter((entry) => entry < items.length && !isOpen(items[entry]));
      const boxWidth = plain.reduce((most, entry) => Math.max(most, rects[entry].width), 0);
      for (const entry of plain) rects[entry].width = boxWidth;
      return layer.reduce((most, entry) => Math.max(most, rects[entry].width), 0);
    });
    const [frame, right] = columnsOf(widths, padding, room);
    layers.forEach((layer, at) => layer.forEach((entry) => { rects[entry].x = frame.columns[at][0]; }));
    frames[group] = frame;
    frame.used = usedOf(group);
    const bottom = placeRows(group, rects, top);
    frame.rects = rects;
    return { width: right + padding, height: bottom + padding };
  }

  function columnsOf(widths, padding, room) {
    const gap = Math.max(COLUMN_GAP, labels > 0 ? labels + LABEL_GAP : 0);
    const whole = widths.reduce((sum, width) => sum + width, 0) + gap * (Math.max(widths.length, 1) - 1);
    const wraps = whole + 2 * padding > room;
    const [left, most] = wraps ? [padding + GUTTER, room - padding - GUTTER - labels] : [padding, Infinity];
    const columns = [], bandOf = [];
    let x = left, band = 0;
    for (const width of widths) {
      if (x + width > most && x > left) {
        x = left;
        band++;
      }
      columns.push([x, x + width]);
      bandOf.push(band);
      x += width + gap;
    }
    const right = columns.reduce((most, column) => Math.max(most, column[1]), left);
    return [{ rects: [], columns, bandOf, gaps: [], used: [] }, band > 0 ? right + GUTTER + labels : right];
  }

  function usedOf(group) {
    const { items, lanes, layer_of } = data.groups[group];
    const used = layer_of.map((_, entry) => entry < items.length);
    for (const lane of lanes) {
      const ends = [lane.from, lane.to].map((end) => (end === null ? null : bandOf(group, end)));
      for (const pass of lane.passes) used[pass] = ends.includes(bandOf(group, pass));
    }
    return used;
  }

  function placeRows(group, rects, top) {
    const { lanes, layer_of } = data.groups[group], { used, gaps } = frames[group], layerBands = frames[group].bandOf;
    const before = layer_of.map(() => []), after = layer_of.map(() => []);
    for (const lane of lanes) {
      const stops = [lane.from, ...lane.passes, lane.to].filter((stop) => stop !== null);
      for (let at = 0; at + 1 < stops.length; at++) {
        if (bandOf(group, stops[at]) !== bandOf(group, stops[at + 1]) || !used[stops[at]] || !used[stops[at + 1]]) continue;
        const leaves = at === 0 && lane.from !== null ? port(group, stops[at], rects, lane.wires, "from") : 0;
        const arrives = at + 2 === stops.length && lane.to !== null ? port(group, stops[at + 1], rects, lane.wires, "to") : 0;
        const pull = lane.wires.length;
        before[stops[at + 1]].push([stops[at], leaves, arrives, pull]);
        after[stops[at]].push([stops[at + 1], arrives, leaves, pull]);
      }
    }
    const layers = data.groups[group].layers.map((layer) => layer.filter((entry) => used[entry]));
    for (const layer of layers) {
      let y = 0;
      for (const entry of layer) {
        rects[entry].y = y;
        y += rects[entry].height + ROW_GAP;
      }
    }
    for (let pass = 0; pass < PASSES; pass++) {
      const forward = pass % 2 === 0;
      for (let step = 0; step < layers.length; step++) {
        const layer = forward ? layers[step] : layers[layers.length - 1 - step];
        const wanted = layer.map((entry) => {
          let near = forward ? before[entry] : after[entry];
          if (near.length === 0) near = forward ? after[entry] : before[entry];
          let sum = 0, pulls = 0;
          for (const [other, there, here, pull] of near) {
            sum += (rects[other].y + there - here) * pull;
            pulls += pull;
          }
          return pulls > 0 ? sum / pulls : null;
        });
        settle(layer, wanted, rects);
      }
    }
    let bottom = top;
    for (let band = 0; band <= (layerBands.length ? layerBands[layerBands.length - 1] : 0); band++) {
      const start = band === 0 ? top : bottom + BAND_GAP;
      if (band > 0) gaps.push(bottom + BAND_GAP / 2);
      const entries = layers.filter((_, layer) => layerBands[layer] === band).flat();
      const highest = entries.reduce((least, entry) => Math.min(least, rects[entry].y), Infinity);
      bottom = start;
      for (const entry of entries) {
        rects[entry].y = Math.floor(rects[entry].y - highest + 0.5) + start;
        bottom = Math.max(bottom, rects[entry].y + rects[entry].height);
      }
    }
    return bottom;
  }

  function port(group, entry, rects, wires, end) {
    const item = data.groups[group].items[entry];
    if (!isOpen(item)) return rects[entry].height / 2;
    return wires.reduce((sum, wire) => sum + within(item[1], data.wires[wire][end]), 0) / wires.length;
  }

  function within(group, vertex) {
    let item = standIn(data, open, vertex), y = null;
    for (;;) {
      const parent = isGroup(item) ? data.groups[item[1]].parent : data.vertices[item[1]].group;
      if (parent === null) break;
      const entry = data.groups[parent].items.findIndex((other) => other[0] === item[0] && other[1] === item[1]);
      const rect = frames[parent].rects[entry];
      y = rect.y + (y === null ? rect.height / 2 : y);
      if (parent === group) break;
      item = [1, parent];
    }
    return y === null ? 0 : y;
  }

  const size = placeGroup(0, room);
  const layout = { width: size.width, height: size.height, vertices: [], groups: [], ways: [] };
  (function absolute(group, x, y) {
    data.groups[group].items.forEach((item, entry) => {
      const rect = { ...frames[group].rects[entry] };
      rect.x += x;
      rect.y += y;
      (isGroup(item) ? layout.groups : layout.vertices)[item[1]] = rect;
      if (isOpen(item)) absolute(item[1], rect.x, rect.y);
    });
  })(0, 0, 0);
  const rectOf = (item) => (isGroup(item) ? layout.groups : layout.vertices)[item[1]];

  layout.ways = arrows.map((arrow) => {
    const from = rectOf(arrow.from), to = rectOf(arrow.to);
    const x = from.x + from.width, y = from.y + from.height / 2, arrives = to.y + to.height / 2;
    const way = [[x, x, y]], through = data.wires[arrow.wires[0]].way;
    if (through.some(([group, lane]) => isBackward(group, lane))) {
      const below = Math.max(from.y + from.height, to.y + to.height) + ROW_GAP / 2;
      return [...way, [x, to.x, below], [to.x, to.x, arrives]];
    }
    const entered = { at: null };
    for (const [group, lane] of through) {
      if (frames[group].rects.length > 0) passThrough(group, lane, way, entered);
    }
    way.push([entered.at === null ? to.x : entered.at, to.x, arrives]);
    return way;
  });

  function isBackward(group, number) {
    const { lanes, layer_of } = data.groups[group], { from, to } = lanes[number];
    return from !== null && to !== null && layer_of[from] >= layer_of[to];
  }

  function passThrough(group, number, way, entered) {
    const frame = frames[group], { lanes, layer_of } = data.groups[group], lane = lanes[number];
    const left = group === 0 ? 0 : layout.groups[group].x, top = group === 0 ? 0 : layout.groups[group].y;
    const last = () => way[way.length - 1], first = frame.columns.length ? left + frame.columns[0][0] : left;
    const enter = (otherwise) => {
      const at = entered.at === null ? otherwise : entered.at;
      entered.at = null;
      return at;
    };
    let band = lane.from === null ? null : bandOf(group, lane.from);
    if (lane.from !== null) last()[1] = left + frame.columns[layer_of[lane.from]][1];
    const turn = (to) => {
      if (band === null && to > 0) {
        way.push([enter(left), first, top + frame.gaps[to - 1]]);
      } else if (band !== null && band < to) {
        way.push([last()[1], first, top + frame.gaps[band]]);
        if (to > band + 1) way.push([first, first, top + frame.gaps[to - 1]]);
      }
      band = to;
    };
    for (const pass of lane.passes.filter((pass) => frame.used[pass])) {
      turn(bandOf(group, pass));
      const column = frame.columns[layer_of[pass]];
      way.push([enter(left + column[0]), left + column[1], top + frame.rects[pass].y]);
    }
    if (lane.to !== null) {
      turn(bandOf(group, lane.to));
      if (entered.at === null) entered.at = left + frame.columns[layer_of[lane.to]][0];
    }
  }
  return layout;
}

function settle(layer, wanted, rects) {
  let room = 0;
  const pools = [], rooms = [];
  layer.forEach((entry, at) => {
    const wish = (wanted[at] === null ? rects[entry].y : wanted[at]) - room;
    rooms.push(room);
    room += rects[entry].height + ROW_GAP;
    pools.push([wish, 1, 1]);
    while (pools.length > 1) {
      const last = pools[pools.length - 1], before = pools[pools.length - 2];
      if (before[0] / before[1] <= last[0] / last[1]) break;
      pools.pop();
      pools[pools.length - 1] = [before[0] + last[0], before[1] + last[1], before[2] + last[2]];
    }
  });
  let at = 0;
  for (const [sum, weight, entries] of pools) {
    for (let i = 0; i < entries; i++, at++) rects[layer[at]].y = sum / weight + rooms[at];
  }
}

function pathOf(way) {
  const [first, ...rest] = way;
  let path = `M${first[0]} ${first[2]}`, x = first[1], y = first[2], forward = true;
  if (first[1] !== first[0]) path += `H${first[1]}`;
  for (const [start, end, level] of rest) {
    if (level === y && start >= x) {
      path += `H${end}`;
    } else {
      const reach = Math.max(Math.abs(start - x), 40) / 2;
      const leaves = forward ? x + reach : x - reach;
      forward = end >= start;
      const arrives = forward ? start - reach : start + reach;
      path += `C${leaves} ${y} ${arrives} ${level} ${start} ${level}`;
      if (end !== start) path += `H${end}`;
    }
    x = end;
    y = level;
  }
  return path;
}

function labelAt(way, half) {
  const [[, x0, y0], [x1, end, y1]] = way, part = way.length === 2 ? 0.6 : 0.4;
  if (end < x1) return [x0 + 14 + half, Math.floor((y0 + (y1 - y0) * 0.4) * 10 + 0.5) / 10];
  const height = y0 + (y1 - y0) * part * part * (3 - 2 * part);
  return [x0 + (x1 - x0) * part, Math.floor(height * 10 + 0.5) / 10 - 4];
}

/** The place for a label that covers none of those that are placed: there, or lower. */
function beside(way, label, taken) {
  const half = [...label].length * 6.8 / 2, [x, y] = labelAt(way, half);
  const covers = (y) => taken.some(([other, level, size]) => Math.abs(x - other) < half + size && Math.abs(y - level) < 12);
  for (let times = 0; times <= 3; times++) {
    if (covers(y + 12 * times)) continue;
    taken.push([x, y + 12 * times, half]);
    return [x, y + 12 * times];
  }
  taken.push([x, y, half]);
  return [x, y];
}
