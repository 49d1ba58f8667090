//! Reads the paths of Rust source text, as far as the layering test needs: no full parser, but one that knows
//! comments, strings, test modules and braces in `use`.

/// The paths that start at the crate's root, without `crate`, at most two names deep. `depth` is how deep the module
/// of the text lies: 1 for a module of the root, so that its `super` is the root.
pub fn of_crate(text: &str, depth: usize) -> Vec<Vec<String>> {
    let tokens = without_tests(tokens(text));
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let inside_path = at > 0 && tokens[at - 1] == "::";
        if let Some(start) = root_of_path(&tokens[at..], depth).filter(|_| !inside_path) {
            at += start;
            tree(&tokens, &mut at, &mut Vec::new(), &mut found);
        } else {
            at += 1;
        }
    }
    found.retain(|path| !path.is_empty());
    for path in &mut found {
        path.truncate(2);
    }
    found
}

/// How many tokens lead to the root and past the `::` behind it, if these tokens do.
fn root_of_path(tokens: &[String], depth: usize) -> Option<usize> {
    let is = |at: usize, what: &str| tokens.get(at).is_some_and(|token| token == what);
    if is(0, "crate") && is(1, "::") {
        return Some(2);
    }
    let mut at = if is(0, "self") && is(1, "::") { 2 } else { 0 };
    for _ in 0..depth {
        if !(is(at, "super") && is(at + 1, "::")) {
            return None;
        }
        at += 2;
    }
    Some(at)
}

/// Reads `a::b`, `{a::b, c}` and what they nest to; leaves `at` behind it.
fn tree(tokens: &[String], at: &mut usize, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let depth = before.len();
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        if token == "{" {
            while tokens.get(*at).is_some_and(|token| token != "}") {
                tree(tokens, at, before, found);
                if tokens.get(*at).is_some_and(|token| token == ",") {
                    *at += 1;
                } else if tokens.get(*at).is_none_or(|token| token != "}") {
                    break;
                }
            }
            *at += 1;
            before.truncate(depth);
            return;
        }
        if is_name(token) && token != "self" {
            before.push(token.clone());
        }
        if tokens.get(*at).is_some_and(|token| token == "::") {
            *at += 1;
            // `f::<T>` ends the path.
            if tokens.get(*at).is_none_or(|token| token != "<") {
                continue;
            }
        } else if tokens.get(*at).is_some_and(|token| token == "as") {
            *at += 2;
        }
        break;
    }
    found.push(before.clone());
    before.truncate(depth);
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first == '_' || first.is_alphabetic())
}

/// Names, `::` and single punctuation marks; no comments, strings, characters or lifetimes.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let raw_string = tokens.last().is_some_and(|last| matches!(last.as_str(), "r" | "br" | "cr"));
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment(rest)
        } else if matches!(first, '"' | '#') && raw_string {
            raw(rest).unwrap_or(1)
        } else if first == '"' {
            quoted(rest)
        } else if first == '\'' {
            character(rest)
        } else if is_name(rest) {
            let end = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
            tokens.push(rest[..end].to_owned());
            end
        } else if rest.starts_with("::") {
            tokens.push("::".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

/// Length of a comment, with the comments in it.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Length of `"…"`, in which a backslash takes the next character with it.
fn quoted(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of `"…"` or `#"…"#` behind an `r`; `None` if it is no string (`r#type`).
fn raw(text: &str) -> Option<usize> {
    let hashes = text.len() - text.trim_start_matches('#').len();
    let content = text[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    Some(content.find(&end).map_or(text.len(), |at| hashes + 1 + at + end.len()))
}

/// Length of `'c'` or `'\n'`; 1 for the tick of a lifetime.
fn character(text: &str) -> usize {
    let inside = &text[1..];
    let mut chars = inside.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), Some(escaped)) => {
            let from = 2 + escaped.len_utf8();
            text[from..].find('\'').map_or(1, |at| from + at + 1)
        }
        (Some(c), Some('\'')) => c.len_utf8() + 2,
        _ => 1,
    }
}

/// Takes out `#[cfg(test)] mod name { … }`.
fn without_tests(tokens: Vec<String>) -> Vec<String> {
    const MARK: [&str; 8] = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let marked = tokens[at..].iter().map(String::as_str).take(MARK.len()).eq(MARK);
        if !marked {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += MARK.len() + 1;
        let mut depth = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token.as_str() {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    kept
}
