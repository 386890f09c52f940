//! The tests that run need a plugin, named by `PJRT_PLUGIN`: `pip install lammps-jax-pjrt-cpu` has
//! XLA's for processors (`lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so`). They say so where there is
//! none.

mod plugin;
mod trainer;
mod training;
