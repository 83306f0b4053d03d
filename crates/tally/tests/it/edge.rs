//! Which tiles are given out, and that the edge can be made again from them.

use tallystick_tally::{Edge, EdgeError, Hash, TILE_BYTES, TILE_WIDTH, Tile, leaf, node};

use crate::sample::{self, Log, size};

fn in_tree(level: u8, index: u64, leaves: u64) -> Tile {
    Tile::in_tree(level, index, size(leaves)).expect("in that tree")
}

/// The example of tlog-tiles, "Partial Tiles".
#[test]
fn a_tree_of_70_000_has_the_tiles_that_the_specification_says() {
    let log = Log::of_size(70_000);
    let full = |level| log.full.keys().filter(|tile| tile.level() == level).count();
    assert_eq!((full(0), full(1), full(2)), (273, 1, 0));
    let partial: Vec<_> =
        Tile::partial_in_tree(size(70_000)).map(|t| (t.level(), t.index(), t.width())).collect();
    assert_eq!(partial, [(0, 273, 112), (1, 1, 17), (2, 0, 1)]);

    for tile in log.full.keys() {
        assert!(tile.is_full());
        assert_eq!(log.full[tile].len(), TILE_BYTES);
        assert_eq!(log.edge.tile(*tile), None, "only what is not stored is at the edge");
    }
    for tile in Tile::partial_in_tree(size(70_000)) {
        assert_eq!(log.edge.tile(tile).map(<[u8]>::len), Some(usize::from(tile.width()) * 32));
    }
}

#[test]
fn a_tree_of_256_has_a_full_tile_and_one_hash_above_it() {
    let log = Log::of_size(256);
    assert_eq!(log.full.keys().copied().collect::<Vec<_>>(), [in_tree(0, 0, 256)]);
    let above: Vec<_> = Tile::partial_in_tree(size(256)).collect();
    assert_eq!(above, [in_tree(1, 0, 256)]);
    assert_eq!(log.edge.tile(above[0]), Some(&log.edge.head().root.as_bytes()[..]));
}

/// tlog-tiles, "Merkle Tree": MTH(D[(n * 256 + i) * 256**l : (n * 256 + i + 1) * 256**l]).
#[test]
fn each_hash_of_a_tile_is_the_root_of_its_leaves() {
    const LEAVES: u64 = 66_000;
    let log = Log::of_size(LEAVES);
    let mut level: Vec<Hash> = (0..LEAVES).map(|index| sample::entry(index).leaf()).collect();
    for height in 0..3 {
        for (n, hashes) in level.chunks(TILE_WIDTH.into()).enumerate() {
            let tile = in_tree(height, n as u64, LEAVES);
            let expected: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
            assert_eq!(log.tile(tile), Ok(&expected[..]), "{tile}");
        }
        let mut above = level;
        for _ in 0..8 {
            above = above.chunks_exact(2).map(|pair| node(pair[0], pair[1])).collect();
        }
        level = above;
    }
}

#[test]
fn a_narrower_tile_is_the_beginning_of_a_wider() {
    let log = Log::of_size(300);
    let now = in_tree(0, 1, 300);
    for then in 257..300 {
        let tile = in_tree(0, 1, then);
        assert!(tile.is_in(size(300)) && !now.is_in(size(then)));
        let bytes = log.edge.tile(tile).expect("at the edge");
        assert_eq!(bytes, &log.edge.tile(now).expect("at the edge")[..bytes.len()]);
    }
    assert_eq!(log.edge.tile(in_tree(0, 1, 301)), None, "wider than it is yet");
    assert_eq!(log.edge.tile(in_tree(3, 0, 1 << 24)), None, "no such level yet");
}

#[test]
fn the_edge_is_made_again_from_full_tiles_and_the_last_leaves() {
    for leaves in [0, 1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_792, 131_072, 140_007]
    {
        let log = Log::of_size(leaves);
        let mut edge =
            Edge::from_full_tiles(leaves / 256, |tile| log.tile(tile)).expect("all tiles");
        assert!(log.read.borrow().iter().all(|tile| tile.is_full()), "only full tiles are stored");
        for index in leaves / 256 * 256..leaves {
            edge.append(sample::entry(index).leaf(), |tile, _| panic!("{tile} was full before"));
        }
        assert_eq!(edge, log.edge, "{leaves} leaves");
        assert_eq!(edge.head(), log.edge.head());
    }
}

#[test]
fn an_edge_is_not_made_of_tiles_that_are_missing_or_cut() {
    let log = Log::of_size(600);
    let missing = in_tree(0, 1, 600);
    let read = |tile| if tile == missing { Err("gone") } else { log.tile(tile).map_err(|_| "?") };
    assert_eq!(Edge::from_full_tiles(2, read), Err(EdgeError::Read("gone")));
    let cut =
        Edge::from_full_tiles(2, |tile| log.tile(tile).map(|bytes| &bytes[..TILE_BYTES - 32]));
    assert!(
        matches!(cut, Err(EdgeError::Tile(error)) if error.found == TILE_BYTES - 32),
        "{cut:?}"
    );
}

#[test]
fn another_tile_gives_another_root() {
    let log = Log::of_size(512);
    let other = [leaf(b"other").as_bytes().as_slice(); 256].concat();
    let read = |tile: Tile| if tile.index() == 0 { Ok(&other[..]) } else { log.tile(tile) };
    let edge = Edge::from_full_tiles(2, read).expect("tiles of the right length");
    assert_ne!(edge.head(), log.edge.head());
}
