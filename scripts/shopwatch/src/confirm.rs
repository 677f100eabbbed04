//! Asks before what cannot be taken back.

use std::io::{BufRead, IsTerminal as _, Write};

use anyhow::{Context as _, bail};

/// Longest answer that is read.
const MAX_ANSWER: u64 = 100;

/// Asks on standard error, and waits for `yes` on standard input. Nobody is asked with `--yes`.
///
/// # Errors
/// When the answer is another one, or nobody is there to answer.
pub(crate) fn confirm(question: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    let input = std::io::stdin();
    if !input.is_terminal() {
        bail!("nobody can be asked here: say --yes. {question}");
    }
    answered(question, input.lock(), &mut std::io::stderr())
}

fn answered(question: &str, input: impl BufRead, out: &mut impl Write) -> anyhow::Result<()> {
    write!(out, "{question}\nType yes to go on: ").and_then(|()| out.flush()).context("asking")?;
    let mut answer = String::new();
    input.take(MAX_ANSWER).read_line(&mut answer).context("reading the answer")?;
    if answer.trim() != "yes" {
        bail!("the answer was not yes: nothing was done");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        let answered = |answer: &str| {
            let mut out = Vec::new();
            let done = answered("Delete it?", answer.as_bytes(), &mut out).is_ok();
            assert_eq!(String::from_utf8(out).unwrap(), "Delete it?\nType yes to go on: ");
            done
        };
        assert!(answered("yes\n") && answered(" yes \r\n"));
        for answer in ["", "\n", "y\n", "YES\n", "no\n", "yes please\n"] {
            assert!(!answered(answer), "{answer:?}");
        }
    }
}
