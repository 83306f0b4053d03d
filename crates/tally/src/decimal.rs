use thiserror::Error;

/// Not a decimal number as the C2SP formats write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a decimal number below 2^64 without sign or leading zeroes")]
pub struct InvalidDecimal;

/// ASCII decimal digits with no leading zeroes, unless the number is `0` (tlog-checkpoint, "Note
/// text"; the other formats say the same). `u64::from_str` takes a plus and zeroes too.
pub(crate) fn parse(text: &str) -> Result<u64, InvalidDecimal> {
    let one_spelling = text == "0" || text.starts_with(|first| matches!(first, '1'..='9'));
    let number = text.parse().ok().filter(|_| one_spelling);
    number.ok_or(InvalidDecimal)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_number_has_one_spelling() {
        assert_eq!(parse("0"), Ok(0));
        assert_eq!(parse("18446744073709551615"), Ok(u64::MAX));
        for text in ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "0x1", "18446744073709551616"] {
            parse(text).expect_err(text);
        }
    }
}
