//! Gradients are compared before anything is timed.

/// Checks that two gradients are the same but for rounding.
///
/// # Panics
///
/// With the first entries that differ by more than `tolerance` of the larger of the entry and a
/// thousandth of the largest entry: an entry that is a small difference of large terms is known no
/// better than those.
#[track_caller]
pub(crate) fn same_gradient(what: &str, ours: &[f64], hand: &[f64], tolerance: f64) {
    assert_eq!(ours.len(), hand.len(), "{what}: the gradients have different lengths");
    let largest = hand.iter().fold(0.0_f64, |largest, entry| largest.max(entry.abs()));
    assert!(
        largest.is_finite() && largest > 0.0,
        "{what}: the hand-written gradient is {largest} at its largest"
    );
    for (i, (&ours, &hand)) in ours.iter().zip(hand).enumerate() {
        let bound = tolerance * hand.abs().max(1e-3 * largest);
        assert!(
            (ours - hand).abs() <= bound,
            "{what}: entry {i} of the gradient is {ours}, by hand {hand}"
        );
    }
}

/// As [`same_gradient`], of single precision.
#[track_caller]
pub(crate) fn same_gradient_f32(what: &str, ours: &[f32], hand: &[f32], tolerance: f64) {
    let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<_>>();
    same_gradient(what, &wide(ours), &wide(hand), tolerance);
}

#[cfg(test)]
mod tests {
    use super::same_gradient;

    #[test]
    fn rounding_passes() {
        same_gradient("x", &[1.0 + 1e-14, -1e-9], &[1.0, -1e-9 + 1e-17], 1e-12);
    }

    #[test]
    #[should_panic(expected = "entry 1 of the gradient is 2, by hand 2.00001")]
    fn a_wrong_entry_does_not() {
        same_gradient("x", &[1.0, 2.0], &[1.0, 2.000_01], 1e-12);
    }

    #[test]
    #[should_panic(expected = "entry 0")]
    fn nan_does_not() {
        same_gradient("x", &[f64::NAN], &[1.0], 1e-12);
    }

    #[test]
    #[should_panic(expected = "at its largest")]
    fn nothing_at_all_does_not() {
        same_gradient("x", &[0.0], &[0.0], 1e-12);
    }
}
