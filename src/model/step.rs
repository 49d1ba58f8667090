//! What a step through the model is made of, and what it is for.

use crate::kernels::step::Unit;

/// What a step of [`Model::forward`](super::Model::forward) is for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Want {
    /// Only to fill the cache: a piece of a prompt that is not its last.
    Cache,
    /// Also the logits of the step's last token.
    Logits,
    /// Also a token that is drawn from them with this number, as [`Model::begin_draws`](super::Model::begin_draws) has set it.
    Draw(Unit),
}

/// What is known of a step's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input<'a> {
    /// All of them.
    Tokens(&'a [u32]),
    /// It is the one token that the last step has drawn, whichever that is.
    Drawn,
}

/// What goes to the GPU at a time of a step of several tokens. Drivers reset a GPU that is busy with one submission for
/// seconds, and the page's own frames get their turn between two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grain {
    /// A block.
    #[default]
    Block,
    /// A launch: for devices on which a block takes too long.
    Launch,
}
