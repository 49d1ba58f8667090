//! `cargo xtask serve`: builds the site, then serves it to this machine alone.
//!
//! It sends no header that a plain static host would not send, so what works here works anywhere; the one exception
//! keeps a browser from showing yesterday's build.

use crate::{Failure, Outcome, dist};
use axum::Router;
use axum::http::{HeaderValue, header};
use lexopt::prelude::*;
use std::io::ErrorKind;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// Builds unless told not to, and serves until interrupted.
pub fn run(mut arguments: lexopt::Parser) -> Outcome {
    let mut port = 8080;
    let mut build = true;
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("port") => port = arguments.value()?.parse()?,
            Long("no-build") => build = false,
            other => return Err(other.unexpected().into()),
        }
    }
    if build {
        dist::build()?;
    }
    dist::must_exist()?;
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start the server: {error}")))?
        .block_on(serve(port))
}

async fn serve(port: u16) -> Outcome {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Failure::needs(format!("port {port} is in use: give another one with --port")),
        _ => Failure::new(format!("cannot listen on 127.0.0.1:{port}: {error}")),
    })?;
    let port = listener.local_addr().map_or(port, |address| address.port());
    println!("\nInkstone is at http://127.0.0.1:{port}/  (Ctrl+C ends it)");
    let no_cache = SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    let site = Router::new().fallback_service(ServeDir::new(dist::folder())).layer(no_cache);
    axum::serve(listener, site).await.map_err(|error| Failure::new(format!("the server stopped: {error}")))
}
