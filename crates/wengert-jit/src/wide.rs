//! Instructions on registers of 128 bits, and the table of numbers that they read.

use cranelift_codegen::ir::condcodes::FloatCC;
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Type, Value, types};
use cranelift_frontend::FunctionBuilder;

/// Numbers that instructions read, each in every lane of a register.
///
/// A formula has more of them than there are registers, so they are read where they are needed. The
/// first entry is the address of the table itself.
#[derive(Debug)]
pub(crate) struct Table {
    entries: Box<[u128]>,
    used: usize,
}

impl Table {
    /// More different numbers than the formulas of a type have.
    const SIZE: usize = 192;

    pub(crate) fn new() -> Self {
        let mut entries = vec![0; Self::SIZE].into_boxed_slice();
        entries[0] = entries.as_ptr() as u128;
        Table { entries, used: 1 }
    }

    /// Where it is, and where its address is.
    pub(crate) fn address(&self) -> i64 {
        self.entries.as_ptr() as i64
    }

    /// How many bytes from its beginning a register is.
    fn offset(&mut self, bits: u128) -> i32 {
        let known = self.entries[1..self.used].iter().position(|&entry| entry == bits);
        let at = known.map_or(self.used, |at| at + 1);
        if known.is_none() {
            self.entries[at] = bits;
            self.used += 1;
        }
        16 * at as i32
    }
}

/// Instructions on registers of one type.
pub(crate) struct Wide<'w, 'f> {
    pub(crate) builder: &'w mut FunctionBuilder<'f>,
    pub(crate) table: &'w mut Table,
    /// The table's address.
    pub(crate) base: Value,
    /// `f64` or `f32`.
    pub(crate) number: Type,
}

impl Wide<'_, '_> {
    /// The type of a register of numbers.
    pub(crate) fn ty(&self) -> Type {
        if self.number == types::F32 { types::F32X4 } else { types::F64X2 }
    }

    fn integers(&self) -> Type {
        if self.number == types::F32 { types::I32X4 } else { types::I64X2 }
    }

    /// Bits of a significand without the first.
    pub(crate) fn mantissa(&self) -> u32 {
        if self.number == types::F32 { 23 } else { 52 }
    }

    /// The exponent of 1.
    pub(crate) fn bias(&self) -> u32 {
        if self.number == types::F32 { 127 } else { 1023 }
    }

    /// A number in every lane.
    pub(crate) fn c(&mut self, number: f64) -> Value {
        let narrow = (number as f32).to_bits();
        self.bits(if self.number == types::F32 { u64::from(narrow) } else { number.to_bits() })
    }

    /// The number of these bits in every lane.
    pub(crate) fn bits(&mut self, bits: u64) -> Value {
        let all = if self.number == types::F32 {
            u128::from(bits as u32) * 0x0000_0001_0000_0001_0000_0001_0000_0001
        } else {
            u128::from(bits) << 64 | u128::from(bits)
        };
        let (ty, offset) = (self.ty(), self.table.offset(all));
        // Written before the code runs, and never again.
        let flags =
            MemFlagsData::new().with_notrap().with_aligned().with_readonly().with_can_move();
        self.builder.ins().load(ty, flags, self.base, offset)
    }

    /// A shift of so many bits of the number 1: what is added to a number's bits multiplies it by
    /// a power of two.
    pub(crate) fn exponent(&mut self, by: u32) -> Value {
        self.bits(u64::from(by) << self.mantissa())
    }

    pub(crate) fn add(&mut self, x: Value, y: Value) -> Value {
        self.builder.ins().fadd(x, y)
    }

    pub(crate) fn sub(&mut self, x: Value, y: Value) -> Value {
        self.builder.ins().fsub(x, y)
    }

    pub(crate) fn mul(&mut self, x: Value, y: Value) -> Value {
        self.builder.ins().fmul(x, y)
    }

    pub(crate) fn div(&mut self, x: Value, y: Value) -> Value {
        self.builder.ins().fdiv(x, y)
    }

    /// `x y + z`
    pub(crate) fn fma(&mut self, x: Value, y: Value, z: Value) -> Value {
        self.builder.ins().fma(x, y, z)
    }

    /// `z − x y`
    pub(crate) fn less(&mut self, x: Value, y: Value, z: Value) -> Value {
        let minus = self.builder.ins().fneg(x);
        self.builder.ins().fma(minus, y, z)
    }

    pub(crate) fn and(&mut self, x: Value, y: Value) -> Value {
        self.builder.ins().band(x, y)
    }

    pub(crate) fn or(&mut self, x: Value, y: Value) -> Value {
        self.builder.ins().bor(x, y)
    }

    fn cast(&mut self, ty: Type, x: Value) -> Value {
        let little = MemFlagsData::new().with_endianness(Endianness::Little);
        self.builder.ins().bitcast(ty, little, x)
    }

    /// An operation on bits as integers.
    fn on_bits(&mut self, x: Value, then: impl FnOnce(&mut Self, Value) -> Value) -> Value {
        let (ty, integers) = (self.ty(), self.integers());
        let x = self.cast(integers, x);
        let out = then(self, x);
        self.cast(ty, out)
    }

    pub(crate) fn shift_left(&mut self, x: Value, by: u32) -> Value {
        self.on_bits(x, |this, x| this.builder.ins().ishl_imm_u(x, i64::from(by)))
    }

    /// The difference of two numbers' bits.
    pub(crate) fn sub_bits(&mut self, x: Value, y: Value) -> Value {
        let integers = self.integers();
        let y = self.cast(integers, y);
        self.on_bits(x, |this, x| this.builder.ins().isub(x, y))
    }

    /// All bits set where the comparison holds.
    pub(crate) fn compare(&mut self, condition: FloatCC, x: Value, y: Value) -> Value {
        let ty = self.ty();
        let holds = self.builder.ins().fcmp(condition, x, y);
        self.cast(ty, holds)
    }

    pub(crate) fn choose(&mut self, mask: Value, x: Value, y: Value) -> Value {
        self.builder.ins().bitselect(mask, x, y)
    }

    /// `x > limit ? limit : x`
    pub(crate) fn at_most(&mut self, x: Value, limit: f64) -> Value {
        let limit = self.c(limit);
        let beyond = self.compare(FloatCC::LessThan, limit, x);
        self.choose(beyond, limit, x)
    }

    /// `x < limit ? limit : x`
    pub(crate) fn at_least(&mut self, x: Value, limit: f64) -> Value {
        let limit = self.c(limit);
        let beyond = self.compare(FloatCC::LessThan, x, limit);
        self.choose(beyond, limit, x)
    }

    fn sign(&mut self) -> Value {
        self.c(-0.0)
    }

    /// `−|x|`
    pub(crate) fn negative_magnitude(&mut self, x: Value) -> Value {
        let sign = self.sign();
        self.or(x, sign)
    }

    /// A number that is not negative, with the sign of another.
    pub(crate) fn with_sign_of(&mut self, x: Value, sign: Value) -> Value {
        let bit = self.sign();
        let sign = self.and(sign, bit);
        self.or(x, sign)
    }
}
