//! `lab shaders`: the text of every kernel, for shader compilers other than the one at hand.
//!
//! Natively kernels go through naga, in Chromium through Tint, and each refuses what the other lets pass. A test
//! compiles this list in a browser, variants that the browser's own adapter would not choose included.

use crate::error::Result;
use crate::gpu::{DeviceClass, Kernel};
use crate::kernels::{
    Accumulate, Attention, AttentionVariant, Draw, Input, KvShape, KvSide, MatmulVariant, MatvecVariant, Output,
    Packed, Rows, Stretches, Variant, attention, combine, decode_attention, draw, embed, kv_write, matmul, matvec,
    multiplying, reading, repack, rms_norm, rope, silu_mul,
};
use crate::protocol::KvType;
use crate::quant::DType;
use serde_json::{Value, json};

/// Prints `[{"name", "source"}]`.
pub fn shaders() -> Result<()> {
    let mut shaders = Vec::new();
    for dtype in DType::ALL {
        let packed = Packed { dtype, rows: 65, cols: 512, first_row: 64 };
        let mut add = |kernel: Kernel| shaders.push(shader(dtype.name(), &kernel));
        add(embed(&packed).0);
        for variant in MatvecVariant::ALL {
            let normed = Input::Normed { eps: 1e-5 };
            add(matvec(&packed, Input::Plain, Output::Rows(Accumulate::Add), *variant).0);
            add(matvec(&Packed { rows: 66, ..packed }, normed, Output::Gated, *variant).0);
            add(matvec(&packed, normed, Output::Rows(Accumulate::Replace), *variant).0);
        }
        for accumulate in [Accumulate::Replace, Accumulate::Add] {
            for variant in MatmulVariant::ALL {
                add(matmul(&packed, accumulate, 129, *variant).kernel);
            }
        }
        for plane in repack(&packed) {
            add(plane.kernel);
        }
    }
    for kv_type in [KvType::F32, KvType::F16, KvType::Q8_0, KvType::Q4_0] {
        let kv = KvShape { kv_type, kv_heads: 2, context: 128, head_dim: 128 };
        let name = format!("{kv_type:?}");
        for sizes in [Attention { heads: 4, kv }, Attention { heads: 12, kv: KvShape { head_dim: 64, ..kv } }] {
            let kernels = [
                kv_write(&sizes, KvSide::Keys).0,
                kv_write(&sizes, KvSide::Values).0,
                rope(&sizes).0,
                attention(&sizes, AttentionVariant::Queries).kernel,
                attention(&sizes, AttentionVariant::Tiles).kernel,
                decode_attention(&sizes, Stretches::One),
                decode_attention(&sizes, Stretches::Several),
                combine(&sizes),
            ];
            shaders.extend(kernels.iter().map(|kernel| shader(&name, kernel)));
        }
    }
    let Draw { maxima, threshold, gather, draw } = draw(96);
    shaders.extend([maxima, threshold, gather, draw].iter().map(|(kernel, _)| shader("logits", kernel)));
    let ceilings = [reading(1 << 20, DeviceClass::Gpu), reading(1 << 20, DeviceClass::Software), multiplying(8)];
    shaders.extend(ceilings.iter().map(|ceiling| shader("ceilings", &ceiling.kernel)));
    let rest = [rms_norm(96, 1e-5, Rows::All), rms_norm(96, 1e-5, Rows::Last), silu_mul(96).0];
    shaders.extend(rest.iter().map(|kernel| shader("f32", kernel)));
    super::print(&shaders)
}

fn shader(of: &str, kernel: &Kernel) -> Value {
    json!({ "name": format!("{} of {of}", kernel.name()), "source": kernel.standard_source() })
}
