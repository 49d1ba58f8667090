//! The table of kernel variants: what there is, what each needs, and which kind of device it is meant for.

use crate::gpu::{DeviceClass, Extension, Gpu};
use crate::quant::DType;

/// The ways to multiply a matrix with one vector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatvecVariant {
    /// Whole rows an invocation.
    Rows,
    /// The same, and four invocations share what they load of the vector.
    Quads,
    /// Sixteen invocations a row.
    Lanes,
    /// A workgroup a row, added up within subgroups.
    Subgroups,
}

/// The ways to multiply a matrix with the vectors of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatmulVariant {
    /// Whole rows an invocation.
    Rows,
    /// The same, and four invocations share what they load of the vectors.
    Quads,
    /// A tile a workgroup, through workgroup memory.
    Tiles,
}

/// The ways to attend from the tokens of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttentionVariant {
    /// A query an invocation, and four share what they load of keys and values.
    Queries,
    /// A query a workgroup, through workgroup memory.
    Tiles,
}

/// A choice for each type of weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByType<T> {
    usual: T,
    special: Vec<(DType, T)>,
}

impl<T> ByType<T> {
    /// The same for all types.
    pub fn all(usual: T) -> Self {
        Self { usual, special: Vec::new() }
    }

    /// Chooses for one type.
    pub fn set(&mut self, dtype: DType, choice: T) {
        self.special.retain(|(of, _)| *of != dtype);
        self.special.push((dtype, choice));
    }

    /// These choices with another one for one type.
    pub fn with(mut self, dtype: DType, choice: T) -> Self {
        self.set(dtype, choice);
        self
    }

    /// The choice for a type.
    pub fn of(&self, dtype: DType) -> &T {
        self.special.iter().find(|(of, _)| *of == dtype).map_or(&self.usual, |(_, choice)| choice)
    }

    /// The same choices in another form.
    pub fn map<U>(&self, form: impl Fn(&T) -> U) -> ByType<U> {
        let special = self.special.iter().map(|(of, choice)| (*of, form(choice))).collect();
        ByType { usual: form(&self.usual), special }
    }

    /// Every choice, to be changed.
    pub fn each_mut(&mut self) -> impl Iterator<Item = &mut T> {
        std::iter::once(&mut self.usual).chain(self.special.iter_mut().map(|(_, choice)| choice))
    }
}

/// One variant of every kernel that has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variants {
    /// For one token.
    pub matvec: ByType<MatvecVariant>,
    /// For the tokens of a step.
    pub matmul: ByType<MatmulVariant>,
    /// For the tokens of a step.
    pub attention: AttentionVariant,
}

impl Variants {
    /// Their names, each with the types of weights it is used for, of a model with weights of `dtypes`.
    pub fn describe(&self, dtypes: &[DType]) -> Vec<String> {
        let mut names = grouped(dtypes, |dtype| self.matvec.of(dtype).name());
        names.extend(grouped(dtypes, |dtype| self.matmul.of(dtype).name()));
        names.push(self.attention.name().to_owned());
        names
    }
}

/// `dtypes` by name, in the order of their first mention.
fn grouped(dtypes: &[DType], name: impl Fn(DType) -> &'static str) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for dtype in dtypes {
        let name = name(*dtype);
        match groups.iter_mut().find(|(known, _)| *known == name) {
            Some((_, of)) => of.push(dtype.name()),
            None => groups.push((name, vec![dtype.name()])),
        }
    }
    groups.into_iter().map(|(name, of)| format!("{name}: {}", of.join(", "))).collect()
}

/// What a kernel has variants of.
pub trait Variant: Copy + Eq + Sized + 'static {
    /// Every variant.
    const ALL: &'static [Self];

    /// One that every device can run.
    const PLAIN: Self;

    /// The kernel's name.
    fn name(self) -> &'static str;

    /// What its shader uses beyond plain WGSL. Nothing may assume the size of a subgroup.
    fn extension(self) -> Extension;

    /// The kind of device it is meant for.
    fn suits(self) -> DeviceClass;

    /// The variants that `gpu` can run, the one that suits it best first.
    fn by_preference(gpu: &Gpu) -> Vec<Self> {
        let can_run = |variant: &Self| variant.extension() == Extension::None || gpu.limits().subgroups;
        let mut variants: Vec<Self> = Self::ALL.iter().copied().filter(can_run).collect();
        variants.sort_by_key(|variant| (variant.suits() != gpu.class(), variant.extension() == Extension::None));
        variants
    }
}

impl Variant for MatvecVariant {
    const ALL: &'static [Self] = &[Self::Rows, Self::Quads, Self::Lanes, Self::Subgroups];
    const PLAIN: Self = Self::Lanes;

    fn name(self) -> &'static str {
        match self {
            Self::Rows => "matvec_rows",
            Self::Quads => "matvec_quads",
            Self::Lanes => "matvec_lanes",
            Self::Subgroups => "matvec_subgroups",
        }
    }

    fn extension(self) -> Extension {
        match self {
            Self::Rows | Self::Lanes => Extension::None,
            Self::Quads | Self::Subgroups => Extension::Subgroups,
        }
    }

    fn suits(self) -> DeviceClass {
        match self {
            Self::Rows | Self::Quads => DeviceClass::Software,
            Self::Lanes | Self::Subgroups => DeviceClass::Gpu,
        }
    }
}

impl Variant for MatmulVariant {
    const ALL: &'static [Self] = &[Self::Rows, Self::Quads, Self::Tiles];
    const PLAIN: Self = Self::Tiles;

    fn name(self) -> &'static str {
        match self {
            Self::Rows => "matmul_rows",
            Self::Quads => "matmul_quads",
            Self::Tiles => "matmul_tiles",
        }
    }

    fn extension(self) -> Extension {
        match self {
            Self::Rows | Self::Tiles => Extension::None,
            Self::Quads => Extension::Subgroups,
        }
    }

    fn suits(self) -> DeviceClass {
        match self {
            Self::Rows | Self::Quads => DeviceClass::Software,
            Self::Tiles => DeviceClass::Gpu,
        }
    }
}

impl Variant for AttentionVariant {
    const ALL: &'static [Self] = &[Self::Queries, Self::Tiles];
    const PLAIN: Self = Self::Tiles;

    fn name(self) -> &'static str {
        match self {
            Self::Queries => "attention_queries",
            Self::Tiles => "attention_tiles",
        }
    }

    fn extension(self) -> Extension {
        match self {
            Self::Queries => Extension::Subgroups,
            Self::Tiles => Extension::None,
        }
    }

    fn suits(self) -> DeviceClass {
        match self {
            Self::Queries => DeviceClass::Software,
            Self::Tiles => DeviceClass::Gpu,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_named_with_their_types() {
        let mut variants = Variants {
            matvec: ByType::all(MatvecVariant::Lanes),
            matmul: ByType::all(MatmulVariant::Tiles),
            attention: AttentionVariant::Tiles,
        };
        let dtypes = [DType::Q4K, DType::Q6K, DType::F32];
        let all = ["matvec_lanes: Q4_K, Q6_K, F32", "matmul_tiles: Q4_K, Q6_K, F32", "attention_tiles"];
        assert_eq!(variants.describe(&dtypes), all);
        variants.matvec.set(DType::Q6K, MatvecVariant::Rows);
        assert_eq!(variants.describe(&dtypes)[..2], ["matvec_lanes: Q4_K, F32", "matvec_rows: Q6_K"]);
    }
}
