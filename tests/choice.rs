//! The choice among kernel variants: measured once, remembered, and overruled by the user.

#![cfg(feature = "lab")]

use inkstone::engine::choice::{Demand, choose};
use inkstone::error::ErrorKind;
use inkstone::gpu::{Gpu, GpuOptions};
use inkstone::kernels::{Attention, KvShape, MatvecVariant, Packed, Ranking, Variant};
use inkstone::protocol::{KernelSpeed, KvType};
use inkstone::quant::DType;

/// A model whose speed matters, with matrices that a software adapter multiplies at once.
fn demand(bytes: u64) -> Demand {
    let kv = KvShape { kv_type: KvType::F16, kv_heads: 2, context: 64, head_dim: 64 };
    let matrices = vec![Packed { dtype: DType::Q8_0, rows: 256, cols: 256, first_row: 0 }];
    Demand { matrices, attention: Attention { heads: 4, kv }, bytes }
}

#[test]
fn variants_are_measured_once_and_a_wish_comes_first() {
    // One test: burn has one device in a process. It binds less than the whole matrix, and not what 128 tokens make of it.
    let options = GpuOptions { max_binding_bytes: Some(48 << 10), ..Default::default() };
    let gpu = pollster::block_on(Gpu::open(options)).expect("a Vulkan driver");
    let choose = |demand: &Demand, forced: &[&str], known: &[KernelSpeed]| {
        let forced: Vec<String> = forced.iter().map(|name| (*name).to_owned()).collect();
        pollster::block_on(choose(&gpu, demand, &forced, known))
    };

    // The guide is answered sooner than measured.
    let small = choose(&demand(5 << 20), &[], &[]).expect("chooses");
    assert_eq!((small.ranking, small.speeds), (Ranking::suited_to(&gpu), vec![]));

    let large = demand(1 << 30);
    let ranked = choose(&large, &[], &[]).expect("chooses").ranking;
    let suited = Ranking::suited_to(&gpu);
    let lengths = |ranking: &Ranking| {
        let Ranking { matvec, matmul, attention } = ranking;
        (matvec.of(DType::Q8_0).len(), matmul.of(DType::Q8_0).len(), attention.len())
    };
    assert_eq!(lengths(&ranked), lengths(&suited), "what cannot be tried is still there");
    assert_eq!(ranked.matmul.of(DType::Q8_0), suited.matmul.of(DType::Q8_0), "and keeps its order");
    let mut known = choose(&large, &[], &[]).expect("chooses").speeds;
    assert!(!known.is_empty() && known.iter().all(|speed| speed.seconds > 0.0), "{known:?}");
    // What was beyond the first load's patience is measured at the next ones, and what was not is not measured again.
    for _ in 0..8 {
        let next = choose(&large, &[], &known).expect("chooses").speeds;
        assert!(known.iter().all(|speed| next.contains(speed)), "{known:?} became {next:?}");
        known = next;
    }
    let matvecs = known.iter().filter(|speed| speed.kernel.starts_with("matvec")).count();
    assert_eq!(matvecs, MatvecVariant::by_preference(&gpu).len(), "{known:?}");

    // The fastest comes first, whatever suits the device.
    let Some(last) = MatvecVariant::by_preference(&gpu).pop() else { panic!("there are variants") };
    let mut told = known.clone();
    for speed in told.iter_mut().filter(|speed| speed.kernel.starts_with(last.name())) {
        speed.seconds = 1e-9;
    }
    let ranked = choose(&large, &[], &told).expect("chooses").ranking;
    assert_eq!(ranked.matvec.of(DType::Q8_0).first(), Some(&last));
    assert_eq!(
        ranked.matvec.of(DType::Q4K),
        Ranking::suited_to(&gpu).matvec.of(DType::Q4K),
        "types that are not there"
    );

    let forced = choose(&large, &["matvec_lanes", "attention_tiles"], &told).expect("chooses").ranking.first();
    assert_eq!(forced.matvec.of(DType::Q8_0).name(), "matvec_lanes");
    assert_eq!(forced.attention.name(), "attention_tiles");
    let error = choose(&large, &["matvec_magic"], &told).expect_err("there is no such kernel");
    assert_eq!(error.kind(), ErrorKind::BadRequest);
}
