//! From arguments to deeds: each command in a few lines.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use jiff::Timestamp;

use crate::aws::Cloud;
use crate::cli::{Cli, Command, DemoShopCommand, Guests, Import, Keys, Purchases, Users};
use crate::confirm::confirm;
use crate::import::{Followed, Patience};
use crate::progress::Progress;
use crate::{cost, demo_shop, guests, import, keys, selling, users, watching};

/// Does what the arguments say; the answer is the exit code.
///
/// # Errors
/// When it failed: exit code 1.
pub async fn run(cli: Cli, out: &mut impl Write) -> anyhow::Result<u8> {
    match cli.command {
        Command::Purchases(Purchases::Generate(options)) => selling::generate(options, out).map(|()| 0),
        Command::Purchases(Purchases::Buyer(options)) => {
            let cloud = Cloud::of(cli.stack).await?;
            let done = Box::pin(selling::buyer(options, &cloud, out)).await;
            done.map(|()| 0).map_err(|error| cloud.hinted(error))
        }
        Command::DemoShop(options) => {
            match options.command {
                None => run_demo_shop(options.host, options.port, out).await?,
                Some(DemoShopCommand::Set { path, mode, delay_ms, url }) => {
                    writeln!(out, "{}", demo_shop::set(&url, &path, mode, delay_ms).await?)?;
                }
            }
            Ok(0)
        }
        Command::Monitors(command) => Box::pin(watching::monitors(command, cli.stack, out)).await.map(|()| 0),
        Command::Maintenance(command) => {
            let wanted = watching::windows_of(&command)?;
            let cloud = Cloud::of(cli.stack).await?;
            let done = watching::maintenance(&command, &wanted, &cloud, out).await;
            done.map(|()| 0).map_err(|error| cloud.hinted(error))
        }
        Command::Incidents(command) => {
            let cloud = Cloud::of(cli.stack).await?;
            let done = watching::incidents(&command, &cloud, out).await;
            done.map(|()| 0).map_err(|error| cloud.hinted(error))
        }
        Command::Beats(command) => {
            let cloud = Cloud::of(cli.stack).await?;
            let done = watching::beats(&command, &cloud, out).await;
            done.map(|()| 0).map_err(|error| cloud.hinted(error))
        }
        Command::Cost(options) => {
            let bill = cost::Bill::of(options.watching());
            let print = if options.json {
                cost::json
            } else if options.bench {
                cost::bench
            } else {
                cost::table
            };
            print(&bill, out)?;
            Ok(0)
        }
        Command::Import(options) if options.dry_run => selling::dry_run(options, out).await,
        Command::Import(options) => {
            let export = import::Export::open(&options.file)?;
            let key = import::key_of(&options.file, options.key.as_deref())?;
            let cloud = Cloud::of(cli.stack).await?;
            let done = run_import(options, export, &key, &cloud, out).await;
            done.map_err(|error| cloud.hinted(error))
        }
        Command::Imports(command) => {
            let cloud = Cloud::of(cli.stack).await?;
            let done = selling::imports(command, &cloud, out).await;
            done.map(|()| 0).map_err(|error| cloud.hinted(error))
        }
        Command::Pii(command) => {
            let cloud = Cloud::of(cli.stack).await?;
            let done = selling::pii(command, &cloud, out).await;
            done.map(|()| 0).map_err(|error| cloud.hinted(error))
        }
        Command::Users(command) => {
            let cloud = Cloud::of(cli.stack).await?;
            let done = run_users(command, &cloud, out).await;
            done.map(|()| 0).map_err(|error| cloud.hinted(error))
        }
        Command::Guests(command) => {
            let cloud = Cloud::of(cli.stack).await?;
            let done = run_guests(command, &cloud, out).await;
            done.map(|()| 0).map_err(|error| cloud.hinted(error))
        }
        Command::Keys(command) => {
            let cloud = Cloud::of(cli.stack).await?;
            let done = run_keys(command, &cloud, out).await;
            done.map(|()| 0).map_err(|error| cloud.hinted(error))
        }
    }
}

