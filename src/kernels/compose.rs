//! Puts a shader's text together: constants, then parts.

use crate::gpu::Kernel;
use std::fmt::Write;

/// A value that a shader's text holds as a constant.
#[derive(Debug, Clone, Copy)]
pub(super) enum Constant {
    U32(u32),
    F32(f32),
    Bool(bool),
}

/// A kernel of [`WORKGROUP`](super::WORKGROUP) invocations: `constants`, then `parts` one after the other.
pub(super) fn compose(name: &'static str, constants: &[(&str, Constant)], parts: &[&str]) -> Kernel {
    let mut source = String::new();
    for (name, value) in constants {
        // Writing to a String cannot fail.
        let _ = match value {
            Constant::U32(value) => writeln!(source, "const {name} = {value}u;"),
            // The shortest digits that mean exactly this number.
            Constant::F32(value) => writeln!(source, "const {name} = {value:e}f;"),
            Constant::Bool(value) => writeln!(source, "const {name} = {value};"),
        };
    }
    for part in parts {
        source.push('\n');
        source.push_str(part);
    }
    Kernel::new(name, source, super::WORKGROUP)
}
