//! Rust source as the rules see it: without comments and without the contents of texts.

/// `text` with every comment, and the inside of every text and character literal, as spaces.
/// Lines stay where they are.
pub(super) fn code(text: &str) -> String {
    let mut rest = text;
    let mut code = String::with_capacity(text.len());
    while let Some(c) = rest.chars().next() {
        let word = code.chars().last().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let end = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => quoted(rest),
            'r' if !word => raw(rest),
            'b' if !word && rest.starts_with("br") => raw(&rest[1..]).saturating_add(1),
            '\'' => character(rest),
            _ => 0,
        };
        if end > 1 {
            let blank = |c: char| if c == '\n' { '\n' } else { ' ' };
            code.extend(rest[..end].chars().map(blank));
            rest = &rest[end..];
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    code
}

fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (1, 2);
    while depth > 0 {
        let Some(next) = rest[at..].find(['/', '*']).map(|next| at + next) else {
            return rest.len();
        };
        at = next + 2;
        match rest.get(next..at) {
            Some("/*") => depth += 1,
            Some("*/") => depth -= 1,
            _ => at = next + 1,
        }
    }
    at
}

fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a raw text, 0 if it is none.
fn raw(rest: &str) -> usize {
    let hashes = rest[1..].bytes().take_while(|b| *b == b'#').count();
    let Some(text) = rest[1 + hashes..].strip_prefix('"') else { return 0 };
    let end = format!("\"{}", "#".repeat(hashes));
    text.find(&end).map_or(rest.len(), |at| rest.len() - text.len() + at + end.len())
}

/// The length of a character, 0 if it is a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => rest[3..].find('\'').map_or(rest.len(), |at| at + 4),
        Some(_) => match chars.next() {
            Some((at, '\'')) => at + 1,
            _ => 0,
        },
        None => 0,
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(code(text), expected, "for {text:?}");
}

#[test]
fn comments_and_texts_are_blank() {
    check("a // b\nc", "a     \nc");
    check("a /* b /* c */ d */ e", "a                   e");
    check("/**/a", "    a");
    check("/*/ a */b", "        b");
    check("f(\"a // b\", c)", "f(        , c)");
    check(r#"("a\"b", c)"#, "(      , c)");
    check("(r#\"a\"b\"#, br\"c\", d)", "(        ,      , d)");
    check("x = \"a\nb\";", "x =   \n  ;");
    check("bar\"x\"", "bar   ");
}

#[test]
fn characters_are_told_from_lifetimes() {
    check("('\"', 'a', b'\\'', '\\u{1b}')", "(   ,    , b    ,         )");
    check("fn f<'a>(x: &'a str) -> &'static str", "fn f<'a>(x: &'a str) -> &'static str");
    check("'房'x", "   x");
}

#[test]
fn what_never_ends_is_blank_to_the_end() {
    check("a /* b", "a     ");
    check("a \"b", "a   ");
    check("r#\"b\"", "     ");
}
