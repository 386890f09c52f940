//! Operations as instructions: of single numbers, or of a vector of them.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{
    AbiParam, BlockArg, InstBuilder, MemFlagsData, SigRef, Signature, Type, Value, types,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;
use wengert_ops::op::{Binary, Unary};
use wengert_program::Float;
use wengert_program::internals::Act;

use crate::elementary;
use crate::functions::Functions;
use crate::wide::{Table, Wide};

/// A function under construction.
pub(crate) struct Emit<'f> {
    pub(crate) builder: FunctionBuilder<'f>,
    /// `f32` or `f64`.
    pub(crate) number: Type,
    /// Whether of a value the first lane alone counts: then what is loaded and stored is one number,
    /// and the others are zeros, or what became of them. An instruction takes as long for all lanes
    /// as for one, and a choice between two of them needs no jump.
    pub(crate) single: bool,
    /// The first number of the workspace.
    pub(crate) memory: Value,
    pub(crate) functions: Functions,
    pub(crate) convention: CallConv,
    /// Signatures of functions of one number and of two.
    signatures: [Option<SigRef>; 2],
    /// By value, where it is not zero: of the block under construction.
    masks: HashMap<Value, Value>,
    /// By value, what its sigmoid and the slope of that are made of: of the block under construction.
    halves: HashMap<Value, [Value; 2]>,
    /// Values that are constants of the program.
    pub(crate) constants: HashMap<Value, f64>,
    table: &'f mut Table,
    /// The table's address, if it is not to be a constant of the instructions.
    pub(crate) base: Option<Value>,
}

fn little_endian() -> MemFlagsData {
    MemFlagsData::new().with_endianness(cranelift_codegen::ir::Endianness::Little)
}

/// What is loaded and stored is aligned as its numbers are, and inside the workspace.
pub(crate) fn flags() -> MemFlagsData {
    MemFlagsData::new().with_notrap()
}

impl<'f> Emit<'f> {
    pub(crate) fn new<S: Float>(
        builder: FunctionBuilder<'f>,
        memory: Value,
        functions: Functions,
        convention: CallConv,
        table: &'f mut Table,
    ) -> Self {
        let number = if size_of::<S>() == 4 { types::F32 } else { types::F64 };
        Emit {
            builder,
            number,
            single: true,
            memory,
            functions,
            convention,
            signatures: [None; 2],
            masks: HashMap::new(),
            halves: HashMap::new(),
            constants: HashMap::new(),
            table,
            base: None,
        }
    }

    /// Begins a block in which nothing is known of the values of others.
    pub(crate) fn forget(&mut self) {
        self.masks.clear();
        self.halves.clear();
    }

    /// How many numbers a value has room for.
    pub(crate) fn lanes(&self) -> u32 {
        16 / self.number.bytes()
    }

    /// The type of a value.
    pub(crate) fn ty(&self) -> Type {
        if self.number == types::F32 { types::F32X4 } else { types::F64X2 }
    }

    pub(crate) fn constant(&mut self, number: f64) -> Value {
        let bytes = if self.number == types::F32 {
            [(number as f32).to_le_bytes(); 4].concat()
        } else {
            [number.to_le_bytes(); 2].concat()
        };
        let (ty, constant) = (self.ty(), self.builder.func.dfg.constants.insert(bytes.into()));
        self.builder.ins().vconst(ty, constant)
    }

    fn compare(&mut self, condition: FloatCC, x: Value, y: Value) -> Value {
        let ty = self.ty();
        let holds = self.builder.ins().fcmp(condition, x, y);
        self.builder.ins().bitcast(ty, little_endian(), holds)
    }

    /// `mask ? x : y`
    fn choose(&mut self, mask: Value, x: Value, y: Value) -> Value {
        self.builder.ins().bitselect(mask, x, y)
    }

    fn is_not_zero(&mut self, x: Value) -> Value {
        let zero = self.constant(0.0);
        self.compare(FloatCC::NotEqual, x, zero)
    }

    /// All bits set where a number is not zero, NaN among those that are not.
    fn mask(&mut self, x: Value) -> Value {
        if let Some(mask) = self.masks.get(&x) {
            return *mask;
        }
        let mask = self.is_not_zero(x);
        self.masks.insert(x, mask);
        mask
    }

