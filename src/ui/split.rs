//! Which of the files that a person gives belong together: `name-00001-of-00003.gguf` and its sisters are one model.

use std::collections::BTreeMap;

/// Parts of a model are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// How many were given.
    pub given: usize,
    /// How many there are.
    pub all: usize,
}

/// Puts the places of `names` into groups: the parts of a model in their order, any other file alone.
///
/// # Errors
/// If a split model is not complete.
pub fn group(names: &[String]) -> Result<Vec<Vec<usize>>, Missing> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    let mut split: BTreeMap<(&str, usize), BTreeMap<usize, usize>> = BTreeMap::new();
    for (place, name) in names.iter().enumerate() {
        match part(name) {
            Some((stem, number, all)) if all > 1 => {
                split.entry((stem, all)).or_default().insert(number, place);
            }
            _ => groups.push(vec![place]),
        }
    }
    for ((_, all), parts) in split {
        if parts.len() < all {
            return Err(Missing { given: parts.len(), all });
        }
        groups.push(parts.into_values().collect());
    }
    Ok(groups)
}

/// Name of the model, number of the part, and how many there are.
fn part(name: &str) -> Option<(&str, usize, usize)> {
    let rest = name.strip_suffix(".gguf").or_else(|| name.strip_suffix(".GGUF"))?;
    let (rest, all) = rest.rsplit_once("-of-")?;
    let (stem, number) = rest.rsplit_once('-')?;
    let whole = |digits: &str| (digits.len() == 5).then(|| digits.parse().ok()).flatten();
    Some((stem, whole(number)?, whole(all)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(names: &[&str]) -> Result<Vec<Vec<usize>>, Missing> {
        group(&names.iter().map(|name| name.to_string()).collect::<Vec<_>>())
    }

    #[test]
    fn parts_come_together_in_their_order() {
        let names = ["m-00003-of-00003.gguf", "x.gguf", "m-00001-of-00003.gguf", "m-00002-of-00003.gguf"];
        assert_eq!(groups(&names), Ok(vec![vec![1], vec![2, 3, 0]]));
    }

    #[test]
    fn a_missing_part_is_told() {
        assert_eq!(groups(&["m-00001-of-00003.gguf"]), Err(Missing { given: 1, all: 3 }));
        let twice = ["m-00001-of-00002.gguf", "n-00002-of-00002.gguf"];
        assert_eq!(groups(&twice), Err(Missing { given: 1, all: 2 }));
    }

    #[test]
    fn other_names_are_models_of_their_own() {
        for name in ["x.gguf", "x-of-y.gguf", "x-1-of-2.gguf", "x-00001-of-00001.gguf", "", "语-of-.gguf"] {
            assert_eq!(groups(&[name]), Ok(vec![vec![0]]), "{name}");
        }
        assert_eq!(groups(&[]), Ok(vec![]));
    }
}
