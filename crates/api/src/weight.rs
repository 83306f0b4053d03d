//! How much a document asks for, measured before anything walks it twice.
//!
//! Tokens are counted before parsing, everything else after it and before validation. Fragments
//! are weighed once each: the library's own counters follow every spread, which is exponential in
//! fragments that spread fragments, and its parser and validator are quadratic in places.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, ServerError,
    parser::types::{ExecutableDocument, OperationDefinition, Selection, SelectionSet},
};

use crate::{
    errors::{Code, Refused},
    limits::Limits,
};

/// Refuses a text with more lexical tokens or brackets within brackets than the limits, without
/// parsing it: the parser calls itself for each bracket and would run out of stack.
///
/// # Errors
/// `COST_EXCEEDED`.
pub(crate) fn check_text(query: &str, limits: &Limits) -> Result<(), Refused> {
    let (tokens, nesting) = measure_text(query.as_bytes(), limits);
    if nesting > limits.nesting {
        return Err(Refused::over(Code::CostExceeded, "document nesting", limits.nesting));
    }
    if tokens > limits.tokens {
        return Err(Refused::over(Code::CostExceeded, "document tokens", limits.tokens));
    }
    Ok(())
}

/// Counts tokens and the deepest nesting, up to just past the limits. Runs of letters and digits
/// are one token, a dot is one by itself; inside strings and comments nothing is counted. Text that is not GraphQL is the
/// parser's to refuse.
fn measure_text(text: &[u8], limits: &Limits) -> (usize, usize) {
    let (mut count, mut at, mut open, mut deepest) = (0, 0, 0_usize, 0);
    while at < text.len() && count <= limits.tokens && deepest <= limits.nesting {
        match text[at] {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => at += 1,
            b'#' => {
                at += text[at..].iter().position(|byte| *byte == b'\n').unwrap_or(text.len() - at);
            }
            b'"' => {
                count += 1;
                at = end_of_string(text, at);
            }
            byte if is_word(byte) => {
                count += 1;
                at += text[at..].iter().position(|b| !is_word(*b)).unwrap_or(text.len() - at);
            }
            byte => {
                match byte {
                    b'{' | b'[' | b'(' => open += 1,
                    b'}' | b']' | b')' => open = open.saturating_sub(1),
                    _ => {}
                }
                deepest = deepest.max(open);
                count += 1;
                at += 1;
            }
        }
    }
    (count, deepest)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+') || byte >= 0x80
}

fn end_of_string(text: &[u8], start: usize) -> usize {
    let (quote, mut at): (&[u8], usize) = if text[start..].starts_with(b"\"\"\"") {
        (b"\"\"\"", start + 3)
    } else {
        (b"\"", start + 1)
    };
    while at < text.len() {
        if text[at] == b'\\' {
            at += 2;
        } else if text[at..].starts_with(quote) {
            return at + quote.len();
        } else {
            at += 1;
        }
    }
    text.len()
}

/// What a selection set amounts to with its fragments spread out. All counts saturate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Weight {
    fields: usize,
    aliases: usize,
    depth: usize,
    recursion: usize,
}

/// Refuses a document of which an operation goes over a limit.
///
/// # Errors
/// `COST_EXCEEDED` naming the limit; `GRAPHQL_VALIDATION_FAILED` for fragments that spread
/// themselves.
pub(crate) fn check_document(
    document: &ExecutableDocument,
    limits: &Limits,
) -> Result<(), Refused> {
    let mut scales = Scales { document, limits, fragments: HashMap::new() };
    // Fragments first, so that an unused one is no way round.
    for (name, fragment) in &document.fragments {
        scales.directives(fragment.node.directives.len())?;
        scales.fragment(name, 0)?;
    }
    for (_, operation) in document.operations.iter() {
        scales.directives(operation.node.directives.len())?;
        let weight = scales.selection_set(&operation.node.selection_set.node, 1)?;
        for (limit, found, most) in [
            ("fields", weight.fields, limits.fields),
            ("aliases", weight.aliases, limits.aliases),
            ("depth", weight.depth, limits.depth),
            ("recursion", weight.recursion, limits.recursion),
        ] {
            if found > most {
                return Err(Refused::over(Code::CostExceeded, limit, most));
            }
        }
        // Only now: this walk follows every spread, and the field count has bounded it.
        if root_fields(document, &operation.node).len() > limits.root_fields {
            return Err(Refused::over(Code::CostExceeded, "root fields", limits.root_fields));
        }
    }
    Ok(())
}

