//! Where the catalogue's files come from, in the order that the visitor wants. Pure.

use crate::protocol::DownloadPlan;
use crate::source::catalogue::{Mirror, entries};
use serde::{Deserialize, Serialize};

/// The sites that the catalogue's files come from, in the order in which they are tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Mirror>")]
pub struct Sources(Vec<Mirror>);

impl Sources {
    /// In order.
    pub fn order(&self) -> &[Mirror] {
        &self.0
    }

    /// The plan with the addresses of today's order, if it is of a file of the catalogue.
    pub fn arrange(&self, plan: DownloadPlan) -> DownloadPlan {
        let of =
            |url: &String| entries().iter().find(|entry| Mirror::ALL.iter().any(|mirror| entry.url(*mirror) == *url));
        match plan.urls.iter().find_map(of).map(|entry| entry.plan(self.order())) {
            Some(DownloadPlan { urls, pointers, .. }) => DownloadPlan { urls, pointers, ..plan },
            None => plan,
        }
    }

    /// With `mirror` in front.
    pub fn first(&self, mirror: Mirror) -> Self {
        Self::from([&[mirror], self.order()].concat())
    }
}

impl From<Vec<Mirror>> for Sources {
    /// Every one once, those that are not named at the end.
    fn from(named: Vec<Mirror>) -> Self {
        let mut order = Vec::new();
        for mirror in named.into_iter().chain(Mirror::ALL) {
            if !order.contains(&mirror) {
                order.push(mirror);
            }
        }
        Self(order)
    }
}

impl Default for Sources {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_site_is_in_the_order_once_whatever_was_kept() {
        for kept in ["[]", r#"["model_scope"]"#, r#"["hf_mirror", "hf_mirror", "hugging_face"]"#] {
            let Sources(order) = serde_json::from_str(kept).expect(kept);
            assert_eq!(order.len(), Mirror::ALL.len(), "{kept}");
            assert!(Mirror::ALL.iter().all(|mirror| order.contains(mirror)), "{kept}");
        }
        assert_eq!(Sources::default().first(Mirror::ModelScope).order()[0], Mirror::ModelScope);
        assert!(serde_json::from_str::<Sources>(r#""hf_mirror""#).is_err());
    }

    #[test]
    fn a_download_that_was_begun_in_another_order_goes_on_in_todays() {
        let entry = &entries()[0];
        let begun = DownloadPlan { sha256: Some("learned".into()), ..entry.plan(&Mirror::ALL) };
        let today = Sources::default().first(Mirror::ModelScope);
        let plan = today.arrange(begun.clone());
        assert_eq!(plan.urls[0], entry.url(Mirror::ModelScope));
        assert_eq!((plan.sha256, plan.bytes), (begun.sha256, begun.bytes));
        let other = DownloadPlan { urls: vec!["https://site/x.gguf".into()], ..Default::default() };
        assert_eq!(today.arrange(other.clone()), other);
    }
}
