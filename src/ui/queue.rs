//! A line in front of the engine: it does one thing at a time, and whoever wants it next waits for its turn.
//!
//! Without it a load that comes right behind a stop would be refused as busy, since a stop takes effect only between
//! two tokens. Who no longer wants to wait drops the future and leaves the line. Pure.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

/// The line. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Queue(Rc<RefCell<Line>>);

#[derive(Debug, Default)]
struct Line {
    next: u64,
    /// The first one has its turn.
    places: VecDeque<Place>,
}

#[derive(Debug)]
struct Place {
    number: u64,
    waker: Option<Waker>,
}

impl Queue {
    /// Waits for its turn, which lasts until the pass is dropped.
    pub async fn pass(&self) -> Pass {
        let pass = self.join();
        poll_fn(|context| pass.poll(context.waker())).await;
        pass
    }

    fn join(&self) -> Pass {
        let mut line = self.0.borrow_mut();
        let number = line.next;
        line.next += 1;
        line.places.push_back(Place { number, waker: None });
        Pass { number, queue: self.clone() }
    }
}

/// A place in the line; once [`Queue::pass`] has returned it, the turn itself.
#[derive(Debug)]
#[must_use = "the turn is over when this is dropped"]
pub struct Pass {
    number: u64,
    queue: Queue,
}

impl Pass {
    fn poll(&self, waker: &Waker) -> Poll<()> {
        let mut line = self.queue.0.borrow_mut();
        if line.places.front().is_none_or(|first| first.number == self.number) {
            return Poll::Ready(());
        }
        if let Some(place) = line.places.iter_mut().find(|place| place.number == self.number) {
            place.waker = Some(waker.clone());
        }
        Poll::Pending
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let next = {
            let mut line = self.queue.0.borrow_mut();
            line.places.retain(|place| place.number != self.number);
            line.places.front_mut().and_then(|first| first.waker.take())
        };
        // Outside of the borrow: a waker may run at once.
        if let Some(waker) = next {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_its_turn(pass: &Pass) -> bool {
        pass.poll(Waker::noop()).is_ready()
    }

    #[test]
    fn turns_come_in_the_order_of_asking() {
        let queue = Queue::default();
        let (first, second, third) = (queue.join(), queue.join(), queue.join());
        assert!(has_its_turn(&first) && !has_its_turn(&second) && !has_its_turn(&third));
        drop(first);
        assert!(has_its_turn(&second) && !has_its_turn(&third));
        drop(second);
        assert!(has_its_turn(&third));
    }

    #[test]
    fn who_leaves_the_line_holds_up_nobody() {
        let queue = Queue::default();
        let (first, second, third) = (queue.join(), queue.join(), queue.join());
        drop(second);
        assert!(!has_its_turn(&third));
        drop(first);
        assert!(has_its_turn(&third));
        drop(third);
        assert!(has_its_turn(&queue.join()));
    }
}
