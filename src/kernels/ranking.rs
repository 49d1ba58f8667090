//! The variants of every kernel in the order in which they are to be tried: by what is known of the device, by what was
//! measured, by what the user wants.

use super::variants::ByType;
use super::{AttentionVariant, MatmulVariant, MatvecVariant, Variant, Variants};
use crate::error::{Error, ErrorKind, Result};
use crate::gpu::Gpu;

/// The variants that a GPU can run, the one to use first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    /// For one token.
    pub matvec: ByType<Vec<MatvecVariant>>,
    /// For the tokens of a step.
    pub matmul: ByType<Vec<MatmulVariant>>,
    /// For the tokens of a step.
    pub attention: Vec<AttentionVariant>,
}

impl Ranking {
    /// By the kind of device that each is meant for.
    pub fn suited_to(gpu: &Gpu) -> Self {
        Self {
            matvec: ByType::all(MatvecVariant::by_preference(gpu)),
            matmul: ByType::all(MatmulVariant::by_preference(gpu)),
            attention: AttentionVariant::by_preference(gpu),
        }
    }

    /// The first of each.
    pub fn first(&self) -> Variants {
        Variants {
            matvec: self.matvec.map(|variants| best(variants)),
            matmul: self.matmul.map(|variants| best(variants)),
            attention: best(&self.attention),
        }
    }

    /// Puts the variants called `names` first, where this GPU can run them: a choice made on another one keeps nothing from
    /// working here.
    ///
    /// # Errors
    /// `BadRequest` for a name that no variant has.
    pub fn force(&mut self, names: &[String]) -> Result<()> {
        for name in names {
            check_name(name)?;
            self.matvec.each_mut().for_each(|list| first(list, name));
            self.matmul.each_mut().for_each(|list| first(list, name));
            first(&mut self.attention, name);
        }
        Ok(())
    }
}

/// The first, or the plain one where there is none.
fn best<V: Variant>(variants: &[V]) -> V {
    variants.first().copied().unwrap_or(V::PLAIN)
}

/// Puts the variant called `name` first, if it is there.
fn first<V: Variant>(variants: &mut [V], name: &str) {
    let at = variants.iter().position(|variant| variant.name() == name);
    if let Some(before) = at.and_then(|at| variants.get_mut(..=at)) {
        before.rotate_right(1);
    }
}

fn check_name(name: &str) -> Result<()> {
    let known = names::<MatvecVariant>().chain(names::<MatmulVariant>()).chain(names::<AttentionVariant>());
    let known: Vec<&str> = known.collect();
    if known.contains(&name) {
        return Ok(());
    }
    Err(Error::new(ErrorKind::BadRequest, format!("there is no kernel {name:?}; there are {}", known.join(", "))))
}

fn names<V: Variant>() -> impl Iterator<Item = &'static str> {
    V::ALL.iter().map(|variant| variant.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranking() -> Ranking {
        Ranking {
            matvec: ByType::all(vec![MatvecVariant::Quads, MatvecVariant::Rows, MatvecVariant::Lanes]),
            matmul: ByType::all(vec![MatmulVariant::Tiles]),
            attention: vec![AttentionVariant::Tiles],
        }
    }

    #[test]
    fn what_is_forced_comes_first_and_the_rest_keeps_its_order() {
        let mut ranking = ranking();
        ranking.force(&["matvec_lanes".into(), "attention_tiles".into()]).expect("can be had");
        let order = [MatvecVariant::Lanes, MatvecVariant::Quads, MatvecVariant::Rows];
        assert_eq!(*ranking.matvec.of(crate::quant::DType::Q4K), order);
    }

    #[test]
    fn what_cannot_be_had_here_changes_nothing_and_what_is_nowhere_is_refused() {
        let mut same = ranking();
        same.force(&["matmul_quads".into()]).expect("exists");
        assert_eq!(same, ranking());
        let error = ranking().force(&["matvec_magic".into()]).expect_err("does not exist").to_string();
        assert!(error.contains("matvec_rows"), "{error}");
    }
}
