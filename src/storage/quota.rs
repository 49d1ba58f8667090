//! How much the browser lets this site store, and whether it may take it away again.
//!
//! The browser's numbers are estimates: they may refuse a model before its first byte, never promise that it fits.

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::StorageUse;

/// The most free storage that Chromium reports, lest its size tell people apart; the true limit is 60 % of the disk.
const REPORT_CEILING: u64 = 10 << 30;

/// Refuses a model of `total` bytes that would not fit, by what the browser reported.
pub fn check(storage: StorageUse, total: u64) -> Result<()> {
    let StorageUse { used, quota, .. } = storage;
    // The browser stores a little beside the file.
    let needed = total.saturating_add(total / 20);
    let free = quota.saturating_sub(used);
    // A browser that tells no quota may still store, and one at its ceiling may have more; the write will tell.
    if quota == 0 || free >= REPORT_CEILING || needed <= free {
        return Ok(());
    }
    let message = format!(
        "the model needs {needed} bytes of browser storage with a margin of 5 %, but {free} are free ({used} of \
         {quota} in use); remove a model, free disk space, leave a private window, or choose a smaller model"
    );
    Err(Error::new(ErrorKind::StorageFull, message))
}

#[cfg(target_arch = "wasm32")]
pub use asking::{check_space, storage_use};

/// What needs the browser itself.
#[cfg(target_arch = "wasm32")]
mod asking {
    use super::check;
    use crate::error::Result;
    use crate::protocol::StorageUse;
    use crate::storage::{fault, opfs};
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use web_sys::StorageEstimate;

    /// Storage in use and at hand, as the browser tells; of models nothing is known here.
    pub async fn storage_use() -> Result<StorageUse> {
        let failed = |e: JsValue| fault::error("asking how much storage there is", &e);
        let manager = opfs::manager()?;
        let estimate: StorageEstimate =
            JsFuture::from(manager.estimate().map_err(failed)?).await.map_err(failed)?.unchecked_into();
        let persisted = match manager.persisted() {
            Ok(promise) => JsFuture::from(promise).await.ok().and_then(|answer| answer.as_bool()),
            Err(_) => None,
        };
        let bytes = |number: Option<f64>| number.map_or(0, |number| number as u64);
        let (used, quota) = (bytes(estimate.get_usage()), bytes(estimate.get_quota()));
        Ok(StorageUse { used, quota, persisted, ..StorageUse::default() })
    }

    /// Refuses `total` bytes that would not fit, before the first is stored.
    pub async fn check_space(total: u64) -> Result<()> {
        check(storage_use().await?, total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn fits(used: u64, quota: u64, total: u64) -> bool {
        check(StorageUse { used, quota, ..StorageUse::default() }, total).is_ok()
    }

    #[test]
    fn a_model_needs_its_size_and_a_margin() {
        assert!(fits(100, 2200, 2000));
        assert!(!fits(101, 2200, 2000));
        assert!(!fits(0, 5 * GIB, 5 * GIB));
        assert!(!fits(3000, 2000, 1));
    }

    #[test]
    fn the_message_has_both_numbers() {
        let error = check(StorageUse { quota: 1000, ..StorageUse::default() }, 2000).expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        assert!(error.message().contains("2100") && error.message().contains("1000"), "{error}");
    }

    #[test]
    fn a_report_that_says_nothing_refuses_nothing() {
        assert!(fits(0, 0, 40 * GIB));
        // Chromium: whatever the disk, use plus ten gibibytes.
        assert!(fits(7 * GIB, 17 * GIB, 40 * GIB));
        assert!(fits(0, u64::MAX, u64::MAX));
    }
}
