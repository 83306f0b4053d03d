//! Invented people: names of plants, weather and tools, and surnames that nobody bears, so that no
//! reader can take them for real and a search of the data folder cannot hit anything else.

use super::dice::{Dice, mix};
use tallystick_domain::codes::IdentifierScheme;
use tallystick_domain::command::Identity;
use tallystick_domain::{Date, Label, Note};

/// Given names.
pub(crate) const GIVEN: [&str; 40] = [
    "Bramble",
    "Drizzle",
    "Chisel",
    "Thistle",
    "Gimlet",
    "Fennel",
    "Squall",
    "Mallow",
    "Spanner",
    "Yarrow",
    "Sleet",
    "Bodkin",
    "Tansy",
    "Mistral",
    "Trowel",
    "Burdock",
    "Flurry",
    "Mattock",
    "Comfrey",
    "Zephyr",
    "Pincer",
    "Teasel",
    "Cirrus",
    "Ratchet",
    "Vetch",
    "Monsoon",
    "Spokeshave",
    "Campion",
    "Haar",
    "Bradawl",
    "Sedge",
    "Simoom",
    "Callipers",
    "Lovage",
    "Thundera",
    "Dibber",
    "Borage",
    "Nimbus",
    "Awlwin",
    "Quillwort",
];

/// Family names.
pub(crate) const FAMILY: [&str; 32] = [
    "Testerton",
    "Mocksworth",
    "Fictionby",
    "Samplegate",
    "Inventham",
    "Placeholme",
    "Dummerley",
    "Pretendwick",
    "Madeupton",
    "Fabricote",
    "Specimenby",
    "Nonesuchley",
    "Phantomere",
    "Exampleford",
    "Fauxbridge",
    "Shamcastle",
    "Notrealby",
    "Imaginholt",
    "Simulham",
    "Unpersonly",
    "Fabledyke",
    "Conjurcote",
    "Spuriousden",
    "Mimicwold",
    "Figmentley",
    "Hypothorpe",
    "Tryoutham",
    "Rehearsby",
    "Stagecombe",
    "Allegorby",
    "Dreampton",
    "Nobodyham",
];

/// Words that stand in notes and nowhere else: found in a byte of the data folder, a note is there
/// in the clear.
pub(crate) const CANARIES: [&str; 8] = [
    "quillowack",
    "zarfbindle",
    "mogglethwick",
    "prundlefrost",
    "wimberquot",
    "snarklegarth",
    "obblestane",
    "vexumbrell",
];

/// What every identifier of an invented person begins with, by scheme.
pub(crate) const CRN_PREFIX: &str = "XINV";
const NOMS_PREFIX: &str = "ZZINV";
const PNC_PREFIX: &str = "1900/9INV";

const PHRASES: [&str; 8] = [
    "Said the bus from {} was late again; will set out earlier.",
    "Keen to go on with the course. Brought a certificate from {}.",
    "Worried about the rent. Suggested the advice session at {}.",
    "Phoned ahead: waiting for the doctor at {}.",
    "Worked well with the others on the fence at {}.",
    "Asked whether the hours could be moved; agreed with {}.",
    "Not talkative today. Mentioned a quarrel with {}.",
    "Family is helping; a sister has found a room near {}.",
];

/// How a person is called: indexes into the lists above.
#[derive(Clone, Copy)]
pub(super) struct Name {
    given: u8,
    family: u8,
}

impl Name {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let mut below = |length| u8::try_from(dice.index(length)).unwrap_or(0);
        Self { given: below(GIVEN.len()), family: below(FAMILY.len()) }
    }

    /// As somebody misheard it.
    pub(super) fn misheard(self) -> Self {
        Self { given: self.given, family: (self.family + 1) % 32 }
    }

    /// The identity of the person of that number.
    pub(super) fn identity(self, number: u64, born: Date) -> Identity {
        let crn = format!("{CRN_PREFIX}{number:08}");
        let mut identifiers = vec![(IdentifierScheme::Crn, label(&crn))];
        if !mix(number).is_multiple_of(3) {
            let noms = format!("{NOMS_PREFIX}{number:08}");
            identifiers.push((IdentifierScheme::Noms, label(&noms)));
        }
        if mix(number).is_multiple_of(5) {
            let pnc = format!("{PNC_PREFIX}{number:08}");
            identifiers.push((IdentifierScheme::Pnc, label(&pnc)));
        }
        Identity {
            identifiers,
            given_name: label(GIVEN[usize::from(self.given)]),
            family_name: label(FAMILY[usize::from(self.family)]),
            born,
        }
    }
}

/// Note `number`, from 1.
pub(super) fn note(number: u16) -> Note {
    let number = usize::from(number);
    let canary = CANARIES[(number / PHRASES.len()) % CANARIES.len()];
    let text = PHRASES[number % PHRASES.len()].replace("{}", canary);
    Note::new(&text).unwrap_or_else(|refused| panic!("a phrase of the scenario: {refused}"))
}

/// What somebody owes, by a number.
pub(super) fn debt(number: u16) -> Note {
    let text = format!("Owes {} pounds to a doorstep lender.", 100 + u32::from(number) * 35);
    Note::new(&text).unwrap_or_else(|refused| panic!("a debt of the scenario: {refused}"))
}

/// A line of the scenario's own text.
///
/// # Panics
/// If it is no label. All of them are constants or numbered, and the tests make every one.
pub(super) fn label(text: &str) -> Label {
    Label::new(text).unwrap_or_else(|refused| panic!("{text:?}: {refused}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_part_of_another_or_of_a_note() {
        let words: Vec<_> = GIVEN.iter().chain(&FAMILY).chain(&CANARIES).collect();
        for word in &words {
            let within = words.iter().filter(|other| other.contains(**word)).count();
            assert_eq!(within, 1, "{word}");
            assert!(PHRASES.iter().all(|phrase| !phrase.contains(**word)));
        }
    }

    #[test]
    fn every_note_has_a_canary() {
        for number in 0..200 {
            let note = note(number);
            assert!(CANARIES.iter().any(|canary| note.as_str().contains(canary)));
        }
    }
}
