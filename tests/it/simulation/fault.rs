//! What goes wrong, and when: drawn from the seed, within bounds, so that every run can come to rest.

use fastrand::Rng;

/// The most faults of one run, crashes apart.
const FAULTS_MAX: u32 = 20;

/// The most crashes of one run.
const CRASHES_MAX: u32 = 5;

/// Of a thousand reads from vendors, how many meet a fault, in calm, rough and wild runs.
const RATES: [u32; 3] = [8, 30, 90];

/// Writes to vendors meet so many times as many faults: they are few, and what becomes of them matters most.
const WRITES_WEIGH: u32 = 4;

/// What goes wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CallFault {
    /// The process dies before the request arrives.
    CrashBefore,
    /// The process dies after the vendor has done what was asked.
    CrashAfter,
    /// No connection.
    Unreachable,
    /// 429 with `Retry-After`, in seconds; nothing is done.
    Busy(u64),
    /// An error before anything is done.
    StatusBefore(u16),
    /// An error after it was done.
    StatusAfter(u16),
    /// The connection breaks before the vendor has done anything.
    BrokenBefore,
    /// The connection breaks, and the request arrives so many milliseconds later.
    Late(u64),
    /// The connection breaks half-way through the answer.
    BrokenAfter,
    /// The answer never comes.
    Timeout,
    /// An error page that shows the request's headers, credential and all; nothing is done.
    Echo,
    /// A proxy ends the answer early without saying so.
    Cut,
}

/// What goes wrong with a storage operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StorageFault {
    /// The process dies before the commit.
    CrashBefore,
    /// The process dies after the commit, before anyone hears of it.
    CrashAfter,
    /// No room: nothing is written.
    Full,
    /// Another program holds the lock: nothing is written, or read.
    Locked,
}

/// What is still to go wrong in one run.
pub(super) struct Faults {
    rng: Rng,
    rate: u32,
    faults: u32,
    crashes: u32,
    closed: bool,
}

impl Faults {
    pub(super) fn new(seed: u64) -> Faults {
        let mut rng = Rng::with_seed(seed ^ 0xfa17);
        let rate = RATES[rng.usize(..RATES.len())];
        let (faults, crashes) = (rng.u32(0..=FAULTS_MAX), rng.u32(0..=CRASHES_MAX));
        Faults { rng, rate, faults, crashes, closed: false }
    }

    /// Nothing goes wrong from here on.
    pub(super) fn close(&mut self) {
        self.closed = true;
    }

    /// Whether the host may be killed between two operations now; takes one crash if so.
    pub(super) fn kill(&mut self) -> bool {
        let may = !self.closed && self.crashes > 0;
        self.crashes -= u32::from(may);
        may
    }

    /// How long a call is on its way, in one direction, in milliseconds. Now and then long enough for others to overtake.
    pub(super) fn latency(&mut self) -> u64 {
        if self.rng.u32(..40) == 0 { self.rng.u64(1_000..9_000) } else { self.rng.u64(1..60) }
    }

    /// What goes wrong with the next call; `write` if it changes something, `guarded` if it may arrive at any later time.
    pub(super) fn call(&mut self, write: bool, guarded: bool) -> Option<CallFault> {
        if !self.strikes(if write { self.rate * WRITES_WEIGH } else { self.rate }) {
            return None;
        }
        if self.crashes > 0 && self.rng.u32(..3) == 0 {
            self.crashes -= 1;
            return Some(if self.rng.u32(..3) == 0 { CallFault::CrashBefore } else { CallFault::CrashAfter });
        }
        self.faults = self.faults.checked_sub(1)?;
        Some(match self.rng.u32(..if guarded { 16 } else { 11 }) {
            0 => CallFault::Unreachable,
            1 => CallFault::Busy(self.rng.u64(1..90)),
            2 => CallFault::StatusBefore([500, 502, 503][self.rng.usize(..3)]),
            3 | 4 => CallFault::StatusAfter([500, 502, 503, 504, 408][self.rng.usize(..5)]),
            5 => CallFault::BrokenBefore,
            6 | 7 => CallFault::BrokenAfter,
            8 => CallFault::Timeout,
            9 => CallFault::Echo,
            11..=15 => CallFault::Late(self.rng.u64(1_000..1_800_000)),
            _ => CallFault::Cut,
        })
    }

    /// What goes wrong with the next storage operation; `write` if it writes.
    pub(super) fn storage(&mut self, write: bool) -> Option<StorageFault> {
        // There are several operations to each call.
        if !self.strikes(self.rate / 2) {
            return None;
        }
        if self.crashes > 0 && self.rng.u32(..2) == 0 {
            self.crashes -= 1;
            return Some(if self.rng.bool() { StorageFault::CrashBefore } else { StorageFault::CrashAfter });
        }
        self.faults = self.faults.checked_sub(1)?;
        Some(if write && self.rng.bool() { StorageFault::Full } else { StorageFault::Locked })
    }

    fn strikes(&mut self, rate: u32) -> bool {
        !self.closed && self.rng.u32(..1_000) < rate
    }
}
