//! From arguments to deeds: the commands around purchases, imports and the keys that e-mail addresses are hashed with,
//! each in a few lines.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use etl::format::Format;
use etl::pii::{Method, Pii as Hashing};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use shared::store::ReadErased as _;

use crate::aws::Cloud;
use crate::buyer::{self, Erasing, Person, Shape, Waits};
use crate::cli::{Buyer, Generate, Import, Imports, Pii};
use crate::confirm::confirm;
use crate::pii::{self, FirstKey, KeepKeys as _};
use crate::{dry_run, import, imports, purchases};

/// `shopwatch purchases generate`.
pub(crate) fn generate(options: Generate, out: &mut impl Write) -> anyhow::Result<()> {
    let wanted = purchases::Options {
        rows: options.rows,
        seed: options.seed,
        from: options.from,
        cents: options.cents,
        returns: options.returns,
    };
    let bytes = purchases::Bytes { shuffle: options.shuffle, gzip: options.gzip };
    let Some(path) = &options.output else {
        return purchases::export(wanted, bytes, out, |_| ());
    };
    let shown = path.display();
    let file = File::create(path).with_context(|| format!("cannot write {shown}"))?;
    let bar = ProgressBar::new(options.rows);
    bar.set_style(style("generating {bar:30} {human_pos} of {human_len} rows {eta}"));
    let done = purchases::export(wanted, bytes, BufWriter::new(file), |rows| bar.set_position(rows));
    bar.finish_and_clear();
    done.with_context(|| format!("cannot write {shown}"))
}

/// `shopwatch import --dry-run`.
pub(crate) async fn dry_run(options: Import, out: &mut impl Write) -> anyhow::Result<u8> {
    let key = import::key_of(&options.file, options.key.as_deref())?;
    let reading = options.reading;
    let asked = dry_run::Asked {
        format: Format {
            columns: reading.columns,
            delimiter: reading.delimiter.0,
            time_zone: reading.time_zone,
        },
        max_rejected_percent: reading.max_rejected_percent,
        keep_rows: reading.show_rows,
    };
    let export = import::Export::open(&options.file)?;
    let bar = ProgressBar::new(export.size());
    bar.set_style(style("reading {bar:30} {bytes}/{total_bytes} {msg} {eta}"));
    let seen = |bytes, rows| {
        bar.set_position(bytes);
        bar.set_message(format!("{rows} rows"));
    };
    let report = dry_run::read(export, &key, &asked, seen).await;
    bar.finish_and_clear();
    let report = report?;
    dry_run::print(&report, &options.file.display().to_string(), out)?;
    Ok(dry_run::exit_code(&report))
}

/// `shopwatch imports`.
pub(crate) async fn imports(command: Imports, cloud: &Cloud, out: &mut impl Write) -> anyhow::Result<()> {
    let (ledger, now) = (cloud.imports(), Timestamp::now());
    match command {
        Imports::List { month, state, json } => {
            imports::list(&imports::listed(&ledger, month, state, now).await?, json, out)?;
        }
        Imports::Show { import, json } => {
            imports::show(&imports::found(&ledger, &import, now).await?, now, json, out)?;
        }
    }
    Ok(())
}

/// `shopwatch pii`.
pub(crate) async fn pii(command: Pii, cloud: &Cloud, out: &mut impl Write) -> anyhow::Result<()> {
    let (secret, first, now) = (cloud.pii_secret(), cloud.first_key(), Timestamp::now());
    match command {
        Pii::Status { json } => {
            let status = pii::status(&secret, &first, now).await?;
            pii::print(&status, json, out)?;
            if status.first_key == FirstKey::Another {
                out.flush()?;
                bail!("the first key is not the one that this installation began with");
            }
        }
        Pii::Rotate { link_days, yes } => {
            let rotation = pii::rotation(&secret, &first, link_days, now).await?;
            let (active, former, until) = (&rotation.active, &rotation.former, rotation.until);
            let mut question = format!(
                "{active} becomes the active key; until {until} purchases carry the token of {former} too."
            );
            if let Some(previous) = &rotation.unlinks {
                let text =
                    format!(" Those of {}, until {} so far, end with it.", previous.id, previous.until);
                question.push_str(&text);
            }
            confirm(&question, yes)?;
            pii::written(&secret, &rotation).await?;
            writeln!(out, "{active} is active; purchases carry the token of {former} too until {until}")?;
        }
    }
    Ok(())
}

/// `shopwatch purchases buyer`.
pub(crate) async fn buyer(options: Buyer, cloud: &Cloud, out: &mut impl Write) -> anyhow::Result<()> {
    let address = buyer::address(&options.email, io::stdin().lock())?;
    let (secret, now) = (cloud.pii_secret(), Timestamp::now());
    let (purchases, history, ledger) = (cloud.purchases(), cloud.history(), cloud.imports());
    let lost = Vec::from_iter(pii::lost(&secret, &cloud.first_key(), &ledger, now).await?).join(", ");
    if !lost.is_empty() {
        let lost =
            format!("the secret does not have {lost}, and who is stored under that alone is not found");
        ensure!(!options.erase, "{lost}: restore it first");
        writeln!(io::stderr(), "warning: {lost}")?;
    }
    let hashing = Hashing::parse(&secret.current().await?.text, Method::Hmac, now)?;
    let person = Person::of(&hashing, &address)?;
    let steps = Steps::new();
    if !options.erase {
        let seen = |read, total| steps.tell(format!("reading the days: {read} of {total} parts"));
        let found = buyer::find(&history, &purchases, &person.tokens, seen).await?;
        let erased = ledger.erased().await?.contains(&person.first_hmac);
        drop(steps);
        let shape = match (options.json, options.csv) {
            (true, _) => Shape::Json,
            (_, true) => Shape::Csv,
            _ => Shape::Table,
        };
        buyer::print(&found, shape, out)?;
        if erased && shape == Shape::Table {
            writeln!(out, "the person has asked to be erased: no import loads them")?;
        }
        return Ok(());
    }
    confirm(
        "The person's purchases are deleted for good, and no import will ever load them again. There is no way back.",
        options.yes,
    )?;
    let bucket = match options.bucket {
        Some(bucket) => bucket,
        None => cloud.uploads_bucket().await?,
    };
    let erasing = Erasing {
        ledger: &ledger,
        purchases: &purchases,
        history: &history,
        rollup: &cloud.rollup(),
        copy: &cloud.analytics().await?,
        uploads: &cloud.uploads(&bucket),
        person: &person,
        waits: Waits::new(Duration::from_secs(u64::from(options.wait_minutes) * 60)),
    };
    let erased = Box::pin(erasing.erase(&|step| steps.tell(step))).await?;
    drop(steps);
    Ok(buyer::report(&erased, &bucket, out)?)
}

/// What is being done, on one line of the terminal.
struct Steps(ProgressBar);

impl Steps {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style("{spinner} {msg} {elapsed}"));
        bar.enable_steady_tick(Duration::from_millis(250));
        Self(bar)
    }

    fn tell(&self, step: String) {
        self.0.set_message(step);
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    // A template that is wrong is this file's mistake; the plain bar does then.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
