//! Compares numbers with their twin's and says at the end what failed, and how close the rest came to its bound.

use std::fmt::Display;

/// What one test has compared so far.
pub struct Report {
    name: &'static str,
    cases: usize,
    numbers: usize,
    /// The largest error over its bound, and where that was.
    worst: (f64, String),
    failures: Vec<String>,
}

impl Report {
    /// A report for the test of `name`.
    pub fn new(name: &'static str) -> Self {
        Self { name, cases: 0, numbers: 0, worst: (0.0, String::new()), failures: Vec::new() }
    }

    /// Compares `got` with `expected`, number by number; a bound of 0 asks for equality.
    pub fn check(&mut self, case: impl Display, got: &[f32], expected: &[f32], bounds: &[f64]) {
        self.cases += 1;
        self.numbers += got.len();
        assert_eq!((got.len(), expected.len()), (expected.len(), bounds.len()), "{case}: lengths");
        let mut wrong = Vec::new();
        for (i, ((got, expected), bound)) in got.iter().zip(expected).zip(bounds).enumerate() {
            let error = (f64::from(*got) - f64::from(*expected)).abs();
            if error.is_nan() || error > *bound {
                wrong.push(format!("number {i} is {got:e}, expected {expected:e} within {bound:.2e}"));
            } else if *bound > 0.0 && error / bound > self.worst.0 {
                self.worst = (error / bound, case.to_string());
            }
        }
        if let Some(first) = wrong.first() {
            self.failures.push(format!("{case}: {} of {} numbers wrong; {first}", wrong.len(), got.len()));
        }
    }

    /// Compares words that must be equal.
    pub fn check_words(&mut self, case: impl Display, got: &[u32], expected: &[u32]) {
        self.cases += 1;
        self.numbers += got.len();
        assert_eq!(got.len(), expected.len(), "{case}: lengths");
        if let Some(i) = (0..got.len()).find(|i| got[*i] != expected[*i]) {
            self.failures.push(format!("{case}: word {i} is {:08x}, expected {:08x}", got[i], expected[i]));
        }
    }

    /// Fails if any case did.
    pub fn finish(self) {
        let Self { name, cases, numbers, worst: (ratio, place), failures } = self;
        println!("{name}: {cases} cases, {numbers} numbers; worst error {ratio:.4} of its bound ({place})");
        if !failures.is_empty() {
            let shown = failures.iter().take(12).map(String::as_str).collect::<Vec<_>>().join("\n  ");
            panic!("{name}: {} of {cases} cases failed\n  {shown}", failures.len());
        }
    }
}
