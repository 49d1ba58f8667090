//! What is known of the visitor's GPU from earlier visits: which checks it has passed, and how fast its kernels are. Pure.

use crate::protocol::{KernelSpeed, Verified};
use std::collections::BTreeMap;

/// What is known after a load that has shown `new`: more of the same adapter, or of another one that alone.
pub fn merged(before: Option<Verified>, new: Verified) -> Verified {
    let before = of_adapter(before, &new.adapter);
    let mut checks = before.checks;
    checks.extend(new.checks);
    checks.sort_unstable();
    checks.dedup();
    // What was measured last says most of the driver and the browser of today.
    let speeds: BTreeMap<String, f64> =
        before.speeds.into_iter().chain(new.speeds).map(|speed| (speed.kernel, speed.seconds)).collect();
    let speeds = speeds.into_iter().map(|(kernel, seconds)| KernelSpeed { kernel, seconds }).collect();
    Verified { adapter: new.adapter, checks, speeds }
}

/// What was known before of this adapter: nothing, if that was another one.
fn of_adapter(before: Option<Verified>, adapter: &str) -> Verified {
    before.filter(|before| before.adapter == adapter).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(adapter: &str, checks: &[&str], speeds: &[(&str, f64)]) -> Verified {
        let speed = |(kernel, seconds): &(&str, f64)| KernelSpeed { kernel: (*kernel).to_owned(), seconds: *seconds };
        Verified {
            adapter: adapter.into(),
            checks: checks.iter().map(|check| (*check).to_owned()).collect(),
            speeds: speeds.iter().map(speed).collect(),
        }
    }

    #[test]
    fn checks_of_one_adapter_add_up() {
        let both = merged(Some(verified("A", &["rope", "matvec"], &[])), verified("A", &["silu", "rope"], &[]));
        assert_eq!(both, verified("A", &["matvec", "rope", "silu"], &[]));
    }

    #[test]
    fn another_adapter_begins_anew() {
        let before = verified("A", &["rope"], &[("rows", 1.0)]);
        let other = verified("B", &["silu"], &[("lanes", 2.0)]);
        assert_eq!(merged(Some(before), other.clone()), other);
        assert_eq!(
            merged(None, verified("B", &["silu", "rope"], &[("rows", 2.0), ("lanes", 1.0)])),
            verified("B", &["rope", "silu"], &[("lanes", 1.0), ("rows", 2.0)])
        );
    }

    #[test]
    fn speeds_of_one_adapter_add_up_and_the_new_measurement_wins() {
        let before = verified("A", &[], &[("lanes", 1.0), ("rows", 2.0)]);
        let after = merged(Some(before), verified("A", &[], &[("rows", 3.0), ("quads", 4.0)]));
        assert_eq!(after, verified("A", &[], &[("lanes", 1.0), ("quads", 4.0), ("rows", 3.0)]));
    }

    #[test]
    fn a_load_that_measures_nothing_keeps_the_speeds() {
        let before = verified("A", &["rope"], &[("rows", 2.0)]);
        assert_eq!(merged(Some(before.clone()), verified("A", &[], &[])), before);
    }

    #[test]
    fn a_record_from_before_there_were_speeds_is_still_good() {
        let record: Verified = serde_json::from_str(r#"{"adapter":"A","checks":["rope"]}"#).expect("a record");
        assert_eq!(record, verified("A", &["rope"], &[]));
    }
}
