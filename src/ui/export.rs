//! Saving a stored model as a file: the browser copies it from its storage to the user's folder, without going through
//! memory.

use crate::error::{Error, ErrorKind};
use crate::protocol::ErrorReport;
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileSystemDirectoryHandle, FileSystemFileHandle, HtmlAnchorElement, Url};

/// How long the browser may take to begin, after which the address is given up.
const GRACE_MS: u32 = 60_000;

/// Offers the file at `path` in the site's storage for download, as `name`.
///
/// # Errors
/// `Storage` if it cannot be opened.
pub async fn save(path: &str, name: &str) -> Result<(), ErrorReport> {
    let failed = |what: &str| {
        let message = format!("{path:?} cannot be saved: {what}; reload the page and try again");
        ErrorReport::from(&Error::new(ErrorKind::Storage, message))
    };
    let file = open(path).await.ok_or_else(|| failed("its file cannot be opened"))?;
    let url = Url::create_object_url_with_blob(&file).map_err(|_| failed("the browser gives no address for it"))?;
    let link = document().create_element("a").map_err(|_| failed("there is no link to click"))?;
    let link: HtmlAnchorElement = link.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    TimeoutFuture::new(GRACE_MS).await;
    // Given up once: a second time does nothing.
    let _ = Url::revoke_object_url(&url);
    Ok(())
}

async fn open(path: &str) -> Option<File> {
    let (folder, name) = path.rsplit_once('/')?;
    let root = JsFuture::from(window().navigator().storage().get_directory()).await.ok()?;
    let root: FileSystemDirectoryHandle = root.unchecked_into();
    let folder: FileSystemDirectoryHandle =
        JsFuture::from(root.get_directory_handle(folder)).await.ok()?.unchecked_into();
    let handle: FileSystemFileHandle = JsFuture::from(folder.get_file_handle(name)).await.ok()?.unchecked_into();
    JsFuture::from(handle.get_file()).await.ok().map(JsCast::unchecked_into)
}
