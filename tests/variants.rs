//! The kernel variants that the page offers are those that the engine has.

#![cfg(feature = "lab")]

use inkstone::kernels::{MatmulVariant, MatvecVariant, Variant};
use inkstone::ui::variants::Job;

fn names<V: Variant>() -> Vec<&'static str> {
    V::ALL.iter().map(|variant| variant.name()).collect()
}

#[test]
fn the_page_offers_every_variant_by_its_name() {
    assert_eq!(Job::Decode.variants(), names::<MatvecVariant>());
    assert_eq!(Job::Prompt.variants(), names::<MatmulVariant>());
}
