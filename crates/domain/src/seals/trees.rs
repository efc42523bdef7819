//! The Merkle tree of RFC 6962, 2.1: its root, and the path that shows that a leaf is in it.
//!
//! Works on complete subtrees, wherever they are kept: a caller fetches the one of 2^level leaves at a place of its
//! level. So a tree of millions of leaves is proven in a few look-ups. No consistency proofs: whoever has the whole
//! tree finds its earlier roots by looking.

use sha2::{Digest as _, Sha256};

use super::Hash;

/// The hash of two subtrees: SHA-256 of a byte 1, the left and the right.
pub fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The root of a tree without leaves.
pub fn empty() -> Hash {
    Sha256::digest([]).into()
}

/// The root over the first `size` leaves. `fetch` answers a complete subtree by its level and its place in it.
pub fn root<E>(size: u64, fetch: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    if size == 0 { Ok(empty()) } else { subtree(0, size, fetch) }
}

/// The path from a leaf to the root over the first `size` leaves, from below.
pub fn path<E>(leaf: u64, size: u64, fetch: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Vec<Hash>, E> {
    let (mut from, mut to, mut path) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + split(to - from);
        if leaf < middle {
            path.push(subtree(middle, to, fetch)?);
            to = middle;
        } else {
            path.push(subtree(from, middle, fetch)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// The root that a path leads to, if it is as long as such a path is (RFC 9162, 2.1.3.2).
pub fn climb(leaf: &Hash, place: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    if place >= size {
        return None;
    }
    let (mut place, mut last, mut hash) = (place, size - 1, *leaf);
    for sibling in path {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 || place == last {
            hash = node(sibling, &hash);
            while place & 1 == 0 && place != 0 {
                place >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

/// The right edge of a tree: the roots of the complete subtrees that it is made of. Enough to go on with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    /// The largest first.
    peaks: Vec<Hash>,
}

impl Edge {
    /// The edge of the tree over the first `size` leaves.
    pub fn load<E>(size: u64, fetch: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Self, E> {
        let (mut from, mut peaks) = (0_u64, Vec::new());
        for level in (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1) {
            peaks.push(fetch(level, from >> level)?);
            from += 1 << level;
        }
        Ok(Self { size, peaks })
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf, and answers the complete subtrees that end with it, from its own upward: what `fetch` is asked for
    /// later.
    pub fn push(&mut self, leaf: Hash) -> Vec<Hash> {
        let mut all = vec![leaf];
        for _ in 0..self.size.trailing_ones() {
            if let (Some(left), Some(right)) = (self.peaks.pop(), all.last()) {
                all.push(node(&left, right));
            }
        }
        self.peaks.extend(all.last());
        self.size += 1;
        all
    }

    pub fn root(&self) -> Hash {
        let mut rising = self.peaks.iter().rev();
        let lowest = rising.next().copied();
        lowest.map_or_else(empty, |lowest| rising.fold(lowest, |right, left| node(left, &right)))
    }
}

/// A tree in memory.
#[derive(Clone, Debug, Default)]
pub struct Tree(Vec<Vec<Hash>>);

impl Tree {
    pub fn of(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let mut tree = Self::default();
        for leaf in leaves {
            tree.push(leaf);
        }
        tree
    }

    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for level in 0.. {
            if self.0.len() == level {
                self.0.push(Vec::new());
            }
            let row = &mut self.0[level];
            row.push(hash);
            if row.len() % 2 == 1 {
                break;
            }
            hash = node(&row[row.len() - 2], &row[row.len() - 1]);
        }
    }

    pub fn size(&self) -> u64 {
        self.0.first().map_or(0, Vec::len) as u64
    }

    pub fn root(&self) -> Hash {
        root(self.size(), &mut self.fetch()).unwrap_or_else(|Missing| empty())
    }

    /// The path of a leaf; empty if there is no such leaf.
    pub fn path(&self, leaf: u64) -> Vec<Hash> {
        path(leaf, self.size(), &mut self.fetch()).unwrap_or_default()
    }

    fn fetch(&self) -> impl FnMut(u32, u64) -> Result<Hash, Missing> {
        |level, place| {
            let row = self.0.get(level as usize).ok_or(Missing)?;
            row.get(usize::try_from(place).map_err(|_| Missing)?).copied().ok_or(Missing)
        }
    }
}

/// A subtree that is not there.
#[derive(Debug)]
struct Missing;

/// The tree over the leaves of a range that begins where a complete subtree of its size may.
fn subtree<E>(from: u64, to: u64, fetch: &mut impl FnMut(u32, u64) -> Result<Hash, E>) -> Result<Hash, E> {
    let size = to - from;
    if size.is_power_of_two() {
        let level = size.trailing_zeros();
        return fetch(level, from >> level);
    }
    let middle = from + split(size);
    let left = subtree(from, middle, fetch)?;
    Ok(node(&left, &subtree(middle, to, fetch)?))
}

/// The largest power of two below a size of two or more.
fn split(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

#[cfg(test)]
mod tests {
    use super::super::records::leaf;
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len() / 2).map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap()).collect()
    }

    /// The leaves of the reference implementation of RFC 6962, certificate-transparency's `merkle_tree_test.cc`.
    fn inputs() -> Vec<Vec<u8>> {
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
            .map(hex)
            .to_vec()
    }

    #[test]
    fn roots_are_those_of_the_reference_implementation() {
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        assert_eq!(empty().to_vec(), hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
        let mut tree = Tree::default();
        for (input, root) in inputs().iter().zip(roots) {
            tree.push(leaf(input));
            assert_eq!(tree.root().to_vec(), hex(root), "{} leaves", tree.size());
        }
    }

    #[test]
    fn paths_are_those_of_the_reference_implementation() {
        let tree = |size: usize| Tree::of(inputs()[..size].iter().map(|input| leaf(input)));
        let expected = [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ];
        assert_eq!(tree(8).path(0).len(), 3);
        assert_eq!(
            tree(5).path(1),
            [
                hex("6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
                hex(expected[0]),
                hex(expected[1]),
            ]
            .map(|hash| Hash::try_from(hash).unwrap())
        );
    }

    #[test]
    fn every_leaf_of_every_small_tree_is_proven_and_nothing_else_is() {
        for size in 1..=33_u64 {
            let leaves: Vec<Hash> = (0..size).map(|at| leaf(&at.to_be_bytes())).collect();
            let tree = Tree::of(leaves.iter().copied());
            for place in 0..size {
                let path = tree.path(place);
                let own = &leaves[usize::try_from(place).unwrap()];
                assert_eq!(climb(own, place, size, &path), Some(tree.root()), "{place} of {size}");
                for other in (0..size + 2).filter(|other| *other != place) {
                    assert_ne!(climb(own, other, size, &path), Some(tree.root()), "{place} as {other} of {size}");
                }
                for at in 0..path.len() {
                    let mut wrong = path.clone();
                    wrong[at][0] ^= 1;
                    assert_ne!(climb(own, place, size, &wrong), Some(tree.root()));
                    assert_eq!(climb(own, place, size, &path[..at]), None, "cut short");
                }
                let longer = [path.as_slice(), &[[0; 32]]].concat();
                assert_eq!(climb(own, place, size, &longer), None, "too long");
            }
        }
    }

    #[test]
    fn a_tree_that_is_kept_by_what_each_leaf_completes_is_the_same_tree() {
        let mut kept: Vec<Vec<Hash>> = Vec::new();
        let (mut tree, mut edge) = (Tree::default(), Edge::default());
        for at in 0..70_u64 {
            let new = leaf(&at.to_be_bytes());
            kept.push(edge.push(new));
            tree.push(new);
            let mut fetch = |level: u32, place: u64| {
                let holder = usize::try_from(((place + 1) << level) - 1).unwrap();
                kept.get(holder).and_then(|all| all.get(level as usize)).copied().ok_or(())
            };
            assert_eq!(root(at + 1, &mut fetch).unwrap(), tree.root());
            assert_eq!((edge.root(), edge.size()), (tree.root(), tree.size()));
            assert_eq!(Edge::load(at + 1, &mut fetch).unwrap(), edge);
            for leaf in 0..=at {
                assert_eq!(path(leaf, at + 1, &mut fetch).unwrap(), tree.path(leaf));
            }
        }
    }
}
