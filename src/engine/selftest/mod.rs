//! Whether this GPU and its driver compute what they should, and which kernel variants may be used on them.
//!
//! Every kernel that a model needs runs once on a small input, and its result is compared with a stored one. A variant
//! that fails is left out and the next is taken; where none is left the model is not loaded, for a wrong GPU writes
//! fluent nonsense. What was passed on an adapter is not run there again.

pub mod check;
pub mod inputs;
pub mod stored;

use crate::error::{Error, ErrorKind, Result};
use crate::gpu::Gpu;
use crate::kernels::{AttentionVariant, MatmulVariant, MatvecVariant, Ranking, Variant, Variants};
use crate::protocol::{KvType, SelfTestFault, SelfTestReport, Verified};
use crate::quant::DType;
use check::Check;
use std::collections::HashSet;
use stored::Stored;
use web_time::Instant;

/// The kernels that are to be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Types of the matrices.
    pub dtypes: Vec<DType>,
    /// Types of the cache.
    pub kv_types: Vec<KvType>,
    /// Whether variants are checked that would not be used.
    pub coverage: Coverage,
}

/// Which variants to check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// From the best on, until one is right.
    UntilRight,
    /// Every one.
    All,
}

impl Scope {
    /// All kernels.
    pub fn everything() -> Self {
        let kv_types = vec![KvType::F32, KvType::F16, KvType::Q8_0, KvType::Q4_0];
        Self { dtypes: DType::ALL.to_vec(), kv_types, coverage: Coverage::All }
    }
}

/// A self-test of one GPU.
pub struct SelfTest<'a> {
    gpu: &'a Gpu,
    stored: Stored,
    /// Names of checks that need not run again.
    known: HashSet<String>,
    report: SelfTestReport,
}

impl<'a> SelfTest<'a> {
    /// A test that trusts what `verified` says of this adapter. `wrong` is a test's hook: stored results of checks whose
    /// name begins so are falsified.
    ///
    /// # Errors
    /// `Internal` if the stored results cannot be read.
    pub fn new(gpu: &'a Gpu, verified: Option<Verified>, wrong: &[String]) -> Result<Self> {
        let known = verified.filter(|verified| verified.adapter == gpu.name()).map(|verified| verified.checks);
        let mut stored = stored::stored()?;
        for (key, expected) in &mut stored {
            if wrong.iter().any(|wrong| key.starts_with(wrong.as_str())) {
                expected.values.iter_mut().for_each(|value| *value += 1.0);
            }
        }
        let report = SelfTestReport {
            adapter: gpu.name().to_owned(),
            passed: Vec::new(),
            ran: 0,
            failed: Vec::new(),
            variants: Vec::new(),
            answer: None,
            milliseconds: 0.0,
        };
        Ok(Self { gpu, stored, known: known.into_iter().flatten().collect(), report })
    }

    /// Runs the checks of `scope`, variants in the order of `ranking`. The first that are right, if there are any for
    /// every kernel, and the report.
    ///
    /// # Errors
    /// Those that are not a check's own: `GpuLost`, `Internal`.
    pub async fn run(mut self, scope: &Scope, ranking: &Ranking) -> Result<(Option<Variants>, SelfTestReport)> {
        let start = Instant::now();
        let right = self.variants(scope, ranking).await?;
        for dtype in &scope.dtypes {
            self.check(Check::Weights(*dtype)).await?;
        }
        for kv_type in &scope.kv_types {
            self.check(Check::DecodeAttention(*kv_type)).await?;
        }
        for check in [Check::RmsNorm, Check::Rope, Check::SiluMul, Check::Draw] {
            self.check(check).await?;
        }
        self.report.variants = right.as_ref().map_or(Vec::new(), |variants| variants.describe(&scope.dtypes));
        self.report.milliseconds = start.elapsed().as_secs_f64() * 1e3;
        Ok((right, self.report))
    }

    /// The first variant of each kernel that is right.
    async fn variants(&mut self, scope: &Scope, ranking: &Ranking) -> Result<Option<Variants>> {
        let coverage = scope.coverage;
        // Types that are not checked get what would be tried first.
        let Variants { matvec, matmul, .. } = ranking.first();
        let (mut matvec, mut matmul) = (Some(matvec), Some(matmul));
        for dtype in &scope.dtypes {
            let checks = |variant| vec![Check::Matvec(*dtype, variant), Check::Gated(*dtype, variant)];
            let best = self.best(ranking.matvec.of(*dtype), coverage, checks).await?;
            matvec = matvec.zip(best).map(|(all, best)| all.with(*dtype, best));
            let checks = |variant| vec![Check::Matmul(*dtype, variant)];
            let best = self.best(ranking.matmul.of(*dtype), coverage, checks).await?;
            matmul = matmul.zip(best).map(|(all, best)| all.with(*dtype, best));
        }
        let checks =
            |variant| scope.kv_types.iter().map(|kv_type| Check::Attention(*kv_type, variant)).collect::<Vec<_>>();
        let attention: Option<AttentionVariant> = self.best(&ranking.attention, coverage, checks).await?;
        let right = matvec.zip(matmul).zip(attention);
        Ok(right.map(|((matvec, matmul), attention)| Variants { matvec, matmul, attention }))
    }

