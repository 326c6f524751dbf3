//! Amounts as Krist's clients write them: a number or a text, with an exponent if JavaScript likes one, and with more
//! decimals than the currency has. Only this door rounds; the native one refuses.

use crate::kernel::money::{Amount, Payable, Scale};

/// The longest text of an amount in bytes, and the largest exponent: more is no amount of anything.
const TEXT_BYTES_MAX: usize = 64;
const EXPONENT_MAX: i32 = 40;

/// Reads an amount and brings it to the currency's decimals: cut off, or rounded to the nearest even. `None` for what
/// is no number, comes to nothing, or is more than a wallet can hold.
pub(super) fn payable(text: &str, scale: Scale, truncates: bool) -> Option<Payable> {
    rounded(text.trim(), scale, truncates)?.payable()
}

fn rounded(text: &str, scale: Scale, truncates: bool) -> Option<Amount> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    if !(-EXPONENT_MAX..=EXPONENT_MAX).contains(&exponent) {
        return None;
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !plain(whole) || !plain(fraction) {
        return None;
    }
    // The number is 0.DIGITS shifted by `point`; the amount is its digits up to `cut`.
    let all = format!("{whole}{fraction}");
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let cut = point.checked_add(i32::from(scale.decimals()))?;
    let Ok(cut) = usize::try_from(cut) else { return Some(Amount::ZERO) };
    let (kept, rest) = match all.split_at_checked(cut) {
        Some((kept, rest)) => (kept.to_owned(), rest),
        None => (format!("{all:0<cut$}"), ""),
    };
    let units: i64 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    let up = !truncates && rounds_up(units, rest);
    units.checked_add(i64::from(up)).map(Amount::minor)
}

/// Whether what is cut off rounds up: more than half does, half does behind an odd digit.
fn rounds_up(units: i64, rest: &str) -> bool {
    match rest.as_bytes() {
        [b'6'..=b'9', ..] => true,
        [b'5', more @ ..] => more.iter().any(|digit| *digit != b'0') || units % 2 != 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_brought_to_the_decimals_of_the_currency() {
        let check = |text: &str, decimals: u8, truncates: bool, expected: Option<i64>| {
            let found = payable(text, Scale::new(decimals).unwrap(), truncates);
            assert_eq!(found.map(|paid| paid.amount().units()), expected, "{text} {decimals}");
        };
        for (text, kromer, krist) in [
            ("1", Some(100), Some(1)),
            ("10.25", Some(1_025), Some(10)),
            ("0.005", None, None),
            ("0.015", Some(2), None),
            ("0.025", Some(2), None),
            ("0.0251", Some(3), None),
            ("1.999", Some(200), Some(1)),
            ("1.9949999", Some(199), Some(1)),
            ("2.50", Some(250), Some(2)),
            ("1e2", Some(10_000), Some(100)),
            ("1.5E+1", Some(1_500), Some(15)),
            ("25e-1", Some(250), Some(2)),
            ("1e-9", None, None),
            (" 7 ", Some(700), Some(7)),
            (".5", Some(50), None),
            ("5.", Some(500), Some(5)),
            ("9007199254740993", Some(900_719_925_474_099_300), Some(9_007_199_254_740_993)),
            ("0", None, None),
            ("-1", None, None),
            ("", None, None),
            (".", None, None),
            ("1.2.3", None, None),
            ("1e", None, None),
            ("1e99999999999", None, None),
            ("1e41", None, None),
            ("99999999999999999999", None, None),
            ("NaN", None, None),
            ("Infinity", None, None),
            ("0x10", None, None),
            ("ten", None, None),
        ] {
            check(text, 2, false, kromer);
            check(text, 0, true, krist);
        }
    }
}
