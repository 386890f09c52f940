//! Operations as instructions: of single numbers, or of a vector of them.

use std::collections::HashMap;

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::immediates::{Ieee32, Ieee64};
use cranelift_codegen::ir::{
    AbiParam, BlockArg, InstBuilder, MemFlagsData, SigRef, Signature, Type, Value, types,
};
use cranelift_codegen::isa::CallConv;
use cranelift_frontend::FunctionBuilder;
use wengert_ops::op::{Binary, Unary};
use wengert_program::Float;
use wengert_program::internals::Act;

use crate::functions::Functions;

/// A function under construction.
pub(crate) struct Emit<'f> {
    pub(crate) builder: FunctionBuilder<'f>,
    /// `f32` or `f64`.
    pub(crate) number: Type,
    /// How many numbers a value holds.
    pub(crate) lanes: u32,
    /// The first number of the workspace.
    pub(crate) memory: Value,
    pub(crate) functions: Functions,
    pub(crate) convention: CallConv,
    /// Signatures of functions of one number and of two.
    signatures: [Option<SigRef>; 2],
    /// By value, where it is not zero: of the block under construction.
    pub(crate) masks: HashMap<Value, Value>,
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
    ) -> Self {
        let number = if size_of::<S>() == 4 { types::F32 } else { types::F64 };
        Emit {
            builder,
            number,
            lanes: 1,
            memory,
            functions,
            convention,
            signatures: [None; 2],
            masks: HashMap::new(),
        }
    }

    /// The type of a value.
    pub(crate) fn ty(&self) -> Type {
        self.number.by(self.lanes).unwrap_or(self.number)
    }

    pub(crate) fn constant(&mut self, number: f64) -> Value {
        let one = if self.number == types::F32 {
            self.builder.ins().f32const(Ieee32::with_float(number as f32))
        } else {
            self.builder.ins().f64const(Ieee64::with_float(number))
        };
        let ty = self.ty();
        if self.lanes == 1 { one } else { self.builder.ins().splat(ty, one) }
    }

    fn compare(&mut self, condition: FloatCC, x: Value, y: Value) -> Value {
        self.builder.ins().fcmp(condition, x, y)
    }

    /// `condition ? x : y`
    fn choose(&mut self, condition: Value, x: Value, y: Value) -> Value {
        if self.lanes == 1 {
            return self.builder.ins().select(condition, x, y);
        }
        let ty = self.ty();
        let mask = self.builder.ins().bitcast(ty, little_endian(), condition);
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
        let (number, lanes) = (self.number, self.lanes);
        let vector = number.by(16 / number.bytes()).expect("a vector of 128 bits");
        let little = little_endian();
        let wide = match lanes {
            1 => self.builder.ins().scalar_to_vector(vector, x),
            _ => x,
        };
        let zero = self.builder.func.dfg.constants.insert([0; 16].as_slice().into());
        let zero = self.builder.ins().vconst(vector, zero);
        let mask = self.builder.ins().fcmp(FloatCC::NotEqual, wide, zero);
        let mut mask = self.builder.ins().bitcast(vector, little, mask);
        if lanes == 1 {
            mask = self.builder.ins().extractlane(mask, 0);
        }
        self.masks.insert(x, mask);
        mask
    }

    /// `x y`, and x where it is zero: there the other factor is made +0, and the product is x. No
    /// jump, and one comparison for all products of an adjoint.
    fn mul_no_nan(&mut self, x: Value, y: Value) -> Value {
        let mask = self.mask(x);
        let factor = self.builder.ins().band(y, mask);
        self.builder.ins().fmul(x, factor)
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
                let product = self.builder.ins().fmul(a, b);
                self.builder.ins().fadd(c, product)
            }
            Act::AddProduct { skipped: false, .. } => {
                let product = self.mul_no_nan(a, b);
                self.builder.ins().fadd(c, product)
            }
            Act::AddProduct { .. } => {
                let product = self.builder.ins().fmul(a, b);
                let (sum, counts) = (self.builder.ins().fadd(c, product), self.is_not_zero(a));
                self.choose(counts, sum, c)
            }
            Act::AddFused { guarded } => {
                let sum = self.builder.ins().fma(a, b, c);
                if !guarded {
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
            Binary::Mul => self.builder.ins().fmul(x, y),
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
        match act {
            Act::Unary(op) => self.call(self.functions.unary::<S>(op), &[a]),
            // y (1 - y) where that loses nothing, in most places.
            Act::Binary(Binary::SigmoidSlope) => {
                let bound = self.constant(0.75);
                let near = self.compare(FloatCC::LessThanOrEqual, b, bound);
                let one = self.constant(1.0);
                let rest = self.builder.ins().fsub(one, b);
                let product = self.builder.ins().fmul(b, rest);
                let function = self.functions.binary::<S>(Binary::SigmoidSlope);
                self.unless(near, product, function, &[a, b])
            }
            Act::Binary(op) => self.call(self.functions.binary::<S>(op), &[a, b]),
            _ => unreachable!("{act:?} is a few instructions"),
        }
    }

    /// A value where it is known, else a call.
    fn unless(&mut self, known: Value, value: Value, function: usize, args: &[Value]) -> Value {
        let (away, on) = (self.builder.create_block(), self.builder.create_block());
        let result = self.builder.append_block_param(on, self.number);
        self.builder.set_cold_block(away);
        self.builder.ins().brif(known, on, &[BlockArg::Value(value)], away, &[]);
        self.builder.switch_to_block(away);
        let called = self.call(function, args);
        self.builder.ins().jump(on, &[BlockArg::Value(called)]);
        self.builder.switch_to_block(on);
        result
    }

    /// A call of a function of one number, or of two.
    pub(crate) fn call(&mut self, function: usize, args: &[Value]) -> Value {
        let (number, convention) = (self.number, self.convention);
        let builder = &mut self.builder;
        let signature = *self.signatures[args.len() - 1].get_or_insert_with(|| {
            let mut signature = Signature::new(convention);
            signature.params = vec![AbiParam::new(number); args.len()];
            signature.returns = vec![AbiParam::new(number)];
            builder.import_signature(signature)
        });
        let address = builder.ins().iconst(types::I64, function as i64);
        let call = builder.ins().call_indirect(signature, address, args);
        builder.inst_results(call)[0]
    }

    /// Loads from a place.
    pub(crate) fn load(&mut self, place: u32) -> Value {
        let (ty, offset) = (self.ty(), self.offset(place));
        self.builder.ins().load(ty, flags(), self.memory, offset)
    }

    pub(crate) fn store(&mut self, place: u32, value: Value) {
        let offset = self.offset(place);
        self.builder.ins().store(flags(), value, self.memory, offset);
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
