//! Listings: only the conditions that are asked for, so that each finds its index.

use rusqlite::{Connection, Row, ToSql};

use super::super::{EVENTS_PER_LISTING_MAX, State, StorageError};
use super::open::translated;

/// A listing of deliveries or events, newest first.
pub(super) struct Listing<'a> {
    sql: String,
    state: Option<State>,
    parameters: Vec<(&'static str, &'a dyn ToSql)>,
}

impl<'a> Listing<'a> {
    /// `select` these columns of the rows in this state.
    pub(super) fn new(select: &str, state: Option<State>) -> Listing<'a> {
        let mut sql = format!("{select} WHERE TRUE");
        if let Some(state) = state {
            // Spelt out, because an index of some states serves only a query that names one of them.
            sql.push_str(&format!(" AND state = '{state}'"));
            if state.is_open() {
                sql.push_str(" AND ended_at IS NULL");
            }
        }
        Listing { sql, state, parameters: Vec::new() }
    }

    /// Only rows whose `column` has the value of `parameter`, if there is one. Columns come with the most telling first.
    pub(super) fn equal<T: ToSql>(
        mut self,
        column: &str,
        parameter: &'static str,
        value: &'a Option<T>,
    ) -> Listing<'a> {
        if let Some(value) = value {
            // A `+` keeps SQLite from the column's own index where the state's is the narrower one: most rows are done.
            let hint = if self.state.is_none_or(|state| state == State::Done) { "" } else { "+" };
            self.sql.push_str(&format!(" AND {hint}{column} = {parameter}"));
            self.parameters.push((parameter, value));
        }
        self
    }

    /// Run it for the page before the row `before`, of `limit` rows.
    pub(super) fn rows<R>(
        self,
        connection: &Connection,
        before: Option<u64>,
        limit: u32,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<R>,
    ) -> Result<Vec<R>, StorageError> {
        let Listing { mut sql, mut parameters, .. } = self;
        let limit = match limit {
            0 => EVENTS_PER_LISTING_MAX,
            limit => limit.min(EVENTS_PER_LISTING_MAX),
        };
        if before.is_some() {
            sql.push_str(" AND sequence < :before");
            parameters.push((":before", &before));
        }
        sql.push_str(" ORDER BY sequence DESC LIMIT :limit");
        parameters.push((":limit", &limit));
        let query =
            || connection.prepare_cached(&sql)?.query_map(&*parameters, read)?.collect::<Result<Vec<_>, _>>();
        query().map_err(translated(connection))
    }
}
