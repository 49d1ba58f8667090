//! Gathers changes and applies them once per animation frame.
//!
//! Tokens and bytes arrive far more often than the screen is drawn; without this every one of them would lay out the
//! page again. A hidden tab draws no frames, so whoever ends a request calls [`Frame::flush`].

use leptos::prelude::request_animation_frame;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// What has gathered since the last frame, and where it goes.
#[derive(Clone)]
pub struct Frame<T>(Rc<Inner<T>>);

struct Inner<T> {
    gathered: RefCell<T>,
    awaited: Cell<Awaited>,
    apply: Box<dyn Fn(T)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Awaited {
    Nothing,
    NextFrame,
}

impl<T: Default + 'static> Frame<T> {
    /// Applies what gathers with `apply`.
    pub fn new(apply: impl Fn(T) + 'static) -> Self {
        Self(Rc::new(Inner {
            gathered: RefCell::new(T::default()),
            awaited: Cell::new(Awaited::Nothing),
            apply: Box::new(apply),
        }))
    }

    /// Adds to what has gathered; it is applied with the next frame.
    pub fn gather(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.0.gathered.borrow_mut());
        if self.0.awaited.replace(Awaited::NextFrame) == Awaited::Nothing {
            let inner = self.0.clone();
            request_animation_frame(move || Inner::apply_now(&inner));
        }
    }

    /// Applies what has gathered now.
    pub fn flush(&self) {
        Inner::apply_now(&self.0);
    }
}

impl<T: Default> Inner<T> {
    fn apply_now(this: &Rc<Self>) {
        if this.awaited.replace(Awaited::Nothing) == Awaited::NextFrame {
            let gathered = this.gathered.take();
            (this.apply)(gathered);
        }
    }
}
