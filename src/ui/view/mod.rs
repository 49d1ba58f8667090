//! The components, one per file. Each shows a part of [`State`](super::state::State) and calls
//! [`library`](super::library) or [`dialogue`](super::dialogue) when it is used; none talks to the worker itself.

mod activity;
mod app;
mod catalogue;
mod chat;
mod composer;
mod copy;
mod fault;
mod file;
mod header;
mod hero;
mod icon;
mod message;
mod models;
mod obstacle;
mod scroll;
mod setting;
mod settings;
mod stats;
mod stored;
mod transcript;

pub use app::mount;
