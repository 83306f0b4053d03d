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

    /// What a target's value is relative to.
    Relation = tallystick_domain::codes::Relation {
        /// Nothing: the figure itself is to reach it.
        Absolute,
        /// The baseline.
        RelativeToBaseline,
        /// What was predicted for the same people.
        RelativeToPredicted,
    }

    /// How binding a target is.
    TargetStatus = tallystick_domain::codes::TargetStatus {
        /// Agreed with the government, as part of a local area agreement.
        Designated,
        /// The partnership's own.
        Local,
        /// Put off: shown, and not judged.
        Deferred,
    }

    /// How a figure stands against its target.
    MeasureState = tallystick_domain::measure::State {
        /// No better than the baseline.
        Red,
        /// Better than the baseline, short of the target.
        Amber,
        /// The target is met.
        Green,
    }

    /// What an item of a plan is.
    PlanItemKind = tallystick_domain::codes::PlanItemKind {
        /// Something to be done.
        Action,
        /// Something that may go wrong.
        Risk,
        /// Something that the plan waits for.
        Dependency,
        /// A day by which something is there.
        Milestone,
        /// Somebody's look at whether it is right.
        Assurance,
        /// A step in from outside.
        Intervention,
    }

    /// How an item of a plan stands.
    PlanItemState = tallystick_domain::codes::PlanItemState {
        /// Not begun, or still to be watched.
        Open,
        /// Under way.
        UnderWay,
        /// Done, or over.
        Done,
        /// Given up.
        Dropped,
    }

    /// What a measure watches.
    Watches = tallystick_domain::measure::Watches {
        /// What is put in.
        Input,
        /// What comes of it.
        Outcome,
    }
}
