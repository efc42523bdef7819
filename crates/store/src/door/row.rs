//! A row that was read: columns by name, and an error that names the column when it does not read.

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::Arc;

use domain::words::{Id, Name, Timestamp};

use super::{Error, Value};

/// One row. It owns what it holds.
#[derive(Clone, Debug)]
pub struct Row {
    pub(super) columns: Arc<[Box<str>]>,
    pub(super) values: Vec<Value<'static>>,
}

impl Row {
    /// The column as it came.
    pub fn value(&self, column: &str) -> Result<&Value<'static>, Error> {
        let place = self.columns.iter().position(|name| **name == *column);
        place
            .and_then(|place| self.values.get(place))
            .ok_or_else(|| Error::other(format!("the row has no column {column:?}")))
    }

    /// The names of the columns, in the order of the statement.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|name| &**name)
    }

    /// The values, in the order of the statement.
    pub fn into_values(self) -> Vec<Value<'static>> {
        self.values
    }

    pub fn is_null(&self, column: &str) -> Result<bool, Error> {
        Ok(matches!(self.value(column)?, Value::Null))
    }

    pub fn opt_int(&self, column: &str) -> Result<Option<i64>, Error> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Int(int) => Ok(Some(*int)),
            other => Err(unlike(column, other, "an integer")),
        }
    }

    /// An integer of a smaller type: `row.number::<u32>("round")`.
    pub fn opt_number<T: TryFrom<i64>>(&self, column: &str) -> Result<Option<T>, Error> {
        let Some(int) = self.opt_int(column)? else { return Ok(None) };
        T::try_from(int).map(Some).map_err(|_| Error::corrupt(format!("column {column:?} is out of range")))
    }

    pub fn opt_real(&self, column: &str) -> Result<Option<f64>, Error> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Real(real) => Ok(Some(*real)),
            other => Err(unlike(column, other, "a number")),
        }
    }

    /// SQLite keeps truth as 0 or 1.
    pub fn opt_bool(&self, column: &str) -> Result<Option<bool>, Error> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Bool(bool) => Ok(Some(*bool)),
            Value::Int(int @ (0 | 1)) => Ok(Some(*int == 1)),
            other => Err(unlike(column, other, "a truth value")),
        }
    }

    pub fn opt_text(&self, column: &str) -> Result<Option<&str>, Error> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(unlike(column, other, "a text")),
        }
    }

    pub fn opt_bytes(&self, column: &str) -> Result<Option<&[u8]>, Error> {
        match self.value(column)? {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes)),
            other => Err(unlike(column, other, "bytes")),
        }
    }

    /// Microseconds since 1970, UTC.
    pub fn opt_instant(&self, column: &str) -> Result<Option<Timestamp>, Error> {
        let Some(micros) = self.opt_int(column)? else { return Ok(None) };
        Timestamp::from_microsecond(micros)
            .map(Some)
            .map_err(|_| Error::corrupt(format!("column {column:?} is not an instant")))
    }

    /// Anything that reads from a text: an enum's word, a name.
    pub fn opt_parse<T: FromStr>(&self, column: &str) -> Result<Option<T>, Error> {
        let Some(text) = self.opt_text(column)? else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            let what = std::any::type_name::<T>().rsplit("::").next().unwrap_or_default();
            Error::corrupt(format!("column {column:?} does not read as {what}"))
        })
    }

    pub fn opt_id<T: Id + FromStr>(&self, column: &str) -> Result<Option<T>, Error> {
        self.opt_parse(column)
    }

    pub fn opt_name(&self, column: &str) -> Result<Option<Name>, Error> {
        self.opt_parse(column)
    }

    /// A text that holds JSON. The error says where it does not read, never what it says.
    pub fn opt_json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<Option<T>, Error> {
        let Some(text) = self.opt_text(column)? else { return Ok(None) };
        serde_json::from_str(text).map(Some).map_err(|error| {
            let (line, place) = (error.line(), error.column());
            Error::corrupt(format!("column {column:?} holds JSON that does not read (line {line}, column {place})"))
        })
    }

    /// The text itself, taken out of the row without a copy.
    pub fn take_text(&mut self, column: &str) -> Result<String, Error> {
        let place = self.columns.iter().position(|name| **name == *column);
        match place.and_then(|place| self.values.get_mut(place)) {
            Some(Value::Text(text)) => Ok(std::mem::take(text).into_owned()),
            Some(other) => Err(unlike(column, other, "a text")),
            None => Err(Error::other(format!("the row has no column {column:?}"))),
        }
    }
}

macro_rules! required {
    ($($(#[$doc:meta])* $name:ident$(<$T:ident: $bound:path $(, $more:path)*>)?, $optional:ident -> $answer:ty;)*) => {
        impl Row {$(
            $(#[$doc])*
            pub fn $name$(<$T: $bound $(+ $more)*>)?(&self, column: &str) -> Result<$answer, Error> {
                self.$optional(column)?.ok_or_else(|| missing(column))
            }
        )*}
    };
}
required! {
    int, opt_int -> i64;
    /// An integer of a smaller type; out of range is corruption.
    number<T: TryFrom<i64>>, opt_number -> T;
    real, opt_real -> f64;
    bool, opt_bool -> bool;
    bytes, opt_bytes -> &[u8];
    instant, opt_instant -> Timestamp;
    text, opt_text -> &str;
    parse<T: FromStr>, opt_parse -> T;
    /// `row.id::<AlertId>("id")`
    id<T: Id, FromStr>, opt_id -> T;
    name, opt_name -> Name;
    json<T: serde::de::DeserializeOwned>, opt_json -> T;
}

fn unlike(column: &str, found: &Value<'_>, wanted: &str) -> Error {
    Error::corrupt(format!("column {column:?} holds {}, not {wanted}", found.kind()))
}

fn missing(column: &str) -> Error {
    Error::corrupt(format!("column {column:?} holds nothing"))
}

/// The columns of a statement, kept beside it.
pub(super) fn columns<'a>(names: impl Iterator<Item = &'a str>) -> Arc<[Box<str>]> {
    names.map(Box::from).collect()
}

/// A text that was read.
pub(super) fn text(text: &str) -> Value<'static> {
    Value::Text(Cow::Owned(text.to_owned()))
}