    /// `x y`, and x where it is zero. No jump, and one comparison for all products of an adjoint.
    fn mul_no_nan(&mut self, x: Value, y: Value) -> Value {
        if self.is_known_not_zero(x) {
            return self.product(x, y);
        }
        let (mask, product) = (self.mask(x), self.builder.ins().fmul(x, y));
        self.choose(mask, product, x)
    }

    /// `x y`, where 1 is no factor.
    fn product(&mut self, x: Value, y: Value) -> Value {
        match (self.known(x), self.known(y)) {
            (Some(1.0), _) => y,
            (_, Some(1.0)) => x,
            _ => self.builder.ins().fmul(x, y),
        }
    }

    fn is_known_not_zero(&self, x: Value) -> bool {
        self.known(x).is_some_and(|x| x != 0.0)
    }

    /// The constant that a value is.
    fn known(&self, x: Value) -> Option<f64> {
        self.constants.get(&x).copied()
    }

    /// 1 where the comparison holds, 0 where it does not, NaN where either side is NaN.
    fn indicator(&mut self, condition: FloatCC, x: Value, y: Value) -> Value {
        let (one, zero) = (self.constant(1.0), self.constant(0.0));
        let holds = self.compare(condition, x, y);
        let number = self.choose(holds, one, zero);
        let sum = self.builder.ins().fadd(x, y);
        let comparable = self.compare(FloatCC::Ordered, x, y);
        self.choose(comparable, number, sum)
    }

    /// The smaller or the larger; NaN if either is NaN.
    fn extreme(&mut self, first: FloatCC, second: FloatCC, x: Value, y: Value) -> Value {
        let sum = self.builder.ins().fadd(x, y);
        let (of_y, of_x) = (self.compare(second, y, x), self.compare(first, x, y));
        let other = self.choose(of_y, y, sum);
        self.choose(of_x, x, other)
    }

    /// An operation, if it is a few instructions. `exponent`: b, if it is a constant.
    pub(crate) fn inline(
        &mut self,
        act: Act,
        [a, b, c]: [Value; 3],
        exponent: Option<f64>,
    ) -> Option<Value> {
        if !is_inline(act, exponent) {
            return None;
        }
        Some(match act {
            Act::Empty => self.constant(-0.0),
            Act::Copy => a,
            Act::Select => {
                let condition = self.is_not_zero(a);
                self.choose(condition, b, c)
            }
            Act::AddProduct { guarded: false, .. } => {
                let product = self.product(a, b);
                self.builder.ins().fadd(c, product)
            }
            Act::AddProduct { skipped: false, .. } => {
                let product = self.mul_no_nan(a, b);
                self.builder.ins().fadd(c, product)
            }
            Act::AddProduct { .. } => {
                let product = self.product(a, b);
                if self.is_known_not_zero(a) {
                    return Some(self.builder.ins().fadd(c, product));
                }
                let (sum, counts) = (self.builder.ins().fadd(c, product), self.is_not_zero(a));
                self.choose(counts, sum, c)
            }
            Act::AddFused { guarded } => {
                let sum = self.builder.ins().fma(a, b, c);
                if !guarded || self.is_known_not_zero(a) {
                    return Some(sum);
                }
                let counts = self.is_not_zero(a);
                self.choose(counts, sum, c)
            }
            Act::Unary(op) => self.unary(op, a),
            Act::Binary(op) => self.binary(op, [a, b], exponent),
        })
    }

    fn unary(&mut self, op: Unary, x: Value) -> Value {
        match op {
            Unary::Neg => self.builder.ins().fneg(x),
            Unary::Recip => {
                let one = self.constant(1.0);
                self.builder.ins().fdiv(one, x)
            }
            Unary::Sqrt => self.builder.ins().sqrt(x),
            Unary::Abs => self.builder.ins().fabs(x),
            Unary::Signum => {
                let (one, zero, less) =
                    (self.constant(1.0), self.constant(0.0), self.constant(-1.0));
                let negative = self.compare(FloatCC::LessThan, x, zero);
                let other = self.choose(negative, less, x);
                let positive = self.compare(FloatCC::GreaterThan, x, zero);
                self.choose(positive, one, other)
            }
            Unary::Relu => {
                let zero = self.constant(0.0);
                let none = self.compare(FloatCC::LessThanOrEqual, x, zero);
                self.choose(none, zero, x)
            }
            _ => {
                let one = self.constant(1.0);
                let less = self.builder.ins().fsub(one, x);
                let more = self.builder.ins().fadd(one, x);
                self.builder.ins().fmul(less, more)
            }
        }
    }

