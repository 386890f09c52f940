//! Numbers that the functions are made of. Written by `double_double/make.py constants` in the
//! tests of `wengert`.

#![allow(clippy::approx_constant, reason = "each is the nearest number and what it leaves")]

use super::DoubleDouble;

/// π.
pub(super) const PI: DoubleDouble =
    DoubleDouble { hi: 3.141592653589793, lo: 1.2246467991473532e-16 };
/// π/2.
pub(super) const FRAC_PI_2: DoubleDouble =
    DoubleDouble { hi: 1.5707963267948966, lo: 6.123233995736766e-17 };
/// ln 2.
pub(super) const LN_2: DoubleDouble =
    DoubleDouble { hi: 0.6931471805599453, lo: 2.3190468138462996e-17 };
/// ln 10.
pub(super) const LN_10: DoubleDouble =
    DoubleDouble { hi: 2.302585092994046, lo: -2.1707562233822494e-16 };
/// 1/ln 2.
pub(super) const LOG2_E: DoubleDouble =
    DoubleDouble { hi: 1.4426950408889634, lo: 2.0355273740931033e-17 };
/// 1/ln 10.
pub(super) const LOG10_E: DoubleDouble =
    DoubleDouble { hi: 0.4342944819032518, lo: 1.098319650216765e-17 };
/// 2/√π.
pub(super) const FRAC_2_SQRT_PI: DoubleDouble =
    DoubleDouble { hi: 1.1283791670955126, lo: 1.533545961316588e-17 };
/// ln 2 in three parts, of which the first two have at most 42 bits.
pub(super) const LN_2_PARTS: [f64; 3] =
    [0.6931471805592082, 7.371002565166132e-13, 1.667085920830552e-25];
/// 1/n! for n from 0.
pub(super) const INVERSE_FACTORIALS: [DoubleDouble; 29] = [
    DoubleDouble { hi: 1.0, lo: 0.0 },
    DoubleDouble { hi: 1.0, lo: 0.0 },
    DoubleDouble { hi: 0.5, lo: 0.0 },
    DoubleDouble { hi: 0.16666666666666666, lo: 9.25185853854297e-18 },
    DoubleDouble { hi: 0.041666666666666664, lo: 2.3129646346357427e-18 },
    DoubleDouble { hi: 0.008333333333333333, lo: 1.1564823173178714e-19 },
    DoubleDouble { hi: 0.001388888888888889, lo: -5.300543954373577e-20 },
    DoubleDouble { hi: 0.0001984126984126984, lo: 1.7209558293420705e-22 },
    DoubleDouble { hi: 2.48015873015873e-05, lo: 2.1511947866775882e-23 },
    DoubleDouble { hi: 2.7557319223985893e-06, lo: -1.858393274046472e-22 },
    DoubleDouble { hi: 2.755731922398589e-07, lo: 2.3767714622250297e-23 },
    DoubleDouble { hi: 2.505210838544172e-08, lo: -1.448814070935912e-24 },
    DoubleDouble { hi: 2.08767569878681e-09, lo: -1.20734505911326e-25 },
    DoubleDouble { hi: 1.6059043836821613e-10, lo: 1.2585294588752098e-26 },
    DoubleDouble { hi: 1.1470745597729725e-11, lo: 2.0655512752830745e-28 },
    DoubleDouble { hi: 7.647163731819816e-13, lo: 7.03872877733453e-30 },
    DoubleDouble { hi: 4.779477332387385e-14, lo: 4.399205485834081e-31 },
    DoubleDouble { hi: 2.8114572543455206e-15, lo: 1.6508842730861433e-31 },
    DoubleDouble { hi: 1.5619206968586225e-16, lo: 1.1910679660273754e-32 },
    DoubleDouble { hi: 8.22063524662433e-18, lo: 2.2141894119604265e-34 },
    DoubleDouble { hi: 4.110317623312165e-19, lo: 1.4412973378659527e-36 },
    DoubleDouble { hi: 1.9572941063391263e-20, lo: -1.3643503830087908e-36 },
    DoubleDouble { hi: 8.896791392450574e-22, lo: -7.911402614872376e-38 },
    DoubleDouble { hi: 3.868170170630684e-23, lo: -8.843177655482344e-40 },
    DoubleDouble { hi: 1.6117375710961184e-24, lo: -3.6846573564509766e-41 },
    DoubleDouble { hi: 6.446950284384474e-26, lo: -1.9330404233703465e-42 },
    DoubleDouble { hi: 2.4795962632247976e-27, lo: -1.2953730964765229e-43 },
    DoubleDouble { hi: 9.183689863795546e-29, lo: 1.4303150396787322e-45 },
    DoubleDouble { hi: 3.279889237069838e-30, lo: 1.5117542744029879e-46 },
];
/// The binary digits of 2/π after the point, 64 in a word.
pub(super) const TWO_OVER_PI: [u64; 22] = [
    0xa2f9836e4e441529,
    0xfc2757d1f534ddc0,
    0xdb6295993c439041,
    0xfe5163abdebbc561,
    0xb7246e3a424dd2e0,
    0x06492eea09d1921c,
    0xfe1deb1cb129a73e,
    0xe88235f52ebb4484,
    0xe99c7026b45f7e41,
    0x3991d639835339f4,
    0x9c845f8bbdf9283b,
    0x1ff897ffde05980f,
    0xef2f118b5a0a6d1f,
    0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b,
    0x3d0739f78a5292ea,
    0x6bfb5fb11f8d5d08,
    0x56033046fc7b6bab,
    0xf0cfbc209af4361d,
    0xa9e391615ee61b08,
    0x6599855f14a06840,
];
