// Training from here: a row's numbers are put in, and every parameter moves against its adjoint.

const lesson = program.training ? trainer(program.training) : null;

function trainer(training) {
  let row = 0, epoch = 0, sum = 0, going = null, curve = [];
  const set = () => training.sets[byId("set") ? Number(byId("set").value) : 0];
  const rate = () => byId("rate").valueAsNumber;
  const loss = program.outputs.length === 1 ? program.outputs[0][0] : null;

  /** A row, with as much noise as is asked for. */
  function numbers(of) {
    const { rows, noise } = set(), units = byId("noise") ? byId("noise").valueAsNumber : 0;
    return rows[of].map((number, at) => (noise && at < training.inputs ? number + units * noise[of][at] : number));
  }

  function put(of) {
    numbers(of).forEach((number, at) => { engine.values[training.slots[at]] = number; });
  }

  /** One step of gradient descent; the loss before it. */
  function step() {
    put(row);
    engine.run();
    engine.sweep();
    const before = engine.values[loss], by = rate();
    for (const slot of program.params) engine.values[slot] -= by * engine.adjoints[slot];
    sum += before;
    row += 1;
    if (row === set().rows.length) {
      curve.push(sum);
      [row, sum, epoch] = [0, 0, epoch + 1];
    }
    return before;
  }

  const told = () => `epoch ${epoch + 1}, row ${row + 1} of ${set().rows.length} is next` + (curve.length ? `; Σ L of the last epoch = ${digits(curve.at(-1), 6)}` : "");

  function tell(said) {
    byId("trained").open = true;
    // The numbers shown are those of the row that comes next.
    put(row);
    recompute(() => said);
  }

  function trainRow() {
    if (!Number.isFinite(rate())) return;
    const of = row + 1, before = step();
    tell(`Trained row ${of}, whose L was ${digits(before, 6)}: ${told()}.`);
  }

  function trainEpochs(count) {
    if (!Number.isFinite(rate())) return;
    for (let done = 0; done < count; done++) {
      do step(); while (row !== 0);
    }
    tell(`${told()}.`);
  }

  function go() {
    if (going !== null) {
      clearInterval(going);
      going = null;
    } else {
      // So many epochs as fit in a twentieth of a second.
      going = setInterval(() => {
        const until = performance.now() + 50;
        let count = 0;
        do {
          do step(); while (row !== 0);
          count += 1;
        } while (performance.now() < until && count < 50);
        tell(`${told()}.`);
      }, 120);
    }
    byId("train-on").textContent = going === null ? "Train on" : "Stop";
    // Nobody wants to hear every epoch.
    byId("live-said").setAttribute("aria-live", going === null ? "polite" : "off");
  }

  function restart(said) {
    [row, epoch, sum, curve] = [0, 0, 0, []];
    tell(said);
  }

  function startOver() {
    const { name, params } = training.starts[Number(byId("start").value)];
    program.params.forEach((slot, at) => { engine.values[slot] = params[at]; });
    restart(`Weights: ${name}.`);
  }

  byId("train-row").addEventListener("click", trainRow);
  byId("train-epoch").addEventListener("click", () => trainEpochs(1));
  byId("train-on").addEventListener("click", go);
  if (byId("start")) {
    byId("start-over").addEventListener("click", startOver);
    byId("start").addEventListener("change", startOver);
  }
  if (byId("set")) byId("set").addEventListener("change", () => restart(`Data: ${set().name}.`));
  if (byId("noise")) byId("noise").addEventListener("input", () => restart("Other noise."));
  byId("reset").addEventListener("click", () => { [row, epoch, sum, curve] = [0, 0, 0, []]; if (going !== null) go(); });

  // What is chosen here goes along to another page: #set=2&noise=0.5&rate=0.1.
  const chosen = ["set", "noise", "rate", "start"].filter((id) => byId(id));
  const others = document.querySelectorAll("#choices a");
  const carry = () => others.forEach((link) => { link.hash = chosen.map((id) => `${id}=${encodeURIComponent(byId(id).value)}`).join("&"); });
  const given = new Map(location.hash.slice(1).split("&").map((part) => part.split("=")));
  chosen.forEach((id) => {
    if (given.has(id)) byId(id).value = decodeURIComponent(given.get(id));
    byId(id).addEventListener("input", carry);
  });
  carry();
  if (chosen.some((id) => given.has(id))) window.addEventListener("load", () => (byId("start") ? startOver() : restart("As chosen before.")));

  /** 0 or 1: of two targets the larger one, of one whether it is above the middle. */
  function classOf(row) {
    const targets = row.slice(training.inputs);
    if (targets.length > 1) return targets[1] > targets[0] ? 1 : 0;
    const all = set().rows.map((other) => other[training.inputs]);
    return targets[0] > (Math.min(...all) + Math.max(...all)) / 2 ? 1 : 0;
  }

  return { training, classOf, curve: () => curve, rows: () => set().rows.map((_, at) => numbers(at)), startOver, trainRow, trainEpochs, state: () => ({ row, epoch, sum }) };
}
