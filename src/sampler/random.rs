//! The seeded generator behind the draws: xoshiro256**, seeded by SplitMix64.
//!
//! Written out here, in twenty lines, so that a seed gives the same answer in every version and on every platform; a
//! library may change its generator. Not for secrets. Wrapping arithmetic is the algorithm, not an oversight.
//!
//! Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021); reference code
//! at <https://prng.di.unimi.it/xoshiro256starstar.c> and <https://prng.di.unimi.it/splitmix64.c>.

/// xoshiro256**: 256 bits of state, period 2^256 - 1.
#[derive(Debug, Clone)]
pub(super) struct Random {
    state: [u64; 4],
}

impl Random {
    /// The generator of a seed. SplitMix64 spreads the seed over the state, as its authors advise: no seed, 0
    /// included, gives the all-zero state that xoshiro could never leave.
    pub(super) fn new(seed: u64) -> Self {
        let mut split = seed;
        let state = std::array::from_fn(|_| {
            split = split.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = split;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        });
        Self { state }
    }

    /// The next 64 bits.
    fn bits(&mut self) -> u64 {
        let [s0, s1, s2, s3] = self.state;
        let result = s1.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let (t2, t3) = (s2 ^ s0, s3 ^ s1);
        self.state = [s0 ^ t3, s1 ^ t2, t2 ^ (s1 << 17), t3.rotate_left(45)];
        result
    }

    /// A number from 0 to just below 1, in steps of 2^-53: all that an f64 can hold there evenly.
    pub(super) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_generator_is_the_published_one() {
        // First values of SplitMix64 for seed 1234567, known from its authors' code and many ports.
        assert_eq!(Random::new(1_234_567).state[..2], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
        // First values of xoshiro256** from the state 1, 2, 3, 4, as in the tests of the `rand_xoshiro` crate.
        let mut random = Random { state: [1, 2, 3, 4] };
        let first: Vec<u64> = (0..5).map(|_| random.bits()).collect();
        assert_eq!(first, [11520, 0, 1_509_978_240, 1_215_971_899_390_074_240, 1_216_172_134_540_287_360]);
    }

    #[test]
    fn units_stay_below_one_and_spread_evenly() {
        let mut random = Random::new(0);
        let mut sum = 0.0;
        for _ in 0..10_000 {
            let unit = random.unit();
            assert!((0.0..1.0).contains(&unit), "{unit} is not in 0..1");
            sum += unit;
        }
        // The mean of 10,000 has a standard deviation of 0.0029.
        assert!((sum / 10_000.0 - 0.5).abs() < 0.015, "the mean is {}", sum / 10_000.0);
    }
}
