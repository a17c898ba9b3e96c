//! How commands get at a database: to look at it beside a running host, or to change it when none runs.

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use transload::config::{Config, Places};
use transload::storage::{SqliteStorage, StorageError};

use super::remote::Remote;
use super::{Failed, usage};

/// Which database a command is about.
#[derive(Args)]
pub struct Access {
    /// The configuration file, which names the database
    #[arg(long, default_value = "transload.toml", value_name = "FILE")]
    pub config: PathBuf,
    /// The database file itself, where no configuration is at hand
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub database: Option<PathBuf>,
}

/// What a command acts on.
pub enum Hand {
    /// The host that runs.
    Host(Remote),
    /// The file, as no host has it.
    File(SqliteStorage),
}

impl Access {
    /// Where things are. The connections' secrets need not be at hand.
    pub fn places(&self) -> Result<Places, Failed> {
        match &self.database {
            Some(database) => Ok(Places::beside(database)),
            None => Config::places(&self.config).map_err(usage),
        }
    }

    /// Opens the database to look at, also while a host works with it.
    pub fn look(&self) -> Result<(Places, SqliteStorage), Failed> {
        let places = self.places()?;
        let storage = SqliteStorage::open_reading(&places.database).map_err(usage)?;
        Ok((places, storage))
    }

    /// Gets hold of the running host or, if there is none, of the file.
    pub async fn act(&self) -> Result<(Places, Hand), Failed> {
        let places = self.places()?;
        if let Some(host) = Remote::find(&places.database).await {
            return Ok((places, Hand::Host(host)));
        }
        // Opening for writing would make a file that is not there.
        match SqliteStorage::open_reading(&places.database) {
            Ok(_) | Err(StorageError::Older { .. }) => {}
            Err(error) => return Err(usage(error)),
        }
        let storage = SqliteStorage::open(&places.database).map_err(in_use)?;
        Ok((places, Hand::File(storage)))
    }
}

/// Why a database cannot be had for changing it. Somebody who has it and does not answer is no fault of the usage.
pub fn in_use(error: StorageError) -> Failed {
    match error {
        StorageError::InUse { path } => Failed::Operation(anyhow!(
            "a host has {} and does not answer: it is starting or stopping, or embeds Transload as a library; \
             try again, or use that program",
            path.display()
        )),
        error => usage(error),
    }
}
