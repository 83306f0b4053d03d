//! Every rule and every kind of refusal is provoked by a test.

use crate::{corrections, directory, enforcement, payments, people, placements, referrals, risks};
use std::collections::BTreeSet;
use tallystick_domain::Rule;

#[test]
fn every_rule_has_a_test_that_provokes_it() {
    let provoked: BTreeSet<Rule> = [
        corrections::PROVOKED,
        directory::PROVOKED,
        risks::PROVOKED,
        enforcement::PROVOKED,
        payments::PROVOKED,
        people::PROVOKED,
        placements::PROVOKED,
        referrals::PROVOKED,
    ]
    .concat()
    .into_iter()
    .collect();
    let missing: Vec<_> = Rule::ALL.iter().filter(|rule| !provoked.contains(rule)).collect();
    assert!(missing.is_empty(), "no test provokes {missing:?}");
}

#[test]
fn the_code_of_a_rule_is_its_name_in_capitals() {
    for rule in Rule::ALL {
        let mut code = String::new();
        for letter in format!("{rule:?}").chars() {
            if letter.is_uppercase() && !code.is_empty() {
                code.push('_');
            }
            code.push(letter.to_ascii_uppercase());
        }
        assert_eq!(rule.code(), code);
        assert!(!rule.to_string().ends_with('.'), "{rule}");
    }
}
