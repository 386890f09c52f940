//! Coordinates, compressed rows, compressed columns.

use proptest::prelude::*;
use wengert_sparse::{Coo, Csr};

proptest! {
    #[test]
    fn every_form_is_the_same_matrix(
        entries in prop::collection::vec((0..5_usize, 0..7_usize, -9..9_i32), 0..40),
    ) {
        let mut dense = vec![vec![0.0; 7]; 5];
        let mut coo = Coo { rows: 5, columns: 7, row: vec![], column: vec![], values: vec![] };
        for &(i, j, value) in &entries {
            let value = f64::from(value);
            dense[i][j] += value;
            coo.row.push(i);
            coo.column.push(j);
            coo.values.push(value);
        }
        let csr: Csr = coo.to_csr();
        prop_assert_eq!(&csr.to_dense(), &dense);
        prop_assert_eq!(&csr.to_coo().to_csr(), &csr);
        let csc = csr.to_csc();
        prop_assert_eq!(&csc.to_dense(), &dense);
        prop_assert_eq!(&csc.to_csr(), &csr);
        prop_assert_eq!(&csc.to_coo().to_csr(), &csr);
        for j in 0..7 {
            let column = &csc.indices[csc.offsets[j]..csc.offsets[j + 1]];
            prop_assert!(column.is_sorted());
        }
        for (i, row) in dense.iter().enumerate() {
            for (j, &entry) in row.iter().enumerate() {
                prop_assert_eq!(csr.get(i, j), entry);
                prop_assert_eq!(csc.transposed().get(j, i), entry);
            }
        }
        prop_assert_eq!(csr.pattern().len(), csr.values.len());
    }
}
