//! One monitor as a file wants it: everything but what the table decides, its id and version.

use shared::Invalid;
use shared::credentials::Credentials;
use shared::monitor::{
    Check, Interval, IpFamily, Monitor, MonitorId, MonitorName, Quorum, Region, Retries, ShardId, Streak,
};

/// One monitor as the file wants it; where the file is silent, its default.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// What people call it: what the file and the table are compared by.
    pub name: MonitorName,
    /// What is checked, and how.
    pub check: Check,
    /// What the target lets the check in with.
    pub credentials: Option<Credentials>,
    /// How often.
    pub interval_minutes: Interval,
    /// Whether anonymous readers see it.
    pub public: bool,
    /// Whether it rests.
    pub paused: bool,
    /// Whether its checks only keep the target awake.
    pub keep_warm: bool,
    /// Where it is checked from; empty: from the stack's own region.
    pub regions: Vec<Region>,
    /// Over which IP its target is connected to.
    pub ip: IpFamily,
    /// A check that takes longer, in ms, is degraded.
    pub degraded_ms: Option<u32>,
    /// How often a check that failed fast is made again.
    pub retries: Retries,
    /// In how many regions a slot must be down to be down.
    pub quorum: Quorum,
    /// Slots in a row that must be down before the monitor is.
    pub confirmations: Streak,
    /// Slots in a row that must be up before the monitor is again.
    pub recoveries: Streak,
    /// Names of the monitors without which this one cannot be up.
    pub depends_on: Vec<Parent>,
}

/// The name of a parent, and where the file says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Its name.
    pub name: MonitorName,
    /// Line of the file, from 1.
    pub line: u64,
    /// Place in the file: `monitors[2].depends_on[0]`.
    pub place: String,
}

impl Wanted {
    /// A monitor of this name and check and nothing special about it.
    pub fn of(name: MonitorName, check: Check) -> Self {
        Self {
            name,
            check,
            credentials: None,
            interval_minutes: Interval::default(),
            public: false,
            paused: false,
            keep_warm: false,
            regions: Vec::new(),
            ip: IpFamily::default(),
            degraded_ms: None,
            retries: Retries::default(),
            quorum: Quorum::default(),
            confirmations: Streak::default(),
            recoveries: Streak::default(),
            depends_on: Vec::new(),
        }
    }

    /// The monitor with this id, these parents and this version; `home` is the stack's own region.
    pub fn monitor(&self, id: MonitorId, home: &Region, depends_on: Vec<MonitorId>, version: u64) -> Monitor {
        Monitor {
            interval_minutes: self.interval_minutes,
            public: self.public,
            paused: self.paused,
            keep_warm: self.keep_warm,
            regions: if self.regions.is_empty() { vec![home.clone()] } else { self.regions.clone() },
            ip: self.ip,
            degraded_ms: self.degraded_ms,
            retries: self.retries,
            quorum: self.quorum,
            confirmations: self.confirmations,
            recoveries: self.recoveries,
            depends_on,
            version,
            ..Monitor::of(id, self.name.clone(), self.check.clone(), home.clone())
        }
    }

    /// Whether it keeps the rules that types do not carry, wherever it will live.
    ///
    /// # Errors
    /// Names the first rule that it breaks.
    pub(crate) fn validate(&self) -> Result<(), Invalid> {
        let anywhere = MonitorId::new(ShardId(0), "000000")?;
        self.monitor(anywhere, &"us-east-1".parse()?, Vec::new(), 1).validated().map(drop)
    }
}