    fn binary(&mut self, op: Binary, [x, y]: [Value; 2], exponent: Option<f64>) -> Value {
        match op {
            Binary::Add => self.builder.ins().fadd(x, y),
            Binary::Sub => self.builder.ins().fsub(x, y),
            Binary::Mul => self.product(x, y),
            Binary::Div => self.builder.ins().fdiv(x, y),
            Binary::Powi if exponent == Some(2.0) => self.builder.ins().fmul(x, x),
            Binary::Min => self.extreme(FloatCC::LessThan, FloatCC::LessThanOrEqual, x, y),
            Binary::Max => self.extreme(FloatCC::GreaterThan, FloatCC::GreaterThanOrEqual, x, y),
            Binary::Gt => self.indicator(FloatCC::GreaterThan, x, y),
            Binary::Ge => self.indicator(FloatCC::GreaterThanOrEqual, x, y),
            Binary::Eq => self.indicator(FloatCC::Equal, x, y),
            Binary::MulNoNan => self.mul_no_nan(x, y),
            Binary::MulNoNanEither => {
                let product = self.builder.ins().fmul(x, y);
                let of_y = self.is_not_zero(y);
                let other = self.choose(of_y, product, y);
                let of_x = self.is_not_zero(x);
                self.choose(of_x, other, x)
            }
            // A power of 1.
            _ => x,
        }
    }

    /// An operation on single numbers, whatever it takes.
    pub(crate) fn number<S: Float>(
        &mut self,
        act: Act,
        operands: [Value; 3],
        exponent: Option<f64>,
    ) -> Value {
        if let Some(value) = self.inline(act, operands, exponent) {
            return value;
        }
        let [a, b, _] = operands;
        if let Some(value) = self.formula::<S>(act, a) {
            return value;
        }
        match act {
            Act::Unary(op) => self.call(self.functions.unary::<S>(op), &[a]),
            // y (1 - y) where that loses nothing, in most places.
            Act::Binary(Binary::SigmoidSlope) => {
                let one = self.constant(1.0);
                let rest = self.builder.ins().fsub(one, b);
                let product = self.builder.ins().fmul(b, rest);
                let function = self.functions.binary::<S>(Binary::SigmoidSlope);
                self.unless(b, 0.75, product, function, &[a, b])
            }
            Act::Binary(op) => self.call(self.functions.binary::<S>(op), &[a, b]),
            _ => unreachable!("{act:?} is a few instructions"),
        }
    }

    /// A formula of a few dozen instructions, if that is what an operation is.
    pub(crate) fn formula<S: Float>(&mut self, act: Act, x: Value) -> Option<Value> {
        if !self.functions.has_formula(act) {
            return None;
        }
        Some(match act {
            Act::Unary(Unary::Sigmoid) => {
                let halves = self.halves::<S>(x);
                self.wide(x, |w, x| elementary::sigmoid(w, x, halves))
            }
            Act::Binary(Binary::SigmoidSlope) => {
                let [smaller, larger] = self.halves::<S>(x);
                self.builder.ins().fmul(smaller, larger)
            }
            Act::Binary(_) => self.wide(x, elementary::tanh_slope::<S>),
            Act::Unary(op) => self.wide(x, |w, x| elementary::unary::<S>(w, op, x)),
            _ => unreachable!("{act:?} is a few instructions"),
        })
    }

    /// The sigmoid of −|x| and of |x|, computed once in a block.
    fn halves<S: Float>(&mut self, x: Value) -> [Value; 2] {
        if let Some(halves) = self.halves.get(&x) {
            return *halves;
        }
        let mut halves = [x; 2];
        self.wide(x, |w, x| {
            halves = elementary::halves::<S>(w, x);
            halves[0]
        });
        self.halves.insert(x, halves);
        halves
    }

    fn wide(&mut self, x: Value, then: impl FnOnce(&mut Wide<'_, '_>, Value) -> Value) -> Value {
        let (number, address) = (self.number, self.table.address());
        let base = self.base.unwrap_or_else(|| self.builder.ins().iconst(types::I64, address));
        then(&mut Wide { builder: &mut self.builder, table: self.table, base, number }, x)
    }

