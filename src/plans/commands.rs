//! What changes plans and what users have.

pub mod adjust;
pub mod apply;
pub mod grant;
pub mod offer;
mod standing;

pub use self::standing::{Review, Standing};
