//! The promises, asked of a world as it is: each broken one is named with what it was seen on.

use crate::Trouble;
use crate::play::Play;

/// All promises that can be asked at any instant.
pub fn now(_play: &mut Play) -> Result<(), Trouble> {
    Ok(())
}
