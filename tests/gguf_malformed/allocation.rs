//! The largest allocation that a claim in a file can cause, watched by the allocator of this test program.

use super::{bad, load};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    /// The largest allocation of this thread; tests of other threads do not disturb it.
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which notes how much is asked for.
struct Watching;

#[global_allocator]
static WATCHING: Watching = Watching;

fn note(bytes: usize) {
    // While a thread ends, its cell may be gone already.
    let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(bytes)));
}

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[test]
fn no_claim_makes_more_room_than_the_file_has_bytes() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/bad");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let bytes = bad(&name);
        LARGEST.set(0);
        let _ = load(&bytes);
        // A growing list may be twice too large, and an item takes up to three times its bytes in the file.
        let largest = LARGEST.get();
        assert!(largest <= 6 * bytes.len().max(256), "{name}: {largest} bytes at once for {} of file", bytes.len());
    }
}
