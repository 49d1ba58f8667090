//! Numbers as people read them; the same in both languages.

/// Decimal bytes, as file managers and model pages count: "772 MB", "4.71 GB".
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut amount = bytes as f64 / 1000.0;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if amount < 999.5 {
            break;
        }
        amount /= 1000.0;
        unit = next;
    }
    format!("{} {unit}", significant(amount))
}

/// Three digits at most: "1.17", "15.5", "772".
pub fn significant(amount: f64) -> String {
    if amount < 9.995 {
        format!("{amount:.2}")
    } else if amount < 99.95 {
        format!("{amount:.1}")
    } else {
        format!("{amount:.0}")
    }
}

/// A speed that is only expected: "35", "4.2", "0.38".
pub fn expected_rate(per_second: f64) -> String {
    // As it will read: 9.96 is "10", not "10.0".
    if per_second >= 9.95 {
        format!("{per_second:.0}")
    } else if per_second >= 0.995 {
        format!("{per_second:.1}")
    } else {
        format!("{per_second:.2}")
    }
}

/// A count with its thousands apart: "32,768".
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of weights: "1.89 B", "26.2 M".
pub fn weights(number: u64) -> String {
    match number {
        0..1_000_000 => count(number),
        1_000_000..1_000_000_000 => format!("{} M", significant(number as f64 / 1e6)),
        _ => format!("{} B", significant(number as f64 / 1e9)),
    }
}

/// A share as a whole percentage; 100 % only when it is all.
pub fn percent(done: u64, total: u64) -> String {
    let share = if total == 0 { 0 } else { (u128::from(done.min(total)) * 100 / u128::from(total)) as u64 };
    format!("{share} %")
}

/// Seconds of a short wait, from milliseconds: "0.42 s".
pub fn short_wait(milliseconds: f64) -> String {
    let seconds = (milliseconds / 1000.0).max(0.0);
    if seconds < 9.95 { format!("{seconds:.2} s") } else { format!("{seconds:.1} s") }
}

/// Seconds of something that took a while, from milliseconds: "3.2 s".
pub fn brief(milliseconds: f64) -> String {
    format!("{:.1} s", (milliseconds / 1000.0).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_on_model_pages() {
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(1000), "1.00 KB");
        assert_eq!(bytes(772_000_000), "772 MB");
        assert_eq!(bytes(999_999_999), "1.00 GB");
        assert_eq!(bytes(4_712_764_160), "4.71 GB");
        assert_eq!(bytes(39_723_491_328), "39.7 GB");
        assert_eq!(bytes(u64::MAX), "18446744 TB");
    }

    #[test]
    fn expected_rates_promise_no_false_precision() {
        assert_eq!(expected_rate(34.6), "35");
        assert_eq!(expected_rate(9.96), "10");
        assert_eq!(expected_rate(4.23), "4.2");
        assert_eq!(expected_rate(0.996), "1.0");
        assert_eq!(expected_rate(0.384), "0.38");
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        assert_eq!(count(0), "0");
        assert_eq!(count(999), "999");
        assert_eq!(count(1000), "1,000");
        assert_eq!(count(1_234_567), "1,234,567");
    }

    #[test]
    fn all_is_only_said_of_all() {
        assert_eq!(percent(999, 1000), "99 %");
        assert_eq!(percent(1000, 1000), "100 %");
        assert_eq!(percent(1, 0), "0 %");
        assert_eq!(percent(u64::MAX, u64::MAX), "100 %");
    }

    #[test]
    fn weights_are_told_in_billions() {
        assert_eq!(weights(1_889_110_016), "1.89 B");
        assert_eq!(weights(19_861_149_696), "19.9 B");
        assert_eq!(weights(26_214_400), "26.2 M");
        assert_eq!(weights(1234), "1,234");
    }
}
