//! What is known of the visitor's GPU from earlier loads: which checks it has passed. Pure.

use crate::protocol::Verified;

/// What is known after a load that has shown `new`: more of the same adapter, or of another one that alone.
pub fn merged(before: Option<Verified>, new: Verified) -> Verified {
    let mut all = match before {
        Some(before) if before.adapter == new.adapter => before.checks,
        _ => Vec::new(),
    };
    all.extend(new.checks);
    all.sort_unstable();
    all.dedup();
    Verified { adapter: new.adapter, checks: all }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(adapter: &str, checks: &[&str]) -> Verified {
        Verified { adapter: adapter.into(), checks: checks.iter().map(|check| (*check).to_owned()).collect() }
    }

    #[test]
    fn checks_of_one_adapter_add_up() {
        let both = merged(Some(verified("A", &["rope", "matvec"])), verified("A", &["silu", "rope"]));
        assert_eq!(both, verified("A", &["matvec", "rope", "silu"]));
    }

    #[test]
    fn another_adapter_begins_anew() {
        assert_eq!(merged(Some(verified("A", &["rope"])), verified("B", &["silu"])), verified("B", &["silu"]));
        assert_eq!(merged(None, verified("B", &["silu", "rope"])), verified("B", &["rope", "silu"]));
    }
}
