//! Corrections as somebody would send them.

use super::calendar;
use super::clerk::Clerk;
use super::deed::{Amendment, Session, Sitting};
use super::form;
use super::reference::WMPT;
use tallystick_domain::codes::CorrectionReason;
use tallystick_domain::command::{Amendment as Amends, CorrectionAsked, Given};
use tallystick_domain::event::{Event, PlacementStarted};
use tallystick_domain::id::EventId;

impl Clerk<'_> {
    /// The corrections that put a record right.
    pub(super) fn corrections(&self, amendment: Amendment) -> Vec<CorrectionAsked<Given>> {
        use CorrectionReason::{Duplicate, EnteredWrongly, NewEvidence};
        let asked = |target, op, reason| CorrectionAsked { target, op, reason };
        match amendment {
            Amendment::Identity { registered } => {
                let op = Amends::ReplaceIdentity {
                    person: self.life.person.id,
                    occurred_on: calendar::date(self.life.sentence.imposed).into(),
                    identity: self.identity(false),
                };
                let target = EventId::derive(WMPT, self.life.command_id(registered), 0);
                vec![asked(target, op, EnteredWrongly)]
            }
            Amendment::Session { of, really } => {
                vec![asked(self.recorded_session(of), replace_session(really), EnteredWrongly)]
            }
            Amendment::NoSession { of } => {
                vec![asked(self.recorded_session(of), Amends::Void, Duplicate)]
            }
            Amendment::StartedOn { of, day } => {
                let op = Amends::Replace {
                    occurred_on: calendar::date(day).into(),
                    event: Box::new(PlacementStarted {}.into()),
                };
                vec![asked(self.recorded_session(of), op, EnteredWrongly)]
            }
            Amendment::Pardon { absence, excused, warning } => {
                let warned = EventId::derive(WMPT, self.life.command_id(warning), 0);
                let session = self.recorded_session(absence);
                // The warning first: without it, the absence is no ground of anything.
                vec![
                    asked(warned, Amends::Void, NewEvidence),
                    asked(session, replace_session(excused), NewEvidence),
                ]
            }
        }
    }

    /// The event of a session (or a start) that was a command of its own.
    pub(super) fn recorded_session(&self, session: Session) -> EventId {
        let provider = self.life.service(self.partnership, session.course).provider;
        EventId::derive(provider, self.life.command_id(session.serial), 0)
    }
}

fn replace_session(sitting: Sitting) -> Amends<Given> {
    Amends::Replace {
        occurred_on: calendar::date(sitting.day).into(),
        event: Box::new(Event::from(form::attendance(sitting))),
    }
}
