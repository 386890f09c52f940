// The engine of this page: the steps that were recorded, run again at other numbers, and the sweep back. Rules of values and of
// partials are above, as the engine's own table of operations says them; the order of every sum is the tape's.

function engineOf(program) {
  const values = Float64Array.from(program.values, (value) => (value === null ? NaN : value));
  const adjoints = new Float64Array(values.length);
  const moves = {
    // A first term, and products.
    products(of) {
      let total = of[0] < 0 ? -0 : values[of[0]];
      for (let i = 1; i < of.length; i += 2) total += values[of[i]] * values[of[i + 1]];
      return total;
    },
    added: (of) => inBlocks(of.length, (i) => values[of[i]]),
    moved: (of) => values[of[0]],
  };
  const steps = program.steps.map(([slot, rule, of]) => {
    const value = rules[rule], [x, y] = of;
    if (!value) return { slot, compute: () => moves[rule](of), of };
    return { slot, compute: of.length === 1 ? () => value(values[x]) : () => value(values[x], values[y]), of };
  });
  const entries = program.entries.map(([reader, slot, rule, of]) => {
    if (rule === "factor") return { reader, slot, kind: "of", partial: () => values[of[0]] };
    const [kind, first, second] = slopes[rule] || [rule], [x, y = x] = of;
    const at = (formula) => () => formula(values[x], values[y], values[reader]);
    const entry = { reader, slot, kind };
    if (kind === "one") entry.partial = () => 1;
    else if (kind === "minus one") entry.partial = () => -1;
    else if (kind === "zero") entry.partial = () => 0;
    else if (kind === "product") {
      entry.factors = [at(first), at(second)];
      entry.partial = () => f.mul_no_nan(entry.factors[1](), entry.factors[0]());
    } else entry.partial = at(first);
    return entry;
  });
  const of = values.length ? Array.from(values, () => []) : [];
  entries.forEach((entry, index) => of[entry.slot].push(index));

  /** What an entry adds to an adjoint, given its reader's; nothing for a structural zero. */
  function share(entry, g) {
    switch (entry.kind) {
      case "zero": return null;
      case "one": return g;
      case "minus one": return -g;
      case "product": return f.mul_no_nan_either(f.mul_no_nan(g, entry.factors[0]()), entry.factors[1]());
      case "choice": return f.mul_no_nan_either(g, entry.partial());
      default: return f.mul_no_nan(g, entry.partial());
    }
  }

  function run(some = steps) {
    for (const step of some) values[step.slot] = step.compute();
  }

  function sweep() {
    adjoints.fill(-0);
    for (const [slot, cotangent] of program.outputs) adjoints[slot] += cotangent;
    for (const entry of entries) {
      const g = adjoints[entry.reader];
      if (g === 0) continue;
      const added = share(entry, g);
      if (added !== null) adjoints[entry.slot] += added;
    }
    for (let slot = 0; slot < adjoints.length; slot++) adjoints[slot] += 0;
  }

  /** What was added to a number's adjoint, in the order of the sweep. */
  function ledger(slot) {
    const seeds = program.outputs.filter(([output]) => output === slot).map(([, cotangent]) => cotangent);
    const lines = of[slot].map((index) => entries[index]).filter((entry) => entry.kind !== "zero" && adjoints[entry.reader] !== 0)
      .map((entry) => ({ reader: entry.reader, partial: entry.partial(), adjoint: adjoints[entry.reader], product: share(entry, adjoints[entry.reader]) }));
    return { seed: seeds.length ? seeds.reduce((a, b) => a + b) : null, lines };
  }

  /** The reader that added most to a number's adjoint; nothing if that is its own seed. */
  function strongest(slot) {
    const { seed, lines } = ledger(slot);
    let kept = null;
    for (const line of lines) if (kept === null || Math.abs(line.product) > Math.abs(kept.product)) kept = line;
    return kept === null || (seed !== null && Math.abs(seed) >= Math.abs(kept.product)) ? null : kept.reader;
  }

  /** The steps that some numbers are computed from. */
  function stepsTo(slots) {
    const wanted = new Set(slots), kept = [];
    for (const step of [...steps].reverse()) {
      if (!wanted.has(step.slot)) continue;
      kept.push(step);
      step.of.filter((slot) => slot >= 0).forEach((slot) => wanted.add(slot));
    }
    return kept.reverse();
  }

  return { values, adjoints, entries, entriesOf: of, run, sweep, share, ledger, strongest, stepsTo };
}

/** A sum in the order of the tape: up to 128 terms one after the other, blocks of so many in pairs. */
function inBlocks(count, term) {
  const sums = [];
  for (let start = 0, blocks = 1; start < count; start += 128, blocks++) {
    let block = -0;
    for (let i = start; i < Math.min(start + 128, count); i++) block += term(i);
    for (let times = blocks; times % 2 === 0; times /= 2) block = sums.pop() + block;
    sums.push(block);
  }
  return sums.length ? sums.reverse().reduce((later, earlier) => earlier + later) : -0;
}

/* Numbers as the page has them. */

/** In as many digits as tell a number from every other. */
function exact(number) {
  if (!Number.isFinite(number)) return Number.isNaN(number) ? "NaN" : number > 0 ? "inf" : "-inf";
  if (number === 0) return Object.is(number, -0) ? "-0.0" : "0.0";
  const size = Math.abs(number);
  if (size < 1e-4 || size >= 1e16) return number.toExponential().replace("e+", "e");
  const text = String(number);
  return text.includes(".") ? text : text + ".0";
}

/** In some significant digits, without zeros at the end. */
function digits(number, significant) {
  if (!Number.isFinite(number) || number === 0) return number === 0 ? (Object.is(number, -0) ? "-0" : "0") : exact(number);
  const shorter = (text) => (text.includes(".") ? text.replace(/0+$/, "").replace(/\.$/, "") : text);
  const [mantissa, exponent] = number.toExponential(significant - 1).split("e"), power = Number(exponent);
  return power >= -5 && power < 9 ? shorter(number.toFixed(Math.max(significant - 1 - power, 0))) : shorter(mantissa) + "e" + power;
}
