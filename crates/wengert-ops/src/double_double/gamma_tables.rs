//! Numbers that the gamma function is made of. Written by `special/make.py tables` in the tests of
//! `wengert`.

use super::DoubleDouble;

/// ln √(2π).
pub(super) const LN_ROOT_TAU: DoubleDouble =
    DoubleDouble { hi: 0.9189385332046728, lo: -3.8782941580672414e-17 };
/// ln π.
pub(super) const LN_PI: DoubleDouble =
    DoubleDouble { hi: 1.1447298858494002, lo: 1.0265951162707826e-17 };

/// The Taylor series of ln Γ at 2, from the first power on: 1 − γ, and (−1)ᵏ (ζ(k) − 1)/k.
pub(super) const AT_2: [DoubleDouble; 57] = [
    DoubleDouble { hi: 0.42278433509846713, lo: 4.942915152430645e-18 },
    DoubleDouble { hi: 0.3224670334241132, lo: 1.520336175199238e-17 },
    DoubleDouble { hi: -0.0673523010531981, lo: 6.87667631175899e-18 },
    DoubleDouble { hi: 0.020580808427784546, lo: 1.4629392512775695e-18 },
    DoubleDouble { hi: -0.007385551028673986, lo: 4.1051370891788617e-19 },
    DoubleDouble { hi: 0.0028905103307415234, lo: -7.357950161901912e-20 },
    DoubleDouble { hi: -0.001192753911703261, lo: 4.1747852352514e-20 },
    DoubleDouble { hi: 0.0005096695247430425, lo: -2.780354175057013e-20 },
    DoubleDouble { hi: -0.00022315475845357939, lo: 6.032078299350848e-21 },
    DoubleDouble { hi: 9.945751278180853e-05, lo: 2.734261130690314e-21 },
    DoubleDouble { hi: -4.492623673813314e-05, lo: 3.4577848248512954e-22 },
    DoubleDouble { hi: 2.050721277567069e-05, lo: 4.864174577619616e-22 },
    DoubleDouble { hi: -9.439488275268397e-06, lo: 8.111985879973243e-22 },
    DoubleDouble { hi: 4.374866789907488e-06, lo: -3.7021851137962053e-22 },
    DoubleDouble { hi: -2.039215753801366e-06, lo: -4.70891370095011e-23 },
    DoubleDouble { hi: 9.55141213040742e-07, lo: 4.798512617588967e-23 },
    DoubleDouble { hi: -4.492469198764566e-07, lo: 1.4219340578032317e-23 },
    DoubleDouble { hi: 2.1207184805554665e-07, lo: 1.2243193613787666e-23 },
    DoubleDouble { hi: -1.0043224823968099e-07, lo: -5.246728062732248e-24 },
    DoubleDouble { hi: 4.7698101693639804e-08, lo: 1.6747349659198183e-24 },
    DoubleDouble { hi: -2.2711094608943164e-08, lo: -1.406065812811299e-24 },
    DoubleDouble { hi: 1.0838659214896955e-08, lo: -5.018242148804151e-25 },
    DoubleDouble { hi: -5.183475041970047e-09, lo: -1.0891302535635231e-26 },
    DoubleDouble { hi: 2.4836745438024785e-09, lo: -1.5805048837932932e-25 },
    DoubleDouble { hi: -1.1921401405860912e-09, lo: -5.269861418993634e-26 },
    DoubleDouble { hi: 5.731367241678862e-10, lo: -2.3810866578223724e-26 },
    DoubleDouble { hi: -2.7595228851242334e-10, lo: 2.107257883073299e-26 },
    DoubleDouble { hi: 1.330476437424449e-10, lo: 6.614614775208236e-27 },
    DoubleDouble { hi: -6.4229645638381e-11, lo: -4.232176684861536e-27 },
    DoubleDouble { hi: 3.1044247747322276e-11, lo: -2.8715350933450543e-27 },
    DoubleDouble { hi: -1.5021384080754142e-11, lo: -5.063470614908766e-28 },
    DoubleDouble { hi: 7.275974480239079e-12, lo: 4.879514445370743e-28 },
    DoubleDouble { hi: -3.527742476575915e-12, lo: -1.8425514965961343e-29 },
    DoubleDouble { hi: 1.711991790559618e-12, lo: -6.994387860952799e-29 },
    DoubleDouble { hi: -8.315385841420285e-13, lo: 1.5951572809733943e-29 },
    DoubleDouble { hi: 4.04220052528944e-13, lo: -1.2672480151835454e-29 },
    DoubleDouble { hi: -1.9664756310966165e-13, lo: 4.0719036606056276e-30 },
    DoubleDouble { hi: 9.573630387838556e-14, lo: 1.9773509309959252e-30 },
    DoubleDouble { hi: -4.6640760264283744e-14, lo: 2.186282283713084e-30 },
    DoubleDouble { hi: 2.2737369600659724e-14, lo: -9.672147869269828e-31 },
    DoubleDouble { hi: -1.1091399470834522e-14, lo: 1.5933072002908932e-31 },
    DoubleDouble { hi: 5.413659156725363e-15, lo: -1.5927035621801034e-31 },
    DoubleDouble { hi: -2.643880017860995e-15, lo: -1.4241594083885883e-31 },
    DoubleDouble { hi: 1.2918959062789966e-15, lo: 7.958358891271392e-32 },
    DoubleDouble { hi: -6.315935504198448e-16, lo: -4.148627969335702e-32 },
    DoubleDouble { hi: 3.089316266963393e-16, lo: -2.3015827891156758e-32 },
    DoubleDouble { hi: -1.5117930628108198e-16, lo: 9.801548779944268e-33 },
    DoubleDouble { hi: 7.40148685695232e-17, lo: 2.7887551301987538e-33 },
    DoubleDouble { hi: -3.625218048120654e-17, lo: 8.9292739029864e-34 },
    DoubleDouble { hi: 1.7763568421861633e-17, lo: -1.4422619123578226e-33 },
    DoubleDouble { hi: -8.70763157479179e-18, lo: -3.644715586331977e-34 },
    DoubleDouble { hi: 4.270088559227004e-18, lo: 3.0259314536119503e-35 },
    DoubleDouble { hi: -2.0947604247944643e-18, lo: -1.0921968389106116e-34 },
    DoubleDouble { hi: 1.0279842823787928e-18, lo: 2.6221378142312554e-35 },
    DoubleDouble { hi: -5.046468294792953e-19, lo: 2.8769870355097727e-35 },
    DoubleDouble { hi: 2.4781763945937917e-19, lo: -1.285787675046427e-35 },
    DoubleDouble { hi: -1.2173498078147637e-19, lo: -1.0008451277890342e-35 },
];

