//! The functions that `etl` invokes: they note what they are asked.

use anyhow::{Context as _, ensure};
use serde_json::Value;
use shared::invoke::Invoke;

use super::Fake;

pub(crate) enum Function {
    /// `etl` itself.
    Etl(Fake),
    Rollup(Fake),
}

impl Invoke for Function {
    async fn invoke(&self, event: &Value) -> anyhow::Result<()> {
        let (Self::Etl(fake) | Self::Rollup(fake)) = self;
        let silent = fake.world().silent_functions;
        if silent {
            std::future::pending::<()>().await;
        }
        let invoke = async {
            let mut world = fake.world();
            ensure!(!world.no_functions, "no such function");
            match self {
                Self::Etl(_) => world.continuations.push_back(event.clone()),
                Self::Rollup(_) => {
                    assert_eq!(event.as_object().map(serde_json::Map::len), Some(2));
                    let next = event["next"].as_array().context("no days that are next")?;
                    for day in std::iter::once(&event["day"]).chain(next) {
                        world.rolled_up.push(day.as_str().context("no day")?.parse()?);
                    }
                }
            }
            Ok(())
        };
        fake.call(invoke).await
    }
}
