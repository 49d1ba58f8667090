//! What `inkstone.bench` is asked to measure. Pure.

use crate::protocol::BenchPlan;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads `{prompt, generate, depth, repeats, kernels}`: what is missing, or null, is as usual. An error names the field
/// and what was expected; whether the model can do what is asked is for the engine to say.
pub fn read(options: &Value) -> Result<BenchPlan, String> {
    if !options.is_object() && !options.is_null() {
        return Err(format!("expected {{prompt, generate, depth, repeats, kernels}}, got {options}"));
    }
    let usual = BenchPlan::default();
    Ok(BenchPlan {
        prompt: field(options, "prompt", usual.prompt)?,
        generate: field(options, "generate", usual.generate)?,
        depth: field(options, "depth", usual.depth)?,
        repeats: field(options, "repeats", usual.repeats)?,
        kernels: field(options, "kernels", usual.kernels)?,
    })
}

/// serde's own message names no field, so each is read by itself.
fn field<T: DeserializeOwned>(options: &Value, name: &str, usual: T) -> Result<T, String> {
    match options.get(name) {
        None | Some(Value::Null) => Ok(usual),
        Some(given) => serde_json::from_value(given.clone()).map_err(|error| format!("{name}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_missing_is_as_usual() {
        let usual = BenchPlan::default();
        assert_eq!(read(&json!({})), Ok(usual));
        assert_eq!(read(&Value::Null), Ok(usual));
        assert_eq!(read(&json!({"prompt": null, "depth": 64})), Ok(BenchPlan { depth: 64, ..usual }));
        let all = json!({"prompt": 1, "generate": 2, "depth": 3, "repeats": 4, "kernels": true});
        let plan = BenchPlan { prompt: 1, generate: 2, depth: 3, repeats: 4, kernels: true };
        assert_eq!(read(&all), Ok(plan));
    }

    #[test]
    fn a_wrong_type_is_named_with_its_field() {
        let said = |options: Value| read(&options).expect_err("it must be refused");
        assert_eq!(said(json!({"prompt": "many"})), "prompt: invalid type: string \"many\", expected u32");
        assert_eq!(said(json!({"repeats": -1})), "repeats: invalid value: integer `-1`, expected u32");
        assert_eq!(said(json!({"depth": 1.5})), "depth: invalid type: floating point `1.5`, expected u32");
        assert_eq!(said(json!({"kernels": 1})), "kernels: invalid type: integer `1`, expected a boolean");
        assert!(said(json!([128])).ends_with("got [128]"));
    }

    #[test]
    fn a_plan_crosses_to_the_worker_flat() {
        let command = crate::protocol::Command::Bench { plan: BenchPlan::default() };
        let crossed = json!({
            "type": "bench", "prompt": 128, "generate": 32, "depth": 0, "repeats": 5, "kernels": false
        });
        assert_eq!(serde_json::to_value(&command).expect("JSON"), crossed);
    }
}
