//! Codes of measures.

use super::mirror;

mirror! {
    /// Which way is better.
    Polarity = tallystick_domain::measure::Polarity {
        /// More.
        Higher,
        /// Less.
        Lower,
    }

    /// What a measure watches.
    Watches = tallystick_domain::measure::Watches {
        /// What is put in.
        Input,
        /// What comes of it.
        Outcome,
    }
}
