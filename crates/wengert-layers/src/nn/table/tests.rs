use super::*;

#[track_caller]
fn refused(csv: Csv, text: &str, message: &str) {
    assert_eq!(csv.parse("t.csv", text).unwrap_err().to_string(), message);
}

#[test]
fn files_of_any_make_are_read() {
    let plain = Csv::new().parse("t.csv", "1,2,b\n3,4,a\n").unwrap();
    assert_eq!((plain.features(), plain.labels()), (&[1.0, 2.0, 3.0, 4.0][..], Some(&[1, 0][..])));
    assert_eq!(
        (plain.class_names(), plain.feature_names()),
        (&["a".into(), "b".into()][..], &["column 1".into(), "column 2".into()][..])
    );

    // A byte order mark, CRLF, a header, semicolons, quotes, the label first, labels from 1.
    let text = "\u{feff}\"class;no\";x; y\r\n2;1.5;\"-2e1\"\r\n10;2.5;3\r\n1;0;0\r\n";
    let table = Csv::new().label("class;no").parse("t.csv", text).unwrap();
    assert_eq!(table.features(), [1.5, -20.0, 2.5, 3.0, 0.0, 0.0]);
    assert_eq!(
        (table.class_names(), table.labels()),
        (&["1".into(), "2".into(), "10".into()][..], Some(&[1, 2, 0][..]))
    );
    assert_eq!(table.feature_names(), ["x", "y"]);

    let tabs = Csv::new().label(0).ignore([1]).parse("t.csv", "u\tzz\t1\nv\tzz\t2").unwrap();
    assert_eq!((tabs.features(), tabs.labels()), (&[1.0, 2.0][..], Some(&[0, 1][..])));

    let text = "a,b,c\n1,2,3\n4,5,6\n";
    let numbers = Csv::new().targets(["a", "c"]).parse("t.csv", text).unwrap();
    assert_eq!(
        (numbers.features(), numbers.numbers()),
        (&[2.0, 5.0][..], Some(&[1.0, 3.0, 4.0, 6.0][..]))
    );
    assert_eq!(numbers.target_names(), ["a", "c"]);

    // All numbers, and a header all the same.
    let years = Csv::new().header(Header::Yes).parse("t.csv", "2001,2002\n1,0\n").unwrap();
    assert_eq!(years.feature_names(), ["2001"]);
    let order = Csv::new().classes(["z", "a"]).parse("t.csv", "1,a\n2,z\n").unwrap();
    assert_eq!(order.labels(), Some(&[1, 0][..]));
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let csv = Csv::new;
    refused(csv(), "", "t.csv: there are no rows of data");
    refused(csv(), "a,b\n", "t.csv: there are no rows of data");
    refused(csv(), "1\n2\n", "t.csv: no column is left for the features");
    refused(csv(), "x,y,c\n1,2,a\n3,b\n", "t.csv, line 3: 2 cells, expected 3 as in line 1");
    refused(
        csv(),
        "x,y,c\n1,2,a\n\"3\n\",4x,b\n",
        "t.csv, line 3, column 2 (y): \"4x\" is not a finite number",
    );
    // Lines are counted as an editor counts them, whatever ends them, empty ones too.
    for end in ["\n", "\r\n", "\r"] {
        let text = ["x,c", "", "1,a", "\"2\",b", "", "", "z,a", "3,b"].join(end);
        refused(csv(), &text, "t.csv, line 7, column 1 (x): \"z\" is not a finite number");
    }
    refused(csv(), "1,inf,a\n", "t.csv, line 1, column 2: \"inf\" is not a finite number");
    refused(csv(), "1,,a\n", "t.csv, line 1, column 2: the cell is missing (\"\")");
    refused(csv(), "1,2,a\n1,NA,b\n", "t.csv, line 2, column 2: the cell is missing (\"NA\")");
    refused(csv(), "1,2,a\n1,2,\n", "t.csv, line 2, column 3: the cell is missing (\"\")");
    refused(csv().label("z"), "x,y\n1,2\n", "t.csv: there is no column \"z\"; there are x, y");
    refused(
        csv().label(7),
        "1,2\n",
        "t.csv: there is no column 7; there are 2 of them, without a header",
    );
    refused(
        csv().classes(["a", "b"]),
        "1,a\n2,c\n",
        "t.csv, line 2, column 2: \"c\" is none of the classes (a, b)",
    );
    let error = csv().read("no/such.csv").unwrap_err().to_string();
    assert!(error.starts_with("no/such.csv: "), "{error}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("latin.csv");
    std::fs::write(&path, b"1,a\n2,\xe4\n").unwrap();
    let error = csv().read(&path).unwrap_err().to_string();
    assert!(error.ends_with("latin.csv, line 2: the text is not UTF-8"), "{error}");
    std::fs::write(&path, "1,a\n").unwrap();
    assert_eq!(csv().read(&path).unwrap().len(), 1);
}

#[test]
fn missing_cells_are_filled_as_asked() {
    let text = "1,10,a\n?,20,b\n3,,a\n";
    let read = |missing| Csv::new().missing(missing).parse("t.csv", text).unwrap();
    assert_eq!(read(Missing::DropRow).features(), [1.0, 10.0]);
    assert_eq!(read(Missing::Value(-1.0)).features(), [1.0, 10.0, -1.0, 20.0, 3.0, -1.0]);
    let table = read(Missing::Mean);
    assert!(table.features()[2].is_nan());
    // Filled with the mean of what was fitted on: of the first two rows.
    let scaling = Scaling::unit(&table.select(&[0, 1]));
    assert_eq!(scaling.apply(&table).unwrap().features(), [0.0, 0.0, 0.0, 1.0, 2.0, 0.5]);
}

#[test]
fn a_scaling_is_fitted_on_one_table_and_used_on_others() {
    let table = |features: &[f64]| {
        Table::of_classes(features.to_vec(), vec![0; features.len() / 2], 2).unwrap()
    };
    let scaling = Scaling::standard(&table(&[1.0, 7.0, 3.0, 7.0]));
    assert_eq!(
        scaling.apply(&table(&[1.0, 7.0, 5.0, 9.0])).unwrap().features(),
        [-1.0, 0.0, 3.0, 2.0]
    );
    let error = scaling.row(&[1.0]).unwrap_err().to_string();
    assert_eq!(error, "1 features were given to a scaling of 2");
}

#[test]
fn parts_keep_the_shares_of_the_classes() {
    let labels: Vec<usize> = (0..60).map(|i| usize::from(i % 3 == 0)).collect(); // 40 and 20
    let table = Table::of_classes((0..60).map(f64::from).collect(), labels, 2).unwrap();
    let count = |table: &Table| {
        let ones = table.labels().unwrap().iter().filter(|&&label| label == 1).count();
        (table.len() - ones, ones)
    };
    let (train, held) = table.split(0.25, 7).unwrap();
    assert_eq!((count(&train), count(&held)), ((30, 15), (10, 5)));
    assert_eq!(table.split(0.25, 7).unwrap(), (train.clone(), held.clone()));
    assert_ne!(table.split(0.25, 8).unwrap().1, held);
    let mut all = [train.features(), held.features()].concat();
    all.sort_by(f64::total_cmp);
    assert_eq!(all, table.features());

    let folds = table.folds(8, 1).unwrap();
    let mut held: Vec<f64> = folds.iter().flat_map(|(_, held)| held.features().to_vec()).collect();
    held.sort_by(f64::total_cmp);
    assert_eq!(held, table.features());
    for (train, held) in &folds {
        assert_eq!(train.len() + held.len(), 60);
        let (zeros, ones) = count(held);
        assert!((7..=8).contains(&held.len()) && zeros == 5 && (2..=3).contains(&ones));
    }
}

#[test]
fn parts_that_cannot_be_are_refused() {
    let table = Table::of_classes(vec![0.0; 6], vec![0, 0, 0, 0, 1, 1], 2).unwrap();
    let error = table.folds(3, 1).unwrap_err().to_string();
    assert_eq!(error, "class 1 has 2 rows, too few for 3 folds; take at most 2");
    assert!(matches!(table.folds(1, 1), Err(TableError::Folds { .. })));
    assert!(matches!(table.folds(7, 1), Err(TableError::Folds { .. })));
    for share in [0.0, 1.0, 0.01, f64::NAN] {
        assert!(matches!(table.split(share, 1), Err(TableError::EmptyPart { .. })));
    }
    assert!(matches!(Table::of_classes(vec![0.0; 3], vec![0, 1], 2), Err(TableError::Rows { .. })));
    assert!(matches!(
        Table::of_numbers(vec![0.0; 3], vec![0.0; 3], 2),
        Err(TableError::Rows { .. })
    ));
    let error = Table::of_classes(vec![0.0], vec![3], 2).unwrap_err().to_string();
    assert_eq!(error, "row 0: \"3\" is none of the classes (0 to 1)");
}
