//! From arguments to deeds: the commands around monitors, each in a few lines.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Write};
use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use shared::incident::Action;
use shared::monitor::{MonitorId, MonitorName};
use shared::store::ReadMaintenance as _;

use crate::aws::Cloud;
use crate::cli::{Beats, Incidents, Maintenance, Monitors};
use crate::importers::{self, Source};
use crate::maintenance::WantedWindow;
use crate::monitors::{StoredShard, Wanted, by_name, named, stored};
use crate::{beats, incidents, maintenance, monitors};

/// What a file of monitors says; nothing for the commands that have none. A wrong file is told before AWS is asked
/// for anything.
pub(crate) fn wanted_of(command: &Monitors) -> anyhow::Result<Vec<Wanted>> {
    let Monitors::Apply { file } = command else { return Ok(Vec::new()) };
    let (name, bytes) = read(file, monitors::MAX_BYTES)?;
    Ok(monitors::read(&name, &bytes, |variable| std::env::var(variable).ok())?)
}

/// `shopwatch monitors`.
pub(crate) async fn monitors(
    command: &Monitors,
    wanted: &[Wanted],
    cloud: &Cloud,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let table = cloud.monitors();
    match command {
        Monitors::Apply { .. } => {
            let mut rng = rand::rng();
            let applied = monitors::apply(&table, &cloud.secrets(), wanted, cloud.region(), &mut rng).await?;
            monitors::report(&applied, out)?;
            if applied.is_incomplete() {
                out.flush()?;
                bail!("some monitors were refused: delete or repair what cannot be read in their shards");
            }
        }
        Monitors::List => monitors::list(&stored(&table).await?, out)?,
        Monitors::Export { output } => {
            let exported = monitors::export(&stored(&table).await?, cloud.region())?;
            write(output.as_deref(), &exported.text, out)?;
            exported.report.print(&mut std::io::stderr())?;
        }
        // Done without the cloud.
        Monitors::ImportFrom { .. } => {}
    }
    Ok(())
}

/// `shopwatch monitors import-from`.
pub(crate) fn import_from(
    source: Source,
    file: &Path,
    output: Option<&Path>,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (name, bytes) = read(file, importers::MAX_BYTES)?;
    let imported = importers::import(source, &name, &bytes)?;
    write(output, &imported.text, out)?;
    // Standard output holds the file alone.
    Ok(imported.report.print(&mut std::io::stderr())?)
}

/// Writes a text to this file, or to `out`.
fn write(output: Option<&Path>, text: &str, out: &mut impl Write) -> anyhow::Result<()> {
    match output {
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display())),
        None => Ok(out.write_all(text.as_bytes()).and_then(|()| out.flush())?),
    }
}

/// What a file of windows says; nothing for the commands that have none.
pub(crate) fn windows_of(command: &Maintenance) -> anyhow::Result<Vec<WantedWindow>> {
    let Maintenance::Apply { file } = command else { return Ok(Vec::new()) };
    let (name, bytes) = read(file, maintenance::MAX_BYTES)?;
    Ok(maintenance::read(&name, &bytes)?)
}

/// `shopwatch maintenance`.
pub(crate) async fn maintenance(
    command: &Maintenance,
    wanted: &[WantedWindow],
    cloud: &Cloud,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let table = cloud.monitors();
    match command {
        Maintenance::Apply { .. } => {
            let shards = stored(&table).await?;
            let ids = by_name(&shards).into_iter().map(|(name, monitor)| (name.clone(), monitor.id.clone()));
            let ids = ids.collect();
            maintenance::report(&maintenance::apply(&table, wanted, &ids).await?, out)?;
        }
        Maintenance::List => {
            let names = names(&stored(&table).await?);
            maintenance::list(&table.windows().await?, &names, out)?;
        }
        Maintenance::Delete { id } => {
            maintenance::delete(&table, id).await?;
            writeln!(out, "deleted {id}")?;
        }
    }
    Ok(())
}

/// `shopwatch incidents`.
pub(crate) async fn incidents(
    command: &Incidents,
    cloud: &Cloud,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let (table, monitors, now) = (cloud.incidents(), cloud.monitors(), Timestamp::now());
    let (said, action) = match command {
        Incidents::List { days, monitor } => {
            let shards = stored(&monitors).await?;
            let of = monitor.as_deref().map(|name| named(&shards, name)).transpose()?;
            let listed = incidents::listed(&table, &monitors, of, *days, now).await?;
            return Ok(incidents::list(&listed, &names(&shards), out)?);
        }
        Incidents::Acknowledge(said) => (said, Action::Acknowledge),
        Incidents::Close(said) => (said, Action::Close),
    };
    incidents::update(&table, &monitors, &said.id, action, &said.note, now).await?;
    match action {
        Action::Close => writeln!(out, "{} is closed when its next slot is judged", said.id)?,
        Action::Acknowledge | Action::Note => writeln!(out, "{} is acknowledged", said.id)?,
    }
    Ok(())
}

/// `shopwatch beats`.
pub(crate) async fn beats(command: &Beats, cloud: &Cloud, out: &mut impl Write) -> anyhow::Result<()> {
    let Beats::Token { monitor, url } = command;
    let shards = stored(&cloud.monitors()).await?;
    let path = beats::token(&cloud.beats(), named(&shards, monitor)?, url.as_deref()).await?;
    writeln!(out, "{path}")?;
    // Standard output holds the address alone, for scripts.
    writeln!(std::io::stderr(), "This address holds a token that is shown once: keep it now.")?;
    Ok(())
}

fn names(shards: &[StoredShard]) -> HashMap<MonitorId, MonitorName> {
    let monitors = shards.iter().flat_map(|shard| &shard.monitors);
    monitors.map(|monitor| (monitor.id.clone(), monitor.name.clone())).collect()
}

/// What a file is called in errors, and at most one byte more of it than it may have.
fn read(file: &Path, max_bytes: usize) -> anyhow::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let limit = max_bytes as u64 + 1;
    let (name, read) = if file == Path::new("-") {
        ("standard input".to_owned(), std::io::stdin().lock().take(limit).read_to_end(&mut bytes))
    } else {
        let name = file.display().to_string();
        let read = File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes));
        (name, read)
    };
    read.with_context(|| format!("cannot read {name}"))?;
    Ok((name, bytes))
}
