//! Keeps the newest text in sight, until the reader scrolls up.
//!
//! Only the reader lets go: the smallest step upwards does, growing text never does, and coming back to the bottom
//! takes hold again.

use leptos::prelude::*;
use leptos::{ev, html};
use web_sys::HtmlElement;

/// Closer than this to the bottom counts as the bottom.
const NEAR: i32 = 32;

/// Whether the view goes with the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It does.
    Bottom,
    /// The reader is elsewhere.
    Free,
}

/// Follows the end of a scrolling element.
#[derive(Clone, Copy)]
pub struct Follow {
    /// The element that scrolls.
    pub node: NodeRef<html::Div>,
    /// Whether it follows.
    pub hold: RwSignal<Hold>,
    last_top: StoredValue<i32>,
}

impl Follow {
    /// Follows the element that will get `node`.
    pub fn new() -> Self {
        let follow = Self { node: NodeRef::new(), hold: RwSignal::new(Hold::Bottom), last_top: StoredValue::new(0) };
        let resized = window_event_listener(ev::resize, move |_| follow.settle());
        on_cleanup(move || resized.remove());
        follow
    }

    /// After the text has changed: goes to its end, unless the reader is elsewhere.
    pub fn settle(self) {
        if self.hold.get_untracked() == Hold::Bottom {
            self.to_bottom();
        }
    }

    /// Goes to the end and follows from now on.
    pub fn jump(self) {
        self.hold.set(Hold::Bottom);
        self.to_bottom();
    }

    /// The reader has turned upwards.
    pub fn release(self) {
        let scrolls = self.element().is_some_and(|element| element.scroll_height() > element.client_height());
        if scrolls {
            self.set(Hold::Free);
        }
    }

    /// The element has scrolled, for whatever reason.
    pub fn scrolled(self) {
        let Some(element) = self.element() else { return };
        let top = element.scroll_top();
        let before = self.last_top.get_value();
        self.last_top.set_value(top);
        if element.scroll_height() - element.client_height() - top <= NEAR {
            if top >= before {
                self.set(Hold::Bottom);
            }
        } else if top < before {
            self.set(Hold::Free);
        }
    }

    fn to_bottom(self) {
        if let Some(element) = self.element() {
            element.set_scroll_top(element.scroll_height());
        }
    }

    fn element(self) -> Option<HtmlElement> {
        self.node.get_untracked().map(|node| (*node).clone())
    }

    fn set(self, hold: Hold) {
        if self.hold.get_untracked() != hold {
            self.hold.set(hold);
        }
    }
}
