//! What a text under way knows: where every number stands, and what it is called.

use super::error::RustError;
use super::expr::{Expr, Index};
use super::loops::Loops;
use super::names::{self, Names};
use super::operations::Operations;
use super::text::Text;
use super::uses::Uses;
use crate::access::{Access, row_major};
use crate::graph::{FastMap, Instruction};
use crate::ids::{Address, Id, InstructionId, Map, Point, RunId, Slot};
use crate::recipe::Recipe;
use crate::run::{Float, Inner};

/// Where a run's numbers stand in the text.
#[derive(Clone, Debug)]
pub(crate) enum Store {
    /// Nowhere yet, or in the body of a loop alone.
    Nowhere,
    /// A variable of one number.
    Number(String),
    /// A number behind a reference.
    Behind(String),
    /// An expression that stands where it is read, once, and what it is called otherwise.
    Pending { expr: Expr, path: String },
    /// An array.
    Array(String),
    /// The constants.
    Constants,
}

/// A text under way.
pub(crate) struct Writer<'a, S: Float> {
    pub(crate) recipe: &'a Recipe<S>,
    pub(crate) inner: &'a Inner<S>,
    pub(crate) uses: Uses,
    pub(crate) ops: Operations,
    pub(crate) names: Names,
    pub(crate) body: Text,
    /// Tables of indices and numbers.
    pub(crate) tables: Text,
    pub(crate) store: Map<RunId, Store>,
    /// Arrays whose elements are written with `+ 0.0`: gradients that nobody but the caller reads.
    pub(crate) cleared: Map<RunId, bool>,
    /// By run of a block of leaves, its first slot, unless it differs from row to row.
    pub(crate) blocks: FastMap<RunId, Slot>,
    /// Elements of blocks that have a variable of their own.
    elements: FastMap<Address, String>,
    constants: Option<String>,
    /// Arrays of numbers from anywhere, and tables of indices: what is listed twice is one.
    pub(crate) lists: FastMap<Vec<Address>, String>,
    pub(crate) indices: FastMap<Vec<i64>, String>,
    /// The numbers of the workspace, if intermediate arrays stand there and not on the stack.
    pub(crate) workspace: Option<usize>,
    /// Whether it was said that the reverse sweep begins.
    pub(crate) reversing: bool,
}

impl<'a, S: Float> Writer<'a, S> {
    pub(crate) fn new(
        (recipe, inner): (&'a Recipe<S>, &'a Inner<S>),
        ops: Operations,
        names: Names,
    ) -> Self {
        let runs = recipe.plan.line.runs();
        Writer {
            recipe,
            inner,
            uses: Uses::of(recipe),
            ops,
            names,
            body: Text::of_body(),
            tables: Text::of_body(),
            store: Map::filled(Store::Nowhere, runs),
            cleared: Map::filled(false, runs),
            blocks: FastMap::default(),
            elements: FastMap::default(),
            constants: None,
            lists: FastMap::default(),
            indices: FastMap::default(),
            workspace: None,
            reversing: false,
        }
    }

    /// The run of a number, and how far into it the number is.
    pub(crate) fn locate(&self, address: Address) -> (RunId, i64) {
        let run = self.recipe.plan.line.run_of(address);
        (run, address.minus(self.recipe.plan.line.start(run)))
    }

    /// The name for an instruction's result, and whether the user gave it.
    pub(crate) fn named(&mut self, i: InstructionId, of: &Instruction<Address>) -> (String, bool) {
        let slot = Slot::new(of.source.slot() as usize);
        let rows = self.inner.rows;
        let len = of.len();
        let len = if rows > 1 && len.is_multiple_of(rows) { len / rows } else { len };
        let (path, own) = names::path(&self.recipe.names, slot, len);
        let adjoint = if of.source.is_adjoint() { "d_" } else { "" };
        let part = if self.uses.is_whole(of.source, i) { "" } else { "_part" };
        (format!("{adjoint}{path}{part}"), own && adjoint.is_empty() && part.is_empty())
    }

    /// Says once where the reverse sweep begins.
    pub(crate) fn note(&mut self, of: &Instruction<Address>) {
        if of.source.is_adjoint() && !self.reversing {
            self.reversing = true;
            self.body.line("");
            self.body.line("// The reverse sweep: d_x is the adjoint of x.");
        }
    }

    /// A literal that is read back to the bit.
    pub(crate) fn literal(&self, number: S) -> Expr {
        let wide = number.to_f64();
        let name = self.ops.number;
        if wide.is_nan() {
            return Expr::atom(format!("{name}::from_bits({:#x})", number.bits_key()));
        }
        if wide.is_infinite() {
            let sign = if wide < 0.0 { "NEG_" } else { "" };
            return Expr::atom(format!("{name}::{sign}INFINITY"));
        }
        let text = if name == "f32" { format!("{:?}", wide as f32) } else { format!("{wide:?}") };
        Expr::number(text)
    }