/// The names of the fields at the root of an operation, one entry for each selection, fragments
/// spread out. Only for documents without fragment cycles.
pub(crate) fn root_fields(
    document: &ExecutableDocument,
    operation: &OperationDefinition,
) -> Vec<Name> {
    fn walk(document: &ExecutableDocument, set: &SelectionSet, names: &mut Vec<Name>) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => names.push(field.node.name.node.clone()),
                Selection::InlineFragment(inline) => {
                    walk(document, &inline.node.selection_set.node, names);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node)
                    {
                        walk(document, &fragment.node.selection_set.node, names);
                    }
                }
            }
        }
    }
    let mut names = Vec::new();
    walk(document, &operation.selection_set.node, &mut names);
    names
}

struct Scales<'a> {
    document: &'a ExecutableDocument,
    limits: &'a Limits,
    // `None` while it is being weighed: finding that again is a cycle.
    fragments: HashMap<&'a Name, Option<Weight>>,
}

impl<'a> Scales<'a> {
    fn selection_set(&mut self, set: &'a SelectionSet, level: usize) -> Result<Weight, Refused> {
        if level > self.limits.recursion {
            return Err(Refused::over(Code::CostExceeded, "recursion", self.limits.recursion));
        }
        let mut total = Weight::default();
        for selection in &set.items {
            self.directives(selection.node.directives().len())?;
            let weight = self.selection(selection, level)?;
            total.fields = total.fields.saturating_add(weight.fields);
            total.aliases = total.aliases.saturating_add(weight.aliases);
            total.depth = total.depth.max(weight.depth);
            total.recursion = total.recursion.max(weight.recursion);
        }
        total.recursion += 1;
        Ok(total)
    }

    fn selection(
        &mut self,
        selection: &'a Positioned<Selection>,
        level: usize,
    ) -> Result<Weight, Refused> {
        match &selection.node {
            Selection::Field(field) => {
                let mut weight = Weight::default();
                if !field.node.selection_set.node.items.is_empty() {
                    weight = self.selection_set(&field.node.selection_set.node, level + 1)?;
                }
                weight.fields = weight.fields.saturating_add(1);
                weight.aliases = weight.aliases.saturating_add(field.node.alias.is_some().into());
                weight.depth += 1;
                Ok(weight)
            }
            Selection::InlineFragment(inline) => {
                self.selection_set(&inline.node.selection_set.node, level + 1)
            }
            Selection::FragmentSpread(spread) => {
                self.fragment(&spread.node.fragment_name.node, level)
            }
        }
    }

    fn fragment(&mut self, name: &'a Name, level: usize) -> Result<Weight, Refused> {
        match self.fragments.get(name) {
            Some(Some(weight)) => return Ok(*weight),
            Some(None) => {
                return Err(Refused::from_errors(
                    Code::GraphqlValidationFailed,
                    vec![ServerError::new(format!("fragment {name} spreads itself"), None)],
                ));
            }
            None => {}
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            // Validation names the unknown fragment better than we could here.
            return Ok(Weight::default());
        };
        self.fragments.insert(name, None);
        let weight = self.selection_set(&fragment.node.selection_set.node, level + 1)?;
        self.fragments.insert(name, Some(weight));
        Ok(weight)
    }

