//! What a plugin is asked, and what it says.

use std::io::Write;

use wengert_pjrt::{Argument, Client, Error, Plugin};

/// A client of so many simulated devices; `None`, said aloud, where there is no plugin.
pub(crate) fn client(devices: i64) -> Option<Client> {
    match Plugin::from_env() {
        Ok(plugin) => Some(plugin.client(&[("cpu_device_count", devices)]).unwrap()),
        Err(Error::NoPlugin) => {
            // Not captured by the test runner: a reader shall see it.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: nothing is run, since PJRT_PLUGIN names no plugin"
            );
            None
        }
        Err(error) => panic!("{error}"),
    }
}

const TWICE: &str = "func.func public @main(%x: tensor<2xf64> {tf.aliasing_output = 0 : i32}) \
    -> tensor<2xf64> {\n  %y = stablehlo.add %x, %x : tensor<2xf64>\n  return %y : tensor<2xf64>\n}";

#[test]
fn what_is_no_plugin_is_refused_by_name() {
    let error = Plugin::load("no/such/plugin.so").unwrap_err();
    assert!(matches!(&error, Error::Load { .. }), "{error:?}");
    assert!(error.to_string().contains("no/such/plugin.so cannot be loaded"), "{error}");
}

#[test]
fn numbers_go_there_and_back() {
    let Some(client) = client(1) else { return };
    assert_eq!((client.platform().unwrap().as_str(), client.devices()), ("cpu", 1));
    let numbers = [1.0, -0.0, f64::INFINITY, 5e-324, 0.1, -3.5];
    let x = client.put(0, &numbers, &[2, 3]).unwrap();
    assert_eq!(x.shape().unwrap(), [2, 3]);
    let back: Vec<u64> = x.get::<f64>().unwrap().into_iter().map(f64::to_bits).collect();
    assert_eq!(back, numbers.map(f64::to_bits));
    let single = client.put(0, &[0.1_f32], &[]).unwrap();
    assert_eq!((single.shape().unwrap(), single.get::<f32>().unwrap()), (vec![], vec![0.1]));
    let error = single.get::<f64>().unwrap_err();
    assert!(matches!(error, Error::Fit { .. }), "{error:?}");
}

#[test]
fn a_kept_buffer_stays_and_a_given_one_is_gone() {
    let Some(client) = client(1) else { return };
    let program = client.compile(TWICE, 1).unwrap();
    assert_eq!((program.devices(), program.results()), (1, 1));
    let mut x = client.put(0, &[1.0, 2.5], &[2]).unwrap();
    for _ in 0..2 {
        let results = program.run(vec![Argument::Keep(&x)]).unwrap();
        assert_eq!(results[0].get::<f64>().unwrap(), [2.0, 5.0]);
    }
    assert_eq!(x.get::<f64>().unwrap(), [1.0, 2.5]);
    for _ in 0..10 {
        x = program.run(vec![Argument::Give(x)]).unwrap().swap_remove(0);
    }
    assert_eq!(x.get::<f64>().unwrap(), [1024.0, 2560.0]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let Some(client) = client(1) else { return };
    let message = |error: Error| error.to_string();
    assert_eq!(message(client.put(0, &[1.0], &[2]).unwrap_err()), "put: 1 numbers for shape [2]");
    assert!(message(client.put(7, &[1.0], &[1]).unwrap_err()).contains("device 7"));
    assert!(message(client.compile(TWICE, 2).unwrap_err()).contains("there are 1"));
    let program = client.compile(TWICE, 1).unwrap();
    assert!(message(program.run_sharded(vec![]).unwrap_err()).contains("0 lists for 1 devices"));
    // The plugin's own words.
    let error = client.compile("func.func @main() { stablehlo.nonsense }", 1).unwrap_err();
    assert!(matches!(&error, Error::Plugin { doing: "compile", .. }), "{error:?}");
    assert!(message(error).contains("nonsense"));
    let error = program.run(vec![]).unwrap_err();
    assert!(matches!(&error, Error::Plugin { doing: "run", .. }), "{error:?}");
    let short = client.put(0, &[1.0], &[1]).unwrap();
    let error = program.run(vec![Argument::Keep(&short)]).unwrap_err();
    assert!(matches!(&error, Error::Plugin { doing: "run", .. }), "{error:?}");
}
