//! Puts a shader's text together: constants, then parts, with the loops written out that must be.

use crate::gpu::{Extension, Kernel};
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
    compose_with(Extension::None, name, constants, parts)
}

/// The same, of a kernel that needs `extension`.
pub(super) fn compose_with(
    extension: Extension,
    name: &'static str,
    constants: &[(&str, Constant)],
    parts: &[&str],
) -> Kernel {
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
    Kernel::new(name, source, super::WORKGROUP, extension)
}

/// Writes out the loops of `text` that are marked by a line `//: each r` and a line `//: end`: what is between them is
/// repeated for r = 0, 1 … below the count that `counts` has for r, with the number in place of `{r}`. `//: loop m` stays a
/// loop with the variable m, unless it would run only once. Loops may be nested.
///
/// WGSL has no way to ask for it, and a loop that stays one has its variables in memory and its indices computed.
pub(super) fn unroll(text: &str, counts: &[(&str, u32)]) -> String {
    let mut out = String::with_capacity(4 * text.len());
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        rest = after;
        let Some((kind, name)) = marked(line) else {
            out.push_str(line);
            out.push('\n');
            continue;
        };
        let (body, after) = split_loop(rest);
        rest = after;
        let count = counts.iter().find(|(known, _)| *known == name).map_or(0, |(_, count)| *count);
        let body = unroll(body, counts);
        if kind == "loop" {
            let head = match count {
                1 => format!("{{ const {name} = 0u;"),
                _ => format!("for (var {name} = 0u; {name} < {count}u; {name} += 1u) {{"),
            };
            out.push_str(&format!("{head}\n{body}}}\n"));
            continue;
        }
        let number = format!("{{{name}}}");
        for i in 0..count {
            out.push_str(&body.replace(&number, &i.to_string()));
        }
    }
    out + rest
}

/// The kind of loop that a line begins, and its name.
fn marked(line: &str) -> Option<(&str, &str)> {
    let (kind, name) = line.trim().strip_prefix("//: ")?.split_once(' ')?;
    ["each", "loop"].contains(&kind).then_some((kind, name))
}

/// The body of a loop whose first line has been read, and what follows its end.
fn split_loop(text: &str) -> (&str, &str) {
    let mut depth = 1;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        match line.trim() {
            "//: end" => depth -= 1,
            line if marked(line).is_some() => depth += 1,
            _ => {}
        }
        if depth == 0 {
            return (&text[..at], &text[at + line.len()..]);
        }
        at += line.len();
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::unroll;

    #[test]
    fn nested_loops_are_written_out_in_order() {
        let text = "a\n//: each r\nb{r}\n  //: each m\nc{r}{m}\n  //: end\n//: end\nd\n";
        assert_eq!(unroll(text, &[("r", 2), ("m", 2)]), "a\nb0\nc00\nc01\nb1\nc10\nc11\nd\n");
    }

    #[test]
    fn a_loop_stays_one_unless_it_runs_once() {
        let text = "//: loop m\nx(m);\n//: end\n";
        assert_eq!(unroll(text, &[("m", 1)]), "{ const m = 0u;\nx(m);\n}\n");
        assert_eq!(unroll(text, &[("m", 8)]), "for (var m = 0u; m < 8u; m += 1u) {\nx(m);\n}\n");
    }

    #[test]
    fn text_without_loops_stays_as_it_is() {
        assert_eq!(unroll("a\n{r}\nb", &[("r", 2)]), "a\n{r}\nb");
    }
}