async fn run_demo_shop(host: std::net::IpAddr, port: u16, out: &mut impl Write) -> anyhow::Result<()> {
    let mut shop = demo_shop::DemoShop::start(host, port).await?;
    writeln!(out, "listening on {}", shop.url())?;
    out.flush()?;
    shop.ended().await;
    Err(anyhow!("the demo shop ended"))
}

async fn run_import(
    options: Import,
    export: import::Export,
    key: &str,
    cloud: &Cloud,
    out: &mut impl Write,
) -> anyhow::Result<u8> {
    let bucket = match options.bucket {
        Some(bucket) => bucket,
        None => cloud.uploads_bucket().await?,
    };
    let size = export.size();
    let object = {
        let bar = Progress::of_upload(size);
        import::upload(&cloud.s3(), &bucket, key, export, |bytes| bar.sent(bytes)).await?
    };
    let followed: Followed = {
        let bar = Progress::of_import(size);
        let patience = Patience::new(Duration::from_secs(options.timeout_seconds));
        let ledger = cloud.imports();
        let followed = import::follow(&ledger, &object, patience, |import| bar.seen(import)).await;
        followed.with_context(|| {
            format!("{} is uploaded (version {}), but cannot be followed", object.key, object.version)
        })?
    };
    import::report(&followed, &object, &bucket, cloud.stack(), out)?;
    Ok(import::exit_code(&followed))
}

async fn run_users(command: Users, cloud: &Cloud, out: &mut impl Write) -> anyhow::Result<()> {
    let table = cloud.accounts();
    match command {
        Users::Invite { role, email, expires_days, url } => {
            let token = users::invite(&table, role, email, expires_days, Timestamp::now()).await?;
            writeln!(out, "{}", token.expose())?;
            // Standard output holds the token alone, for scripts.
            let mut told = std::io::stderr();
            writeln!(
                told,
                "This invitation is shown once, and lets one person sign up within {expires_days} days."
            )?;
            if let Some(url) = url {
                writeln!(told, "{}/api/auth/invitations/{}", url.trim_end_matches('/'), token.expose())?;
            }
        }
        Users::List => users::list(&users::users(&table).await?, out)?,
    }
    Ok(())
}

async fn run_guests(command: Guests, cloud: &Cloud, out: &mut impl Write) -> anyhow::Result<()> {
    let tables = guests::Tables {
        monitors: cloud.monitors(),
        secrets: cloud.secrets(),
        beats: cloud.beats(),
        accounts: cloud.accounts(),
        sessions: cloud.sessions(),
    };
    match command {
        Guests::List => guests::list(&tables.guests().await?, out)?,
        Guests::Remove { who, yes } => {
            let guest = tables.guest(&who).await?;
            let (monitors, channels) = (guest.monitors.len(), guest.channels.len());
            let (people, account) = (guest.people.len(), &guest.account);
            let question = format!(
                "{account} will be deleted: {people} people, {monitors} monitors, {channels} channels."
            );
            confirm(&question, yes)?;
            tables.remove(&guest).await?;
            writeln!(out, "removed {account}")?;
        }
    }
    Ok(())
}

async fn run_keys(command: Keys, cloud: &Cloud, out: &mut impl Write) -> anyhow::Result<()> {
    let (table, now) = (cloud.sessions(), Timestamp::now());
    match command {
        Keys::Create { name, scopes, expires_days } => {
            let token = keys::create(&table, &name, &scopes, expires_days, now).await?;
            writeln!(out, "{}", token.expose())?;
            // Standard output holds the key alone, for scripts.
            writeln!(std::io::stderr(), "This key is shown once: keep it now.")?;
        }
        Keys::List => keys::list(&keys::keys(&table).await?, now, out)?,
        Keys::Revoke { id } => {
            let key = keys::revoke(&table, &id).await?;
            writeln!(out, "revoked {} ({})", key.hash.id(), key.name)?;
        }
    }
    Ok(())
}
