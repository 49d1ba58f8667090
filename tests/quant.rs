//! The dequantisers against golden weights from another implementation (see `fixtures/make_dequant.py`), bit for bit.

use inkstone::quant::{DType, dequantize, first_not_finite};
use std::collections::BTreeMap;

/// The golden cases: for each type, some blocks and the bits of their weights.
fn golden() -> BTreeMap<String, (Vec<u8>, Vec<u32>)> {
    let json: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(include_str!("fixtures/dequant.json")).unwrap();
    let case = |case: &BTreeMap<String, String>| {
        let weights = unhex(&case["weights"]);
        let bits = weights.as_chunks::<4>().0.iter().map(|raw| u32::from_le_bytes(*raw)).collect();
        (unhex(&case["bytes"]), bits)
    };
    json.iter().map(|(name, json)| (name.clone(), case(json))).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn dequantised_weights_equal_the_golden_ones_bit_for_bit() {
    let golden = golden();
    for dtype in DType::ALL {
        let (bytes, expected) = &golden[dtype.name()];
        assert!(expected.len() >= 2 * dtype.block_len(), "{dtype}: too few weights to mean much");
        let mut weights = vec![0.0; expected.len()];
        dequantize(dtype, bytes, &mut weights).unwrap();
        for (i, (weight, expected)) in weights.iter().zip(expected).enumerate() {
            let golden = f32::from_bits(*expected);
            assert_eq!(weight.to_bits(), *expected, "{dtype}, weight {i}: {weight}, expected {golden}");
        }
        assert_eq!(first_not_finite(dtype, bytes), None, "{dtype}");
    }
    assert_eq!(golden.len(), DType::ALL.len());
}

#[test]
fn weights_are_finite_exactly_where_the_scan_says_so() {
    // Every block in turn gets a scale of all ones, which is NaN.
    for (name, (bytes, _)) in golden() {
        let dtype = DType::ALL.into_iter().find(|dtype| dtype.name() == name).unwrap();
        let blocks = bytes.len() / dtype.block_bytes();
        for poisoned in 0..blocks {
            let mut bytes = bytes.clone();
            let block = &mut bytes[poisoned * dtype.block_bytes()..][..dtype.block_bytes()];
            let scale = dtype.planes().iter().rfind(|field| field.scale).unwrap();
            block[scale.range()].fill(0xff);
            let mut weights = vec![0.0; blocks * dtype.block_len()];
            dequantize(dtype, &bytes, &mut weights).unwrap();
            let first = weights.iter().position(|weight| !weight.is_finite()).map(|i| (i / dtype.block_len()) as u64);
            assert_eq!(first, Some(poisoned as u64), "{dtype}");
            assert_eq!(first_not_finite(dtype, &bytes), first, "{dtype}");
        }
    }
}
