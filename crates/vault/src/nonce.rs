use std::cell::RefCell;

use crate::cipher::NONCE;

/// Nonces drawn from the system at once, per thread. A nonce is no secret, so they may wait in
/// memory; one system call for each would cost as much as the sealing.
const DRAWN: usize = 256;

struct Drawn {
    bytes: [u8; DRAWN * NONCE],
    used: usize,
}

thread_local! {
    static NONCES: RefCell<Drawn> =
        const { RefCell::new(Drawn { bytes: [0; DRAWN * NONCE], used: DRAWN }) };
}

/// A random nonce, never given out before.
pub(crate) fn random() -> Result<[u8; NONCE], getrandom::Error> {
    NONCES.with_borrow_mut(|drawn| {
        if drawn.used == DRAWN {
            getrandom::fill(&mut drawn.bytes)?;
            drawn.used = 0;
        }
        let (nonces, _) = drawn.bytes.as_chunks();
        let nonce = nonces[drawn.used];
        drawn.used += 1;
        Ok(nonce)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn nonces_do_not_repeat_across_draws_and_threads() {
        let draw = || (0..3 * DRAWN).map(|_| random().unwrap()).collect::<Vec<_>>();
        let other = std::thread::spawn(draw);
        let mut all = draw();
        all.extend(other.join().unwrap());
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), 6 * DRAWN);
    }
}
