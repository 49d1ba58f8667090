//! The table of kernel variants: what there is, what each needs, and which kind of device it is meant for.

use crate::gpu::{DeviceClass, Extension, Gpu};

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

/// One variant of every kernel that has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Variants {
    /// For one token.
    pub matvec: MatvecVariant,
    /// For the tokens of a step.
    pub matmul: MatmulVariant,
    /// For the tokens of a step.
    pub attention: AttentionVariant,
}

impl Variants {
    /// Those to use on `gpu` where nothing is known against them.
    pub fn suited_to(gpu: &Gpu) -> Self {
        Self {
            matvec: MatvecVariant::suited_to(gpu),
            matmul: MatmulVariant::suited_to(gpu),
            attention: AttentionVariant::suited_to(gpu),
        }
    }

    /// Their kernels' names.
    pub fn names(self) -> [&'static str; 3] {
        [self.matvec.name(), self.matmul.name(), self.attention.name()]
    }
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

    /// The first of [`Variant::by_preference`].
    fn suited_to(gpu: &Gpu) -> Self {
        Self::by_preference(gpu).first().copied().unwrap_or(Self::PLAIN)
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