    /// The first of `variants` that passes all of its checks.
    async fn best<V: Variant>(
        &mut self,
        variants: &[V],
        coverage: Coverage,
        checks: impl Fn(V) -> Vec<Check>,
    ) -> Result<Option<V>> {
        let mut right = None;
        for variant in variants {
            let mut passed = true;
            for check in checks(*variant) {
                passed &= self.check(check).await?;
            }
            if passed && right.is_none() {
                right = Some(*variant);
            }
            if right.is_some() && coverage == Coverage::UntilRight {
                break;
            }
        }
        Ok(right)
    }

    /// Whether a check is passed, now or before.
    async fn check(&mut self, check: Check) -> Result<bool> {
        let name = check.name(self.gpu.limits().max_binding_bytes);
        if !self.known.contains(&name) {
            self.report.ran += 1;
            if let Some(fault) = self.fault(check, &name).await? {
                self.report.failed.push(fault);
                return Ok(false);
            }
        }
        self.report.passed.push(name);
        Ok(true)
    }

    async fn fault(&self, check: Check, name: &str) -> Result<Option<SelfTestFault>> {
        let expected = stored::of(&self.stored, check)?;
        let mut fault = SelfTestFault {
            check: name.to_owned(),
            expected: 0.0,
            found: None,
            tolerance: expected.tolerance,
            error: None,
        };
        let found = match check.run(self.gpu).await {
            Ok(found) => found,
            Err(error) if error.kind() == ErrorKind::GpuLost => return Err(error),
            Err(error) => {
                fault.error = Some(error.to_string());
                return Ok(Some(fault));
            }
        };
        // A NaN is within no tolerance.
        let right = |(found, value): (&f32, &f32)| (found - value).abs() <= expected.tolerance;
        let wrong = found.iter().zip(&expected.values).find(|pair| !right(*pair));
        Ok(wrong.map(|(found, value)| {
            fault.expected = *value;
            fault.found = found.is_finite().then_some(*found);
            fault
        }))
    }
}

/// What a report means for a load: the variants to use.
///
/// # Errors
/// `SelfTestFailed`, naming the adapter and each check, if a kernel has no variant that is right.
pub fn verdict(right: Option<Variants>, report: &SelfTestReport) -> Result<Variants> {
    // A variant that fails costs nothing as long as there is another.
    let is_right = right.is_some();
    let replaced = |fault: &&SelfTestFault| is_right && is_variant(&fault.check);
    let hopeless: Vec<String> =
        report.failed.iter().filter(|fault| !replaced(fault)).map(ToString::to_string).collect();
    match right {
        Some(variants) if hopeless.is_empty() => Ok(variants),
        _ => {
            let message = format!(
                "the GPU \"{}\" computes wrong results: {}; update the graphics driver or the browser, or try another \
                 browser or GPU",
                report.adapter,
                hopeless.join("; ")
            );
            Err(Error::new(ErrorKind::SelfTestFailed, message))
        }
    }
}

/// Whether a check is one of a kernel that has variants.
fn is_variant(check: &str) -> bool {
    let names = MatvecVariant::ALL.iter().map(|variant| variant.name());
    let names = names.chain(MatmulVariant::ALL.iter().map(|variant| variant.name()));
    names.chain(AttentionVariant::ALL.iter().map(|variant| variant.name())).any(|name| check.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::ByType;

    fn report(failed: &[&str]) -> SelfTestReport {
        let fault = |check: &&str| SelfTestFault {
            check: (*check).to_owned(),
            expected: 1.0,
            found: Some(2.0),
            tolerance: 1e-6,
            error: None,
        };
        SelfTestReport {
            adapter: "Test GPU".into(),
            passed: Vec::new(),
            ran: 0,
            failed: failed.iter().map(fault).collect(),
            variants: Vec::new(),
            answer: None,
            milliseconds: 0.0,
        }
    }

    #[test]
    fn a_variant_that_fails_is_replaced_and_anything_else_is_named() {
        let plain = Variants {
            matvec: ByType::all(MatvecVariant::PLAIN),
            matmul: ByType::all(MatmulVariant::PLAIN),
            attention: AttentionVariant::PLAIN,
        };
        let right = || Some(plain.clone());
        assert_eq!(verdict(right(), &report(&[])).expect("clean"), plain);
        assert_eq!(verdict(right(), &report(&["matvec_rows Q8_0 #1"])).expect("replaced"), plain);
        assert_eq!(verdict(right(), &report(&["matmul_quads Q8_0 #1"])).expect("replaced"), plain);
        let error = verdict(right(), &report(&["rms_norm #1"])).expect_err("no variant of it");
        assert_eq!(error.kind(), ErrorKind::SelfTestFailed);
        assert!(error.to_string().contains("Test GPU") && error.to_string().contains("rms_norm"), "{error}");
        assert!(verdict(None, &report(&["matvec_rows Q8_0 #1", "matvec_lanes Q8_0 #1"])).is_err());
    }

    #[test]
    fn every_check_has_a_name_of_its_own_and_a_stored_result() {
        let stored = stored::stored().expect("readable");
        let names: HashSet<String> = Check::all().into_iter().map(|check| check.name(u64::MAX)).collect();
        assert_eq!(names.len(), Check::all().len());
        for check in Check::all() {
            let expected = stored::of(&stored, check).expect("stored");
            assert_eq!(expected.values.len(), check::SAMPLES, "{}", check.key());
            assert!(expected.tolerance >= 0.0 && expected.values.iter().any(|value| *value != 0.0), "{}", check.key());
        }
    }
}
