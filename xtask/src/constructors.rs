//! Finds wasm modules that run all their constructors again on every call from JavaScript.
//!
//! When nothing in a module calls `__wasm_call_ctors`, the linker wraps every export in a stub that calls it first.
//! Nothing fails, but every GPU call then costs milliseconds. The stubs' names (`….command_export`) are stripped from
//! a release build, so the stubs are known by what they do: call one function that is the same for all of them, pass
//! their parameters on to another one, and end.

use std::collections::HashMap;
use wasmparser::{ExternalKind, FunctionBody, Operator, Parser, Payload, Result, TypeRef};

/// The names of the exports that are such stubs, in order; there must be none.
pub fn wrapped_exports(module: &[u8]) -> Result<Vec<String>> {
    let mut imported = 0;
    let mut exports = Vec::new();
    let mut bodies = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += usize::from(matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)));
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    if export.kind == ExternalKind::Func {
                        exports.push((export.name, export.index as usize));
                    }
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            _ => {}
        }
    }

    let mut stubs: HashMap<u32, Vec<String>> = HashMap::new();
    for (name, index) in exports {
        let Some(body) = index.checked_sub(imported).and_then(|index| bodies.get(index)) else { continue };
        if let Some(first) = first_call_of_stub(body)? {
            stubs.entry(first).or_default().push(name.to_owned());
        }
    }
    // A single function may well call one and then another; that two exports do it in this way means the linker.
    let mut wrapped: Vec<_> = stubs.into_values().filter(|names| names.len() > 1).flatten().collect();
    wrapped.sort();
    Ok(wrapped)
}

/// The function that a body calls before it does nothing but pass its parameters on.
fn first_call_of_stub(body: &FunctionBody) -> Result<Option<u32>> {
    if body.get_locals_reader()?.get_count() > 0 {
        return Ok(None);
    }
    let mut operators = body.get_operators_reader()?.into_iter();
    let Some(Operator::Call { function_index: first }) = operators.next().transpose()? else { return Ok(None) };
    let mut parameters = 0;
    let mut calls = 0;
    for operator in operators {
        match operator? {
            Operator::LocalGet { local_index } if calls == 0 && local_index == parameters => parameters += 1,
            // The function itself, and then perhaps the destructors.
            Operator::Call { .. } if calls < 2 => calls += 1,
            Operator::End => {}
            _ => return Ok(None),
        }
    }
    Ok((calls > 0).then_some(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: u8 = 0x10;
    const LOCAL_GET: u8 = 0x20;
    const DROP: u8 = 0x1a;
    const END: u8 = 0x0b;
    /// The constructors are function 1, behind one import.
    const CONSTRUCTORS: [u8; 2] = [CALL, 1];

    /// A module that imports one function, and has the constructors and one exported function for each body.
    fn module(bodies: &[&[u8]]) -> Vec<u8> {
        let count = bodies.len() as u8 + 1;
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        let mut section = |id: u8, content: Vec<u8>| {
            module.extend([id, content.len() as u8]);
            module.extend(content);
        };
        section(1, vec![1, 0x60, 0, 0]);
        section(2, vec![1, 1, b'm', 1, b'f', 0, 0]);
        section(3, [&[count][..], &vec![0; count.into()]].concat());
        let exports = (0..bodies.len() as u8).flat_map(|i| [1, b'a' + i, 0, i + 2]);
        section(7, [bodies.len() as u8].into_iter().chain(exports).collect());
        let all = [&[END][..]].into_iter().chain(bodies.iter().copied());
        section(10, [count].into_iter().chain(all.flat_map(code)).collect());
        module
    }

    fn code(body: &[u8]) -> Vec<u8> {
        [&[body.len() as u8 + 1, 0], body].concat()
    }

    fn stub(rest: &[u8]) -> Vec<u8> {
        [&CONSTRUCTORS, rest].concat()
    }

    #[test]
    fn stubs_that_run_the_constructors_are_found() {
        let stubs = [stub(&[CALL, 0, END]), stub(&[LOCAL_GET, 0, LOCAL_GET, 1, CALL, 0, CALL, 1, END])];
        let found = wrapped_exports(&module(&[&stubs[0], &[END], &stubs[1]])).expect("a module");
        assert_eq!(found, ["a", "c"]);
    }

    #[test]
    fn one_start_function_may_run_the_constructors() {
        let start = stub(&[CALL, 0, END]);
        let found = wrapped_exports(&module(&[&start, &[CALL, 0, END]])).expect("a module");
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn functions_that_do_more_are_no_stubs() {
        let first = stub(&[LOCAL_GET, 0, DROP, CALL, 0, END]);
        let second = stub(&[LOCAL_GET, 0, CALL, 0, DROP, END]);
        let found = wrapped_exports(&module(&[&first, &second])).expect("a module");
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(wrapped_exports(b"<!doctype html>").is_err());
    }
}
