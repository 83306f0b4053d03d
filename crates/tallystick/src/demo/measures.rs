//! The measures that the partnership is held to, as its commissioner defines them on the first day:
//! those of `schema/measures`.

use super::agencies::START;
use super::partnership::Act;
use tallystick_domain::Action;
use tallystick_domain::event::MeasureDefined;
use tallystick_domain::id::MeasureId;
use tallystick_domain::measure::Written;

macro_rules! shipped {
    ($($file:literal)+) => {
        [$(include_str!(concat!("../../../../schema/measures/", $file, ".json")),)+]
    };
}

const DEFINITIONS: [&str; 13] = shipped! {
    "m02" "m03" "m04" "m05" "m07" "m10" "m12" "m13" "m16" "m16_share" "m17" "m18" "m20"
};

pub(super) fn acts() -> impl Iterator<Item = Act> {
    DEFINITIONS.into_iter().map(|text| {
        let definition = Written::parse(text).expect("a definition that is shipped");
        let code = definition.code().expect("it has a code");
        let defined = MeasureDefined { version: 1, definition };
        let action = Action::DefineMeasure { measure: MeasureId::of(&code), defined };
        Act::new(&format!("measure {}", code.as_str()), START, action)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_that_is_shipped_is_defined() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/measures");
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), DEFINITIONS.len());
        assert_eq!(acts().count(), DEFINITIONS.len());
    }
}