    pub(crate) fn constant(&self, address: Address) -> Option<S> {
        let (run, offset) = self.locate(address);
        let constant = matches!(self.store[run], Store::Constants);
        constant.then(|| self.recipe.plan.constants[offset as usize].1)
    }

    /// A single number.
    pub(crate) fn number(&mut self, address: Address) -> Expr {
        let (run, offset) = self.locate(address);
        match &mut self.store[run] {
            Store::Number(name) => Expr::atom(name.as_str()),
            Store::Behind(name) => Expr::deref(name),
            Store::Pending { expr, .. } => expr.clone(),
            Store::Array(name) => {
                let array = name.clone();
                self.element(address, run, offset, &array)
            }
            Store::Constants => self.literal(self.recipe.plan.constants[offset as usize].1),
            Store::Nowhere => unreachable!("{address:?} is read before it is written"),
        }
    }

    /// Gives numbers that stand where they are read names, the longest first, until they fit into
    /// a line.
    pub(crate) fn shorten(&mut self, addresses: &[Address]) {
        let mut pending: Vec<(usize, RunId)> = Vec::new();
        let mut total = 0;
        for &address in addresses {
            let (run, _) = self.locate(address);
            if let Store::Pending { expr, .. } = &self.store[run] {
                let len = expr.text().chars().count();
                total += len;
                pending.push((len, run));
            } else {
                total += NAME;
            }
        }
        pending.sort_by_key(|&(len, _)| std::cmp::Reverse(len));
        for (len, run) in pending {
            if total <= LINE {
                return;
            }
            if let Store::Pending { expr, path } = self.store[run].clone()
                && !expr.is_variable()
            {
                let name = self.names.unique(&path);
                self.body.line(&format!("let {name} = {};", expr.text()));
                self.store[run] = Store::Number(name);
                total -= len - NAME.min(len);
            }
        }
    }

    /// Forgets copies of inputs: they have been fed back.
    pub(crate) fn forget_copies(&mut self) {
        self.elements.clear();
        self.lists.clear();
    }

    /// An element of an array: in straight lines a named number of a block gets a variable.
    fn element(&mut self, address: Address, run: RunId, offset: i64, array: &str) -> Expr {
        if let Some(name) = self.elements.get(&address) {
            return Expr::atom(name.as_str());
        }
        let element = format!("{array}[{offset}]");
        let block = self.blocks.get(&run).filter(|_| self.body.depth() == 0);
        let path = block.and_then(|&slot| {
            let len = self.recipe.plan.line.len_of(run);
            names::element(&self.recipe.names, (slot, len), offset as usize)
        });
        match path {
            Some(path) => {
                let name = self.names.unique(&path);
                self.body.line(&format!("let {name} = {element};"));
                self.elements.insert(address, name.clone());
                Expr::atom(name)
            }
            None => Expr::atom(element),
        }
    }

    /// Room for a run.
    pub(crate) fn array(&mut self, path: &str, len: usize) -> String {
        let name = self.names.unique(path);
        match &mut self.workspace {
            Some(used) => {
                *used += len;
                self.body.line(&format!(
                    "let ({name}, rest) = rest.split_first_chunk_mut::<{len}>().expect(\"room\");"
                ));
            }
            None => {
                let zero = if self.ops.number == "f32" { "0.0_f32" } else { "0.0" };
                self.body.line(&format!("let mut {name} = [{zero}; {len}];"));
            }
        }
        name
    }

    /// The array that holds a run, made if there is none.
    pub(crate) fn array_of(&mut self, run: RunId, path: &str) -> String {
        if let Store::Array(name) = &self.store[run] {
            return name.clone();
        }
        let name = self.array(path, self.recipe.plan.line.len_of(run));
        self.store[run] = Store::Array(name.clone());
        name
    }

    /// The name of the array that a run is read from, whole: constants become a table.
    pub(crate) fn array_to_read(&mut self, run: RunId) -> Option<String> {
        match &self.store[run] {
            Store::Array(name) => Some(name.clone()),
            Store::Constants => Some(self.constants()),
            _ => None,
        }
    }

    fn constants(&mut self) -> String {
        if let Some(name) = &self.constants {
            return name.clone();
        }
        let name = self.names.table("constants");
        let all = &self.recipe.plan.constants;
        let items: Vec<String> =
            all.iter().map(|&(_, number)| self.literal(number).into_text()).collect();
        let head = format!("static {name}: [{}; {}] = [", self.ops.number, items.len());
        self.tables.list(&head, &items, "];");
        self.constants = Some(name.clone());
        name
    }
}

/// An operand of loops.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// The same number for every element.
    Number(Expr),
    /// `array[index]`
    Element { array: String, start: i64, track: usize },
    /// `array[TABLE[index]]`
    Listed { array: String, table: String, track: usize },
}

