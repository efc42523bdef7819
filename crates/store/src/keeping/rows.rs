//! Copies a store by its rows, from one engine to the other.

use crate::door::{Error, ErrorKind, Halt, Store, Tx, Value};
use crate::schema;

/// Rows at a time.
const ROWS: usize = 200;

/// A table, as both engines have it.
pub(super) struct Table {
    name: String,
    columns: Vec<String>,
    key: Vec<usize>,
}

/// The tables of a SQLite database, each after those that it refers to.
pub(super) fn plan(tx: &mut Tx<'_>) -> Result<Vec<Table>, Halt> {
    let mut waiting = Vec::new();
    for name in schema::tables(tx)?.into_iter().filter(|name| name != "migrations") {
        let parents = tx.query("SELECT \"table\" AS parent FROM pragma_foreign_key_list($1)", &[(&name).into()])?;
        let parents: Vec<String> =
            parents.iter().map(|row| Ok(row.text("parent")?.to_owned())).collect::<Result<_, Error>>()?;
        let columns = tx.query("SELECT name, pk FROM pragma_table_info($1) ORDER BY cid", &[(&name).into()])?;
        let mut key = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            if column.int("pk")? > 0 {
                key.push((column.int("pk")?, place));
            }
        }
        key.sort_unstable();
        let columns = columns.iter().map(|row| Ok(row.text("name")?.to_owned())).collect::<Result<Vec<_>, Error>>()?;
        waiting.push((Table { name, columns, key: key.into_iter().map(|(_, place)| place).collect() }, parents));
    }
    let mut ready: Vec<Table> = Vec::new();
    while !waiting.is_empty() {
        let done = |parent: &String, own: &str| parent == own || ready.iter().any(|table| table.name == *parent);
        let next = waiting.iter().position(|(table, parents)| parents.iter().all(|parent| done(parent, &table.name)));
        let next = next.ok_or_else(|| Error::other("tables refer to each other in a circle"))?;
        ready.push(waiting.remove(next).0);
    }
    Ok(ready)
}

/// Replaces all rows by those of the other store, as they are at one moment.
pub(super) fn pour(from: &Store, to: &mut Tx<'_>, tables: &[Table]) -> Result<(), Halt> {
    from.read(|tx| {
        must_be_up_to_date(tx)?;
        tables.iter().rev().try_for_each(|table| table.clear(to))?;
        for table in tables {
            table.each(tx, |values| Ok(table.put(to, values)?))?;
        }
        Ok(())
    })
}

/// Only what this program knows is copied by its rows.
pub(super) fn must_be_up_to_date(tx: &mut Tx<'_>) -> Result<(), Halt> {
    let (done, all) = schema::applied(tx)?;
    if done != all {
        let message = "the database is older than this program; start the server once, which brings it up to date";
        return Err(Error::new(ErrorKind::Schema, message).into());
    }
    Ok(())
}

impl Table {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Every row, in the order of the key.
    pub(super) fn each(
        &self,
        tx: &mut Tx<'_>,
        mut each: impl FnMut(&[Value<'static>]) -> Result<(), Halt>,
    ) -> Result<(), Halt> {
        let select = self.select();
        let mut after: Option<Vec<Value<'static>>> = None;
        loop {
            let rows = match &after {
                None => tx.query(&select.0, &[])?,
                Some(key) => tx.query(&select.1, key)?,
            };
            let full = rows.len() == ROWS;
            for row in rows {
                let values = row.into_values();
                each(&values)?;
                after = Some(self.key.iter().map(|place| values[*place].clone()).collect());
            }
            if !full {
                return Ok(());
            }
        }
    }

    pub(super) fn clear(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        tx.execute(&format!("DELETE FROM \"{}\"", self.name), &[]).map(drop)
    }

    /// Adds a row: a value for each column.
    pub(super) fn put(&self, tx: &mut Tx<'_>, values: &[Value<'_>]) -> Result<(), Error> {
        tx.execute(&self.insert(), values).map(drop)
    }

    /// The first rows, and those after a key.
    fn select(&self) -> (String, String) {
        let names = |places: &mut dyn Iterator<Item = &String>| {
            places.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        };
        let columns = names(&mut self.columns.iter());
        let key = names(&mut self.key.iter().map(|place| &self.columns[*place]));
        let (name, given) = (&self.name, numbers(self.key.len()));
        (
            format!("SELECT {columns} FROM \"{name}\" ORDER BY {key} LIMIT {ROWS}"),
            format!("SELECT {columns} FROM \"{name}\" WHERE ({key}) > ({given}) ORDER BY {key} LIMIT {ROWS}"),
        )
    }

    fn insert(&self) -> String {
        let columns = self.columns.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
        format!("INSERT INTO \"{}\" ({columns}) VALUES ({})", self.name, numbers(self.columns.len()))
    }
}

fn numbers(count: usize) -> String {
    (1..=count).map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}
