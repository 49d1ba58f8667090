//! What an exception of the browser's storage means, in the words and kinds of this crate.
//!
//! The one place that knows the browser's names for faults.

use crate::error::ErrorKind;

/// The kind of an exception called `name`.
pub fn kind_of(name: &str) -> ErrorKind {
    match name {
        "QuotaExceededError" => ErrorKind::StorageFull,
        // A file has one writer; a second one, in whichever tab, gets one of these by browser.
        "NoModificationAllowedError" | "InvalidStateError" => ErrorKind::Busy,
        // Private windows and blocked site data.
        "SecurityError" | "NotAllowedError" => ErrorKind::StorageUnavailable,
        "NotFoundError" => ErrorKind::NotFound,
        _ => ErrorKind::Storage,
    }
}

/// What a person can do about a fault of `kind`.
pub fn advice(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::StorageFull => "browser storage is full; remove a model or free disk space",
        ErrorKind::Busy => "it is in use here or in another tab; unload the model or close that tab, then try again",
        ErrorKind::StorageUnavailable => {
            "the browser refuses storage to this site; leave private mode or allow site data"
        }
        ErrorKind::NotFound => "it is not in browser storage; add the model again",
        _ => "reload the page; if that does not help, remove the model and add it again",
    }
}

/// The error for an exception met while doing `what`, such as "opening x.gguf".
#[cfg(target_arch = "wasm32")]
pub fn error(what: &str, exception: &wasm_bindgen::JsValue) -> crate::error::Error {
    let exception = crate::source::browser::Exception::from(exception);
    let kind = kind_of(&exception.name);
    crate::error::Error::new(kind, format!("{what} failed ({exception}): {}", advice(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browsers_names_find_their_kinds() {
        for (name, kind) in [
            ("QuotaExceededError", ErrorKind::StorageFull),
            ("NoModificationAllowedError", ErrorKind::Busy),
            ("InvalidStateError", ErrorKind::Busy),
            ("SecurityError", ErrorKind::StorageUnavailable),
            ("NotAllowedError", ErrorKind::StorageUnavailable),
            ("NotFoundError", ErrorKind::NotFound),
            ("UnknownError", ErrorKind::Storage),
            ("", ErrorKind::Storage),
        ] {
            assert_eq!(kind_of(name), kind, "{name}");
        }
    }
}