    fn directives(&self, found: usize) -> Result<(), Refused> {
        if found > self.limits.directives {
            return Err(Refused::over(Code::CostExceeded, "directives", self.limits.directives));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use async_graphql::parser::parse_query;

    use super::*;

    fn check(query: &str) -> Result<(), String> {
        let limits = Limits::default();
        check_text(query, &limits).map_err(|refused| refused.to_string())?;
        check_document(&parse_query(query).unwrap(), &limits).map_err(|refused| refused.to_string())
    }

    fn nested(depth: usize) -> String {
        format!("{}a{}", "{a".repeat(depth - 1) + "{", "}".repeat(depth))
    }

    #[test]
    fn depth_15_passes_and_16_does_not() {
        assert_eq!(check(&nested(15)), Ok(()));
        assert_eq!(check(&nested(16)).unwrap_err(), "COST_EXCEEDED: depth may be at most 15");
    }

    #[test]
    fn depth_counts_through_fragments() {
        let query = format!("query {{ a {{ a {{ ...F }} }} }} fragment F on T {}", nested(14));
        assert!(check(&query).unwrap_err().contains("depth"));
    }

    #[test]
    fn inline_fragments_count_towards_recursion() {
        let query = |n: usize| format!("{{{}a{}}}", "... {".repeat(n), "}".repeat(n));
        assert_eq!(check(&query(31)), Ok(()));
        assert!(check(&query(32)).unwrap_err().contains("recursion may be at most 32"));
    }

    #[test]
    fn nine_directives_on_one_field_are_too_many() {
        assert_eq!(check(&format!("{{ a {} }}", "@d ".repeat(8))), Ok(()));
        let refusal = check(&format!("{{ a {} }}", "@d ".repeat(9))).unwrap_err();
        assert!(refusal.contains("directives may be at most 8"), "{refusal}");
        assert!(check(&format!("query {} {{ a }}", "@d ".repeat(9))).is_err());
    }

    #[test]
    fn the_31st_alias_is_refused_also_through_fragments() {
        let aliases = |n: usize| ["x: a"; 40][..n].join(" ");
        assert_eq!(check(&format!("{{ p {{ {} }} }}", aliases(30))), Ok(()));
        assert!(check(&format!("{{ p {{ {} }} }}", aliases(31))).is_err());
        let spread =
            format!("{{ p {{ ...F }} q {{ ...F }} }} fragment F on T {{ {} }}", aliases(16));
        assert!(check(&spread).unwrap_err().contains("aliases may be at most 30"));
    }

    #[test]
    fn the_21st_root_field_is_refused() {
        let fields = |n: usize| format!("{{ {} }}", "a ".repeat(n));
        assert_eq!(check(&fields(20)), Ok(()));
        assert!(check(&fields(21)).unwrap_err().contains("root fields may be at most 20"));
        let hidden = format!("{{ ...F }} fragment F on Q {{ ... {} }}", fields(21));
        assert!(check(&hidden).unwrap_err().contains("root fields"), "fragments hide none");
    }

    #[test]
    fn fragments_that_double_are_weighed_once_each_and_refused() {
        let mut query = "{ p { ...F0 } }".to_owned();
        for level in 0..28 {
            let next = level + 1;
            let _ = write!(query, " fragment F{level} on T {{ ...F{next} ...F{next} }}");
        }
        query += " fragment F28 on T { a }";
        // 2^28 fields: following every spread would not return.
        assert!(check(&query).unwrap_err().contains("fields may be at most 2000"));
    }

    #[test]
    fn fragments_that_spread_themselves_are_refused() {
        let query = "{ ...A } fragment A on T { ...B } fragment B on T { b { ...A } }";
        assert!(check(query).unwrap_err().contains("spreads itself"));
    }

    #[test]
    fn an_unused_fragment_is_weighed_too() {
        let nested = format!("{}{{a}}{}", "{ ... ".repeat(40), "}".repeat(40));
        assert!(check(&format!("{{ a }} fragment F on T {nested}")).is_err());
    }

    #[test]
    fn tokens_are_counted_outside_strings_and_comments() {
        let count = |text: &str| measure_text(text.as_bytes(), &Limits::default()).0;
        assert_eq!(count("{ a(b: -1.5, c: \"x { y }\") }"), 13);
        assert_eq!(count("# { a b c\n{ a }"), 3);
        assert_eq!(count(r#"{ a(b: """x " y \""" z""") }"#), 8);
        assert_eq!(count(r#"{ a(b: "un"#), 6);
        assert!(check(&"a ".repeat(1_000_000)).unwrap_err().contains("tokens may be at most 4000"));
    }

    #[test]
    fn ten_thousand_open_brackets_never_reach_the_parser() {
        for bracket in ["{a", "[", "("] {
            let refusal = check(&bracket.repeat(10_000)).unwrap_err();
            assert!(refusal.contains("nesting may be at most 64"), "{refusal}");
        }
    }
}