    /// Has the table's address loaded, once a round of a loop: then its numbers are read where they
    /// are needed, instead of being carried through the loop in more registers than there are.
    pub(crate) fn load_base(&mut self) {
        let address = self.builder.ins().iconst(types::I64, self.table.address());
        self.base = Some(self.builder.ins().load(types::I64, flags(), address, 0));
    }

    /// A value where a single number is at most so much, else a call.
    fn unless(
        &mut self,
        size: Value,
        limit: f64,
        value: Value,
        function: usize,
        args: &[Value],
    ) -> Value {
        let (away, on) = (self.builder.create_block(), self.builder.create_block());
        let result = self.builder.append_block_param(on, self.ty());
        self.builder.set_cold_block(away);
        let limit = self.constant(limit);
        let [size, limit] = [size, limit].map(|x| self.builder.ins().extractlane(x, 0));
        let known = self.builder.ins().fcmp(FloatCC::LessThanOrEqual, size, limit);
        self.builder.ins().brif(known, on, &[BlockArg::Value(value)], away, &[]);
        self.builder.switch_to_block(away);
        let called = self.call(function, args);
        self.builder.ins().jump(on, &[BlockArg::Value(called)]);
        self.builder.switch_to_block(on);
        result
    }

    /// A call of a function of one number, or of two.
    pub(crate) fn call(&mut self, function: usize, args: &[Value]) -> Value {
        let (number, convention, ty) = (self.number, self.convention, self.ty());
        let builder = &mut self.builder;
        let signature = *self.signatures[args.len() - 1].get_or_insert_with(|| {
            let mut signature = Signature::new(convention);
            signature.params = vec![AbiParam::new(number); args.len()];
            signature.returns = vec![AbiParam::new(number)];
            builder.import_signature(signature)
        });
        let address = builder.ins().iconst(types::I64, function as i64);
        let args: Vec<Value> = args.iter().map(|&x| builder.ins().extractlane(x, 0)).collect();
        let call = builder.ins().call_indirect(signature, address, &args);
        let result = builder.inst_results(call)[0];
        builder.ins().scalar_to_vector(ty, result)
    }

    /// Loads a value that begins so many bytes after an address.
    pub(crate) fn load_at(&mut self, base: Value, offset: i32) -> Value {
        let (ty, number) = (self.ty(), self.number);
        if !self.single {
            return self.builder.ins().load(ty, flags(), base, offset);
        }
        let one = self.builder.ins().load(number, flags(), base, offset);
        self.builder.ins().scalar_to_vector(ty, one)
    }

    pub(crate) fn store_at(&mut self, value: Value, base: Value, offset: i32) {
        let value = match self.single {
            true => self.builder.ins().extractlane(value, 0),
            false => value,
        };
        self.builder.ins().store(flags(), value, base, offset);
    }

    /// Loads from a place.
    pub(crate) fn load(&mut self, place: u32) -> Value {
        let offset = self.offset(place);
        self.load_at(self.memory, offset)
    }

    pub(crate) fn store(&mut self, place: u32, value: Value) {
        let offset = self.offset(place);
        self.store_at(value, self.memory, offset);
    }

    fn offset(&self, place: u32) -> i32 {
        i32::try_from(place * self.number.bytes()).expect("segments are cut so")
    }
}

/// Whether an operation is a few instructions, of a single number or of a vector.
pub(crate) fn is_inline(act: Act, exponent: Option<f64>) -> bool {
    match act {
        Act::Unary(op) => matches!(
            op,
            Unary::Neg
                | Unary::Recip
                | Unary::Sqrt
                | Unary::Abs
                | Unary::Signum
                | Unary::Relu
                | Unary::OneMinusSquare
        ),
        Act::Binary(Binary::Powi) => matches!(exponent, Some(1.0 | 2.0)),
        Act::Binary(op) => matches!(
            op,
            Binary::Add
                | Binary::Sub
                | Binary::Mul
                | Binary::Div
                | Binary::Min
                | Binary::Max
                | Binary::Gt
                | Binary::Ge
                | Binary::Eq
                | Binary::MulNoNan
                | Binary::MulNoNanEither
        ),
        _ => true,
    }
}
