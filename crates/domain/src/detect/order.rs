//! Open alerts in the order of their ids, which is the order in which they fired: a list that grows at its end.
//!
//! What is gone stays in the list until half of it is stale.

use super::board::Slot;
use crate::words::AlertId;

#[derive(Debug, Default)]
pub(super) struct Order {
    ids: Vec<AlertId>,
    slots: Vec<Slot>,
    live: usize,
}

/// The slot of an alert that is gone.
const GONE: Slot = Slot::MAX;

impl Order {
    pub(super) fn len(&self) -> usize {
        self.live
    }

    pub(super) fn get(&self, id: AlertId) -> Option<Slot> {
        let place = self.ids.binary_search(&id).ok()?;
        Some(self.slots[place]).filter(|slot| *slot != GONE)
    }

    pub(super) fn insert(&mut self, id: AlertId, slot: Slot) {
        self.live += 1;
        if self.ids.last().is_none_or(|last| *last < id) {
            self.ids.push(id);
            self.slots.push(slot);
            return;
        }
        // Rare: ids of several mints come in one after the other.
        match self.ids.binary_search(&id) {
            Ok(place) => {
                self.live -= usize::from(self.slots[place] != GONE);
                self.slots[place] = slot;
            }
            Err(place) => {
                self.ids.insert(place, id);
                self.slots.insert(place, slot);
            }
        }
    }

    pub(super) fn remove(&mut self, id: AlertId) {
        let Ok(place) = self.ids.binary_search(&id) else { return };
        if std::mem::replace(&mut self.slots[place], GONE) == GONE {
            return;
        }
        self.live -= 1;
        if self.ids.len() > 2 * self.live + 64 {
            let mut slots = self.slots.iter();
            self.ids.retain(|_| slots.next().is_some_and(|slot| *slot != GONE));
            self.slots.retain(|slot| *slot != GONE);
            self.ids.shrink_to(2 * self.live);
            self.slots.shrink_to(2 * self.live);
        }
    }

    /// Oldest first.
    pub(super) fn slots(&self) -> impl Iterator<Item = Slot> {
        self.slots.iter().copied().filter(|slot| *slot != GONE)
    }

    /// Newest first, from before an id.
    pub(super) fn newest_first(&self, before: Option<AlertId>) -> impl Iterator<Item = Slot> {
        let to = before.map_or(self.ids.len(), |before| self.ids.partition_point(|id| *id < before));
        self.slots[..to].iter().rev().copied().filter(|slot| *slot != GONE)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::words::Id;

    proptest! {
        #[test]
        fn it_is_a_map_in_the_order_of_ids(steps in proptest::collection::vec((0u128..300, any::<bool>()), 0..600)) {
            let (mut order, mut map) = (Order::default(), BTreeMap::new());
            for (slot, (bits, there)) in (0..).zip(steps) {
                let id = AlertId::from_bits(bits);
                if there {
                    order.insert(id, slot);
                    map.insert(id, slot);
                } else {
                    order.remove(id);
                    map.remove(&id);
                }
                prop_assert_eq!(order.len(), map.len());
                prop_assert_eq!(order.get(id), map.get(&id).copied());
            }
            prop_assert_eq!(order.slots().collect::<Vec<_>>(), map.values().copied().collect::<Vec<_>>());
            let before = AlertId::from_bits(150);
            let newest: Vec<Slot> = map.range(..before).rev().map(|(_, slot)| *slot).collect();
            prop_assert_eq!(order.newest_first(Some(before)).collect::<Vec<_>>(), newest);
            prop_assert!(order.ids.len() <= 2 * order.live + 64);
        }
    }
}
