//! The states of imports by their names.

use shared::import::ImportState;

const STATES: [(ImportState, &str); 5] = [
    (ImportState::Running, "running"),
    (ImportState::Loaded, "loaded"),
    (ImportState::LoadedWithRejects, "loaded_with_rejects"),
    (ImportState::Refused, "refused"),
    (ImportState::Failed, "failed"),
];

/// The state's name, as the ledger has it.
pub fn state_name(state: ImportState) -> &'static str {
    STATES.iter().find(|(of, _)| *of == state).map_or("", |(_, name)| name)
}

/// The state of this name.
///
/// # Errors
/// When there is none.
pub fn state_of(name: &str) -> Result<ImportState, String> {
    STATES
        .iter()
        .find(|(_, of)| *of == name)
        .map(|(state, _)| *state)
        .ok_or_else(|| format!("expected one of {}", STATES.map(|(_, name)| name).join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_named_as_in_the_ledger() {
        for (state, name) in STATES {
            assert_eq!(serde_json::to_value(state).unwrap(), name);
            assert_eq!((state_name(state), state_of(name)), (name, Ok(state)));
        }
        assert!(state_of("Loaded").unwrap_err().contains("loaded_with_rejects"));
    }
}
