//! Why the snapshot is made of `imbl` maps: what publishing and reading costs with each map that
//! was considered. `cargo run --release -p tallystick-views --example maps`
//!
//! Keys are case names, values shared pointers, 200,000 entries (a ledger of some four million
//! events). "Publish" is: change n entries, then keep a copy for readers.

use hashbrown::DefaultHashBuilder;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;
use tallystick_domain::{CaseKey, id::PersonId};

const ENTRIES: u32 = 200_000;
const ROUNDS: u32 = 2_000;

trait Map: Clone + Default {
    fn set(&mut self, key: CaseKey, value: Arc<u64>);
    fn value(&self, key: &CaseKey) -> Option<&Arc<u64>>;
}

type Imbl =
    imbl::GenericHashMap<CaseKey, Arc<u64>, DefaultHashBuilder, imbl::shared_ptr::DefaultSharedPtr>;

impl Map for Imbl {
    fn set(&mut self, key: CaseKey, value: Arc<u64>) {
        self.insert(key, value);
    }
    fn value(&self, key: &CaseKey) -> Option<&Arc<u64>> {
        self.get(key)
    }
}

impl Map for imbl::OrdMap<CaseKey, Arc<u64>> {
    fn set(&mut self, key: CaseKey, value: Arc<u64>) {
        self.insert(key, value);
    }
    fn value(&self, key: &CaseKey) -> Option<&Arc<u64>> {
        self.get(key)
    }
}

type Rpds = rpds::HashTrieMap<CaseKey, Arc<u64>, archery::ArcTK, DefaultHashBuilder>;

impl Map for Rpds {
    fn set(&mut self, key: CaseKey, value: Arc<u64>) {
        self.insert_mut(key, value);
    }
    fn value(&self, key: &CaseKey) -> Option<&Arc<u64>> {
        self.get(key)
    }
}

/// A plain table that is copied whole.
type Copied = hashbrown::HashMap<CaseKey, Arc<u64>>;

impl Map for Copied {
    fn set(&mut self, key: CaseKey, value: Arc<u64>) {
        self.insert(key, value);
    }
    fn value(&self, key: &CaseKey) -> Option<&Arc<u64>> {
        self.get(key)
    }
}

/// Plain tables by the first byte and a half of the key, each copied when it is changed.
#[derive(Clone)]
struct Sharded(Vec<Arc<Copied>>);

impl Default for Sharded {
    fn default() -> Self {
        Self(vec![Arc::default(); 4096])
    }
}

fn shard(key: &CaseKey) -> usize {
    match key {
        CaseKey::Person(PersonId(id)) => usize::from(id[0]) << 4 | usize::from(id[1] >> 4),
        _ => 0,
    }
}

impl Map for Sharded {
    fn set(&mut self, key: CaseKey, value: Arc<u64>) {
        Arc::make_mut(&mut self.0[shard(&key)]).insert(key, value);
    }
    fn value(&self, key: &CaseKey) -> Option<&Arc<u64>> {
        self.0[shard(key)].get(key)
    }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
}

fn measure<M: Map>(name: &str, keys: &[CaseKey]) {
    let value = Arc::new(0);
    let before = resident_kib();
    let began = Instant::now();
    let mut map = M::default();
    for key in keys {
        map.set(*key, Arc::clone(&value));
    }
    let build = began.elapsed();
    let grown = resident_kib().saturating_sub(before);
    let mut dice = StdRng::seed_from_u64(7);
    let mut publish = |changes: u32, rounds: u32| {
        let mut published = map.clone();
        let began = Instant::now();
        for _ in 0..rounds {
            for _ in 0..changes {
                map.set(keys[dice.random_range(0..keys.len())], Arc::clone(&value));
            }
            published = map.clone();
        }
        black_box(&published);
        began.elapsed().as_secs_f64() * 1e6 / f64::from(rounds)
    };
    let rounds = if name.starts_with("copied") { 20 } else { ROUNDS };
    let one = publish(1, rounds);
    let many = publish(256, rounds / 10);
    let began = Instant::now();
    let mut found = 0_u64;
    for key in keys {
        found += map.value(key).map_or(1, |value| **value);
    }
    black_box(found);
    let read = began.elapsed().as_secs_f64() * 1e9 / f64::from(ENTRIES);
    println!(
        "{name:<28} publish 1: {one:>9.1} us  256: {many:>9.1} us  read: {read:>5.0} ns  build: {:>4} ms  {:>4} bytes/entry",
        build.as_millis(),
        grown * 1024 / u64::from(ENTRIES),
    );
}

fn main() {
    let mut dice = StdRng::seed_from_u64(1);
    let keys: Vec<_> = (0..ENTRIES).map(|_| CaseKey::Person(PersonId(dice.random()))).collect();
    measure::<Imbl>("imbl hash map", &keys);
    measure::<imbl::OrdMap<CaseKey, Arc<u64>>>("imbl ordered map", &keys);
    measure::<Rpds>("rpds hash trie", &keys);
    measure::<Sharded>("4,096 copied-on-write tables", &keys);
    measure::<Copied>("copied whole", &keys);
}