/// Strides of the operands of a nest of loops, as they are found.
#[derive(Debug, Default)]
pub(crate) struct Tracks {
    pub(crate) all: Vec<Vec<i64>>,
}

impl Tracks {
    pub(crate) fn add(&mut self, strides: impl IntoIterator<Item = i64>) -> usize {
        self.all.push(strides.into_iter().collect());
        self.all.len() - 1
    }

    pub(crate) fn row_major(&mut self, dims: &[usize]) -> usize {
        self.add(row_major(dims).into_iter().map(i64::from))
    }
}

/// Loops, the outer ones first.
pub(crate) struct Nest<'l> {
    pub(crate) loops: &'l [&'l Loops],
}

impl Nest<'_> {
    /// The index of an operand that begins at `start`, by its track in each of the loops.
    pub(crate) fn index(&self, start: i64, track: usize) -> String {
        let mut outside = 0;
        let mut steps = Vec::new();
        for loops in self.loops {
            steps.extend(loops.steps(track, outside));
            outside += loops.axes.len();
        }
        Index { start, steps }.text()
    }

    /// The variables of all loops: `ij`.
    pub(crate) fn variables(&self) -> String {
        let depth = self.loops.iter().map(|loops| loops.axes.len()).sum();
        (0..depth).map(super::loops::variable).collect()
    }

    pub(crate) fn read(&self, operand: &Operand) -> Expr {
        match operand {
            Operand::Number(expr) => expr.clone(),
            Operand::Element { array, start, track } => {
                Expr::atom(format!("{array}[{}]", self.index(*start, *track)))
            }
            Operand::Listed { array, table, track } => {
                Expr::atom(format!("{array}[{table}[{}]]", self.index(0, *track)))
            }
        }
    }
}

impl<S: Float> Writer<'_, S> {
    /// An operand over `dims`, computed before the loops.
    pub(crate) fn operand(
        &mut self,
        access: &Access<Address>,
        dims: &[usize],
        tracks: &mut Tracks,
        path: &str,
    ) -> Operand {
        if access.is_repeated(dims) {
            return Operand::Number(self.number(access.first()));
        }
        if let Access::Strided { start, strides } = access
            && let Some(run) = access.run(dims, &self.recipe.plan.line)
            && let Some(array) = self.array_to_read(run)
        {
            let (_, offset) = self.locate(*start);
            let track = tracks.add(strides.iter().map(|&stride| i64::from(stride)));
            return Operand::Element { array, start: offset, track };
        }
        let list = access.numbers(dims);
        if let Access::Listed(_) = access {
            let even = Access::of(list.clone(), dims);
            if even.run(dims, &self.recipe.plan.line).is_some() {
                return self.operand(&even, dims, tracks, path);
            }
        }
        let (run, _) = self.locate(list[0]);
        let together = list.iter().all(|&address| self.locate(address).0 == run);
        if together
            && list.len() > super::lists::FEW
            && let Some(array) = self.array_to_read(run)
        {
            let indices: Vec<i64> = list.iter().map(|&address| self.locate(address).1).collect();
            let table = self.table(&format!("{path}_from"), &indices);
            return Operand::Listed { array, table, track: tracks.row_major(dims) };
        }
        let array = self.gathered(&list, path);
        Operand::Element { array, start: 0, track: tracks.row_major(dims) }
    }

    /// Opens loops, counted from `outside` on.
    pub(crate) fn open(&mut self, loops: &Loops, outside: usize) {
        for (depth, axis) in loops.axes.iter().enumerate() {
            let variable = super::loops::variable(outside + depth);
            self.body.open(&format!("for {variable} in 0..{} {{", axis.extent));
        }
    }

    pub(crate) fn close(&mut self, loops: &Loops) {
        loops.axes.iter().for_each(|_| self.body.close());
    }

    /// An operation on its operands.
    pub(crate) fn expression(
        &mut self,
        instruction: &Instruction<Address>,
        operands: &[Expr],
    ) -> Result<Expr, RustError> {
        use crate::graph::Op;
        Ok(match instruction.op {
            Op::Copy => operands[0].clone(),
            Op::Unary(op) => self.ops.unary(op, &operands[0])?,
            Op::Binary(op) => {
                let known = [0, 1].map(|i| {
                    let operand = &instruction.operands[i];
                    let one = operand.is_repeated(&instruction.dims);
                    one.then(|| self.constant(operand.first()))?.map(|number| number.to_f64())
                });
                self.ops.binary(op, [&operands[0], &operands[1]], known)?
            }
            Op::Select => Expr::choice(&operands[0], &operands[1], &operands[2]),
            Op::Contract { .. } | Op::Sum | Op::Max | Op::Min | Op::OverRows | Op::Rule(_) => {
                unreachable!("{:?} is not elementwise", instruction.op)
            }
        })
    }
}

/// The letters of operands that fit into a line.
const LINE: usize = 72;
/// Those of a name, about.
const NAME: usize = 12;
