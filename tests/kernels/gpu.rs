//! The one GPU of this process, on a thread of its own.
//!
//! burn refuses to register a device twice and tests run on many threads; so all of them send their work to the thread
//! that opened it.

use inkstone::error::Result;
use inkstone::gpu::{Buffer, Gpu, GpuOptions, Kernel, Workgroups};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::thread;

type Job = Box<dyn FnOnce(&Result<Gpu>) + Send>;

static JOBS: LazyLock<Mutex<Sender<Job>>> = LazyLock::new(|| {
    let (sender, receiver) = channel::<Job>();
    thread::spawn(move || {
        let gpu = pollster::block_on(Gpu::open(GpuOptions::default()));
        receiver.into_iter().for_each(|job| job(&gpu));
    });
    Mutex::new(sender)
});

/// Runs `work` on the GPU's thread and returns its result; a panic of it becomes one of the caller.
pub fn with<R: Send + 'static>(work: impl FnOnce(&Gpu) -> R + Send + 'static) -> R {
    let (sender, receiver) = channel();
    let job: Job = Box::new(move |gpu| {
        let outcome = catch_unwind(AssertUnwindSafe(|| match gpu {
            Ok(gpu) => work(gpu),
            Err(error) => panic!(
                "{error}\nThese tests need a Vulkan driver, and a software one will do: `cargo xtask test` finds and \
                 uses Mesa's lavapipe, from the package mesa-vulkan-drivers (Debian, Ubuntu, Fedora) or \
                 vulkan-swrast (Arch)"
            ),
        }));
        // Nobody waits any more where the test has gone.
        let _ = sender.send(outcome);
    });
    JOBS.lock().unwrap_or_else(PoisonError::into_inner).send(job).expect("the GPU's thread ends with the process");
    receiver.recv().expect("the GPU's thread answers").unwrap_or_else(|panic| resume_unwind(panic))
}

/// A buffer with these words.
pub fn buffer(gpu: &Gpu, words: &[u32]) -> Buffer {
    let buffer = gpu.allocate(4 * words.len() as u64, "a buffer of a test").expect("tests are small");
    gpu.write(&buffer, words);
    buffer
}

/// Runs one kernel over buffers with the given words; what buffer number `output` holds afterwards.
pub fn run((kernel, workgroups): (&Kernel, Workgroups), buffers: &[&[u32]], output: usize) -> Vec<u32> {
    let kernel = kernel.clone();
    let contents: Vec<Vec<u32>> = buffers.iter().map(|words| words.to_vec()).collect();
    with(move |gpu| {
        let buffers: Vec<Buffer> = contents.iter().map(|words| buffer(gpu, words)).collect();
        gpu.launch(&kernel, workgroups, &buffers.iter().collect::<Vec<_>>());
        let words = pollster::block_on(gpu.read(&buffers[output], contents[output].len()));
        words.unwrap_or_else(|error| panic!("{}: {error}", kernel.name()))
    })
}

/// The bits of floats, as a buffer holds them.
pub fn words(floats: &[f32]) -> Vec<u32> {
    floats.iter().map(|float| float.to_bits()).collect()
}

/// The floats of a buffer's words.
pub fn floats(words: &[u32]) -> Vec<f32> {
    words.iter().map(|word| f32::from_bits(*word)).collect()
}