/// The Bernoulli numbers B₂, B₄, ...
pub(super) const BERNOULLI: [DoubleDouble; 17] = [
    DoubleDouble { hi: 0.16666666666666666, lo: 9.25185853854297e-18 },
    DoubleDouble { hi: -0.03333333333333333, lo: -4.625929269271486e-19 },
    DoubleDouble { hi: 0.023809523809523808, lo: 1.32169407693471e-18 },
    DoubleDouble { hi: -0.03333333333333333, lo: -4.625929269271486e-19 },
    DoubleDouble { hi: 0.07575757575757576, lo: -2.10269512239613e-18 },
    DoubleDouble { hi: -0.2531135531135531, lo: -1.1061562736192037e-17 },
    DoubleDouble { hi: 1.1666666666666667, lo: -7.401486830834377e-17 },
    DoubleDouble { hi: -7.092156862745098, lo: -3.274069468698501e-16 },
    DoubleDouble { hi: 54.971177944862156, lo: -1.9588897477095493e-16 },
    DoubleDouble { hi: -529.1242424242424, lo: 6.890111377067638e-16 },
    DoubleDouble { hi: 6192.123188405797, lo: 9.226757844073186e-14 },
    DoubleDouble { hi: -86580.25311355312, lo: 3.5926706461242705e-12 },
    DoubleDouble { hi: 1425517.1666666667, lo: -7.761021455128987e-11 },
    DoubleDouble { hi: -27298231.067816094, lo: 1.610010519795034e-09 },
    DoubleDouble { hi: 601580873.9006424, lo: -2.6635227381825164e-08 },
    DoubleDouble { hi: -15116315767.092157, lo: 5.011465035232843e-07 },
    DoubleDouble { hi: 429614643061.1667, lo: -2.0345052083333332e-05 },
];

/// The positive zero of the digamma function, in three parts.
pub(super) const ZERO: [f64; 3] = [1.4616321449683622, 9.549995429965697e-17, 2.89392992820415e-33];

/// The Taylor series of the digamma function there, from the first power on.
pub(super) const AT_ZERO: [DoubleDouble; 17] = [
    DoubleDouble { hi: 0.9676722454476212, lo: -3.387874303038943e-17 },
    DoubleDouble { hi: -0.4427631689835921, lo: -2.4685968258808798e-17 },
    DoubleDouble { hi: 0.258499760955651, lo: -1.50046082237735e-17 },
    DoubleDouble { hi: -0.16394270544240652, lo: -5.2948981225636345e-18 },
    DoubleDouble { hi: 0.10782405069126237, lo: -5.647016933496416e-18 },
    DoubleDouble { hi: -0.07219956125645471, lo: 3.0827459843108324e-18 },
    DoubleDouble { hi: 0.04880428816414311, lo: -2.82635913171961e-18 },
    DoubleDouble { hi: -0.03316112647484736, lo: 2.6301239066061398e-18 },
    DoubleDouble { hi: 0.022597648232218104, lo: 8.453631579784668e-19 },
    DoubleDouble { hi: -0.01542476590494896, lo: 3.829693633952811e-19 },
    DoubleDouble { hi: 0.010538791616612175, lo: 3.958838580981545e-19 },
    DoubleDouble { hi: -0.007204534386356869, lo: 4.1723725613433093e-19 },
    DoubleDouble { hi: 0.004926781395729853, lo: 1.773599192985584e-19 },
    DoubleDouble { hi: -0.003369801655439328, lo: 1.2291719110197274e-19 },
    DoubleDouble { hi: 0.002305126326734928, lo: -1.285676920285588e-19 },
    DoubleDouble { hi: -0.0015769367714301972, lo: -5.747220641492262e-20 },
    DoubleDouble { hi: 0.0010788252019162967, lo: -8.904606463074194e-20 },
];
