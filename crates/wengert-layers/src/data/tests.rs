use super::*;

const ROWS: [([f64; 2], usize); 3] = [([1.0, 2.0], 0), ([3.0, 4.0], 2), ([5.0, 6.0], 1)];

#[track_caller]
fn refused(rows: &[(&[f64], usize)], message: &str) -> DataError {
    let error = Dataset::new(rows.iter().copied(), 2).unwrap_err();
    assert_eq!(error.to_string(), message);
    error
}

#[test]
fn rows_come_out_as_they_went_in() {
    let data = Dataset::new(ROWS, 3).unwrap();
    assert_eq!((data.width(), data.classes(), data.rows().len()), (2, 3, 3));
    assert!(data.rows().eq(ROWS.iter().map(|(features, label)| (&features[..], *label))));
    assert!(data.rows().eq((0..3).map(|i| data.row(i))));
    assert_eq!(data.features(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(data.labels(), [0, 2, 1]);
}

#[test]
fn one_hot_is_one_at_the_class() {
    let data = Dataset::new(ROWS, 3).unwrap();
    assert_eq!(
        [0, 1, 2].map(|class| data.one_hot(class)),
        [[1., 0., 0.], [0., 1., 0.], [0., 0., 1.]]
    );
}

#[test]
fn a_label_may_be_the_last_number() {
    let rows = ROWS.map(|([a, b], label)| [a, b, label as f64]);
    assert_eq!(Dataset::from_labelled_rows(rows, 3), Dataset::new(ROWS, 3));
}

#[test]
fn nothing_to_learn_from() {
    assert_eq!(refused(&[], "the data set has no rows"), DataError::NoRows);
    assert_eq!(refused(&[(&[], 0)], "row 0 has no features"), DataError::NoFeatures);
    let label_alone = Dataset::from_labelled_rows([[0.0]], 2);
    assert_eq!(label_alone, Err(DataError::NoFeatures));
    let not_even_that = Dataset::from_labelled_rows([[0.0; 0]], 2);
    assert_eq!(not_even_that, Err(DataError::NoFeatures));
}

#[test]
fn a_row_of_another_width() {
    let error = refused(
        &[(&[1.0, 2.0], 0), (&[1.0, 2.0], 1), (&[1.0], 0)],
        "row 2 has width 1, expected 2 as in row 0 (labels not counted)",
    );
    assert_eq!(error, DataError::Width { row: 2, expected: 2, found: 1 });
}

#[test]
fn a_number_that_is_not_finite() {
    for (value, name) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
        let error = refused(
            &[(&[1.0, 2.0], 0), (&[3.0, value], 1)],
            &format!("row 1, column 1: {name} is not a finite number"),
        );
        assert!(
            matches!(error, DataError::NotFinite { row: 1, column: 1, value: v } if v.to_bits() == value.to_bits())
        );
    }
}

#[test]
fn a_label_that_is_no_class() {
    let error = refused(
        &[(&[1.0], 1), (&[1.0], 2)],
        "row 1 has label 2, expected one of the 2 classes counted from 0",
    );
    assert_eq!(error, DataError::Label { row: 1, label: 2, classes: 2 });
}

#[test]
fn a_last_number_that_is_no_label() {
    for last in [-1.0, 0.5, 1e300, f64::NAN, f64::INFINITY] {
        let error = Dataset::from_labelled_rows([[1.0, 0.0], [1.0, last]], 2).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("row 1 ends in {last:?}, expected a label: a whole number from 0")
        );
    }
}
