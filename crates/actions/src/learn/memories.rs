//! What is remembered of the alerts of a group, for whoever is paged about them.

use domain::detect::board::Board;
use domain::learn::memories::Memory;
use domain::words::GroupId;
use store::{Halt, Tx};

/// What is known of the alerts of a group; nothing, if they led to no incident before.
///
/// # Errors
/// When the database fails.
pub fn of_group(tx: &mut Tx<'_>, board: &Board, group: GroupId) -> Result<Option<Memory>, Halt> {
    if let Some(open) = board.group(group) {
        return Ok(store::learn::memories::of_alerts(tx, group, &open.group.route, &open.group.labels)?);
    }
    let Some((group, _)) = store::detect::groups::get(tx, group)? else { return Ok(None) };
    Ok(store::learn::memories::of_alerts(tx, group.id, &group.route, &group.labels)?)
}
