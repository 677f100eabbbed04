//! From arguments to deeds: the commands around monitors, each in a few lines.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Write};
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use shared::incident::Action;
use shared::monitor::{MonitorId, MonitorName};
use shared::store::ReadMaintenance as _;

use crate::api::HttpApi;
use crate::aws::Cloud;
use crate::cli::{ApiArgs, Apply, Beats, Incidents, Maintenance, Monitors};
use crate::confirm::confirm;
use crate::importers::{self, Source};
use crate::maintenance::WantedWindow;
use crate::monitors::{Installation, StoredShard, by_name, named, stored};
use crate::names::Stack;
use crate::progress::Progress;
use crate::table::counted;
use crate::{beats, incidents, maintenance, monitors};

/// Where the key of the API is.
const KEY: &str = "SHOPWATCH_KEY";

/// The environment variable with the API's address.
const URL: &str = "SHOPWATCH_URL";

/// `shopwatch monitors`.
pub(crate) async fn monitors(command: Monitors, stack: Stack, out: &mut impl Write) -> anyhow::Result<()> {
    match command {
        Monitors::Apply(options) => apply(&options, out).await?,
        Monitors::Export { output, api } => {
            let exported = monitors::export(&Installation::read(&client(api)?).await?)?;
            write(output.as_deref(), &exported.text, out)?;
            exported.report.print(&mut std::io::stderr())?;
        }
        Monitors::List => {
            let cloud = Cloud::of(stack).await?;
            let shards = stored(&cloud.monitors()).await.map_err(|error| cloud.hinted(error.into()))?;
            monitors::list(&monitors::own(shards), out)?;
        }
        Monitors::ImportFrom { source, file, output } => {
            import_from(source, &file, output.as_deref(), out)?;
        }
    }
    Ok(())
}

/// `shopwatch monitors apply`: what is wrong with the file is told before anybody is asked for anything.
async fn apply(options: &Apply, out: &mut impl Write) -> anyhow::Result<()> {
    let (name, bytes) = read(&options.file, monitors::MAX_BYTES)?;
    let wanted = monitors::read(&name, &bytes, |variable| std::env::var(variable).ok())?;
    let api = client(options.api.clone())?;
    let there = Installation::read(&api).await?;
    let plan =
        monitors::plan(&wanted, &there, options.prune).map_err(|problems| anyhow!("{name}: {problems}"))?;
    monitors::report_plan(&plan, out)?;
    out.flush()?;
    if options.dry_run || plan.is_empty() {
        return Ok(());
    }
    if !plan.removed().is_empty() {
        let count = counted(plan.removed().len() as u64, "monitor");
        confirm(
            &format!("{count} of {} will be deleted, with what is known of it.", api.url()),
            options.yes,
        )?;
    }
    let bar = Progress::of_steps(plan.len() as u64);
    let applied = monitors::apply(&api, &wanted, &plan, |count| bar.done(count as u64)).await;
    drop(bar);
    let applied = applied?;
    monitors::report_applied(&applied, out)?;
    if applied.is_incomplete() {
        out.flush()?;
        bail!("some of it was refused");
    }
    Ok(())
}

/// A client of the installation, with the key of the environment.
fn client(api: ApiArgs) -> anyhow::Result<HttpApi> {
    let url = api.url.with_context(|| {
        format!(
            "where is the API? Set {URL} to the address that the deployment printed, or name it with --url"
        )
    })?;
    let key = std::env::var(KEY).ok().filter(|key| !key.is_empty());
    let key = key.with_context(|| {
        format!("{KEY} is not set: a key such as `shopwatch keys create --name apply --scope read --scope write` prints")
    })?;
    HttpApi::new(url, key.into())
}

/// `shopwatch monitors import-from`.
fn import_from(
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
