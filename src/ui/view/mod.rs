//! The components, one per file. Each shows a part of [`State`](super::state::State) and calls
//! [`library`](super::library), [`transfer`](super::transfer), [`loading`](super::loading), [`dialogue`](super::dialogue) or
//! [`checkup`](super::checkup) when it is used; none talks to the worker itself.

mod activity;
mod app;
mod beginning;
mod beside;
mod catalogue;
mod chat;
mod checkup;
mod composer;
mod copy;
mod fault;
mod file;
mod fit;
mod header;
mod hero;
mod icon;
mod in_line;
mod kernels;
mod message;
mod meter;
mod models;
mod obstacle;
mod progress;
mod removed;
mod renewal;
mod resume;
mod room;
mod row;
mod scroll;
mod setting;
mod settings;
mod stats;
mod stored;
mod tabs;
mod transcript;
mod transfer;
mod unfinished;

pub use app::mount;
