//! The code generator, set up: functions of the workspace's first number, one by one.

use cranelift_codegen::Context;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{AbiParam, Signature, UserFuncName, Value, types};
use cranelift_codegen::isa::{CallConv, OwnedTargetIsa, TargetFrontendConfig};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::{FunctionBuilder, FunctionBuilderContext};
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Module, default_libcall_names};

use crate::error::JitError;

/// A module under construction.
pub(crate) struct Maker {
    pub(crate) module: JITModule,
    /// The same processor as the module's, with optimisations.
    optimising: OwnedTargetIsa,
    context: Context,
    frontend: FunctionBuilderContext,
    signature: Signature,
    /// Bytes of machine code.
    pub(crate) bytes: usize,
}

fn refused(error: impl std::fmt::Display) -> JitError {
    JitError::Generator { reason: error.to_string() }
}

/// The code generator for this processor.
fn isa(opt_level: &str) -> Result<OwnedTargetIsa, JitError> {
    let platform = |reason: String| JitError::Platform { reason };
    let mut flags = settings::builder();
    let set = [
        ("use_colocated_libcalls", "false"),
        ("is_pic", "false"),
        ("opt_level", opt_level),
        ("enable_verifier", if cfg!(debug_assertions) { "true" } else { "false" }),
        // Straight code has no use for them.
        ("unwind_info", "false"),
    ];
    for (name, value) in set {
        flags.set(name, value).map_err(refused)?;
    }
    let isa = cranelift_native::builder().map_err(|reason| platform(reason.to_owned()))?;
    isa.finish(settings::Flags::new(flags)).map_err(|error| platform(error.to_string()))
}

impl Maker {
    pub(crate) fn new() -> Result<Self, JitError> {
        let optimising = isa("speed")?;
        let module = JITModule::new(JITBuilder::with_isa(isa("none")?, default_libcall_names()));
        let mut signature = module.make_signature();
        signature.params.push(AbiParam::new(types::I64));
        let context = module.make_context();
        let frontend = FunctionBuilderContext::new();
        Ok(Maker { module, optimising, context, frontend, signature, bytes: 0 })
    }

    /// The convention of `extern "C"`.
    pub(crate) fn convention(&self) -> CallConv {
        self.module.isa().default_call_conv()
    }

    /// What a function is finished for.
    pub(crate) fn target(&self) -> TargetFrontendConfig {
        self.module.target_config()
    }

    /// Adds a function whose body `write` writes. `optimised`: what is the same in all rounds of a
    /// loop is computed before it, and nothing twice. Straight code is better left in its order, in
    /// which a number is read where it is used: moved, it is read first and goes to the stack.
    pub(crate) fn function(
        &mut self,
        optimised: bool,
        write: impl FnOnce(FunctionBuilder<'_>, Value),
    ) -> Result<FuncId, JitError> {
        let id = self.module.declare_anonymous_function(&self.signature).map_err(refused)?;
        self.context.func.signature = self.signature.clone();
        self.context.func.name = UserFuncName::user(0, id.as_u32());
        let mut builder = FunctionBuilder::new(&mut self.context.func, &mut self.frontend);
        let entry = builder.create_block();
        builder.append_block_params_for_function_params(entry);
        builder.switch_to_block(entry);
        let memory = builder.block_params(entry)[0];
        write(builder, memory);
        if optimised {
            let isa = &*self.optimising;
            self.context.optimize(isa, &mut ControlPlane::default()).map_err(refused)?;
        }
        let defined = self.module.define_function(id, &mut self.context);
        self.bytes += self.context.compiled_code().map_or(0, |code| code.code_buffer().len());
        self.module.clear_context(&mut self.context);
        defined.map_err(|error| refused(format!("{error:?}")))?;
        Ok(id)
    }

    /// Makes the functions executable.
    pub(crate) fn finish(&mut self) -> Result<(), JitError> {
        self.module.finalize_definitions().map_err(refused)
    }
}
