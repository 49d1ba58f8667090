//! Which kernel variants the visitor forces, if any. Without that the engine takes the fastest of those that are right.
//! Pure.

/// A job for which there are kernels of several variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Writing: products of a matrix and a vector.
    Decode,
    /// Reading a prompt: products of two matrices.
    Prompt,
}

impl Job {
    /// In the order of the settings.
    pub const ALL: [Self; 2] = [Self::Decode, Self::Prompt];

    /// Its variants, by the names that the engine has for them.
    pub const fn variants(self) -> &'static [&'static str] {
        match self {
            Self::Decode => &["matvec_rows", "matvec_quads", "matvec_lanes", "matvec_subgroups"],
            Self::Prompt => &["matmul_rows", "matmul_quads", "matmul_tiles"],
        }
    }

    /// The variant that `kernels` force for it.
    pub fn forced(self, kernels: &[String]) -> Option<&'static str> {
        self.variants().iter().copied().find(|name| kernels.iter().any(|kernel| kernel == name))
    }

    /// `kernels` with `choice` forced for it; with none, if `choice` is no variant of it.
    pub fn force(self, kernels: &[String], choice: &str) -> Vec<String> {
        let choice = self.variants().iter().copied().find(|name| *name == choice);
        let each = Self::ALL.into_iter().map(|job| if job == self { choice } else { job.forced(kernels) });
        each.flatten().map(str::to_owned).collect()
    }
}

/// Those of `kernels` that there are. What was kept on an earlier visit may name one that is gone, and that must not
/// keep a model from loading.
pub fn known(kernels: &[String]) -> Vec<String> {
    Job::ALL.into_iter().filter_map(|job| job.forced(kernels)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn a_choice_takes_the_place_of_the_one_before_and_leaves_the_other_job_alone() {
        let both = Job::Decode.force(&names(&["matmul_tiles"]), "matvec_lanes");
        assert_eq!(both, names(&["matvec_lanes", "matmul_tiles"]));
        assert_eq!(Job::Decode.force(&both, "matvec_rows"), names(&["matvec_rows", "matmul_tiles"]));
        assert_eq!(Job::Prompt.force(&both, ""), names(&["matvec_lanes"]));
    }

    #[test]
    fn a_variant_of_the_other_job_is_no_choice() {
        assert_eq!(Job::Prompt.force(&[], "matvec_rows"), names(&[]));
    }

    #[test]
    fn what_is_forced_is_found_again() {
        for job in Job::ALL {
            assert_eq!(job.forced(&[]), None);
            for name in job.variants() {
                assert_eq!(job.forced(&job.force(&[], name)), Some(*name));
            }
        }
    }

    #[test]
    fn a_variant_that_is_gone_is_left_out() {
        assert_eq!(known(&names(&["matmul_tiles", "matvec_wings"])), names(&["matmul_tiles"]));
        assert_eq!(Job::Prompt.force(&names(&["matvec_wings"]), "matmul_rows"), names(&["matmul_rows"]));
    }
}
