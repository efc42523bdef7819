//! A value on its way into a statement. Six kinds, the same on both engines; nothing is converted
//! behind one's back.

use std::borrow::Cow;
use std::fmt;

use domain::words::{self, IdText, Name, Timestamp};

/// What can be bound to `$n`.
#[derive(Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Int(i64),
    Real(f64),
    Bool(bool),
    Text(Cow<'a, str>),
    /// A text that needs no allocation.
    Id(IdText),
    Bytes(Cow<'a, [u8]>),
}

impl<'a> Value<'a> {
    pub fn bytes(bytes: impl Into<Cow<'a, [u8]>>) -> Self {
        Self::Bytes(bytes.into())
    }

    /// The same value, borrowing nothing.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Int(int) => Value::Int(int),
            Self::Real(real) => Value::Real(real),
            Self::Bool(bool) => Value::Bool(bool),
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Id(id) => Value::Id(id),
            Self::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
        }
    }

    /// What kind of value it is, for errors: the value itself is never shown.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Int(_) => "an integer",
            Self::Real(_) => "a number",
            Self::Bool(_) => "a truth value",
            Self::Text(_) | Self::Id(_) => "a text",
            Self::Bytes(_) => "bytes",
        }
    }

    /// Why no engine may be given this value: what one of them would refuse or change, both refuse.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        match self {
            // SQLite would store NULL.
            Self::Real(real) if real.is_nan() => Some("a number that is not a number"),
            // PostgreSQL knows no such text.
            Self::Text(text) if text.as_bytes().contains(&0) => Some("a text with a NUL character"),
            _ => None,
        }
    }
}

impl fmt::Debug for Value<'_> {
    /// The kind only: values of rows do not belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind())
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Value<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Cow::Owned(bytes))
    }
}

impl<'a> From<&'a Vec<u8>> for Value<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl<'a> From<&'a Name> for Value<'a> {
    fn from(name: &'a Name) -> Self {
        Self::Text(Cow::Borrowed(name.as_str()))
    }
}

impl From<Name> for Value<'_> {
    fn from(name: Name) -> Self {
        Self::Text(Cow::Owned(name.as_str().to_owned()))
    }
}

/// Microseconds since 1970, UTC.
impl From<Timestamp> for Value<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Int(at.as_microsecond())
    }
}

impl From<bool> for Value<'_> {
    fn from(bool: bool) -> Self {
        Self::Bool(bool)
    }
}

impl From<f64> for Value<'_> {
    fn from(real: f64) -> Self {
        Self::Real(real)
    }
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value<'_> {
            fn from(int: $integer) -> Self { Self::Int(int.into()) }
        }
    )*};
}
integers!(i64, i32, i16, u32, u16, u8);

macro_rules! ids {
    ($($id:ident),*) => {$(
        impl From<words::$id> for Value<'_> {
            fn from(id: words::$id) -> Self { Self::Id(words::Id::text(id)) }
        }

        impl From<&words::$id> for Value<'_> {
            fn from(id: &words::$id) -> Self { (*id).into() }
        }
    )*};
}
ids!(
    AlertId,
    GroupId,
    PageId,
    DeliveryId,
    SignalId,
    EventId,
    SilenceId,
    OverrideId,
    ChangesetId,
    ChangeId,
    ReflexId,
    RollbackId,
    TokenId,
    RejectionId,
    IncidentId,
    StampId,
    TaskId,
    UpdateId,
    EvidenceId,
    ObservableId,
    AffectedId,
    AnchorId,
    SubmissionId,
    DecisionId,
    NoticeId,
    PostId,
    SubscriberId,
    CommentId,
    FactorId,
    KillId,
    EnvironmentKeyId,
    ActionItemId,
    PinId
);

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_never_shows_itself() {
        let shown = format!("{:?}", [Value::from("secret"), Value::Int(42), Value::Null, Value::bytes(vec![1])]);
        assert_eq!(shown, "[a text, an integer, nothing, bytes]");
    }

    #[test]
    fn what_one_engine_would_change_is_refused_by_both() {
        for (value, trouble) in [
            (Value::from("a\0b"), true),
            (Value::from(f64::NAN), true),
            (Value::from(f64::INFINITY), false),
            (Value::from(""), false),
            (Value::bytes(vec![0]), false),
        ] {
            assert_eq!(value.trouble().is_some(), trouble);
        }
    }
}
