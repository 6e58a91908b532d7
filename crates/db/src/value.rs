//! Parameters: one type that binds to both engines.

use std::error::Error as StdError;

use jiff::Timestamp;
use rusqlite::types::{ToSql as ToSqlite, ToSqlOutput, Value as SqliteValue, ValueRef};
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, ToSql as ToPostgres, Type, to_sql_checked};
use uuid::Uuid;

/// One parameter of a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// No value; fits every type.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number; on PostgreSQL also for `integer`, `smallint`, `double precision` and `xid8` parameters.
    Int(i64),
    /// A floating-point number.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
    /// A UUID.
    Uuid(Uuid),
    /// A JSON document.
    Json(serde_json::Value),
    /// An instant; stored in whole microseconds, rounded down.
    Time(Timestamp),
    /// A list for `{any_uuid $n}`.
    Uuids(Vec<Uuid>),
    /// A list for `{any_text $n}`.
    Texts(Vec<String>),
    /// A list for `{any_int $n}`.
    Ints(Vec<i64>),
}

macro_rules! value_from {
    ($($from:ty => |$name:ident| $value:expr),+ $(,)?) => {$(
        impl From<$from> for Value {
            fn from($name: $from) -> Self {
                $value
            }
        }
    )+};
}

value_from! {
    bool => |value| Self::Bool(value),
    i64 => |value| Self::Int(value),
    i32 => |value| Self::Int(value.into()),
    u32 => |value| Self::Int(value.into()),
    f64 => |value| Self::Real(value),
    String => |value| Self::Text(value),
    &str => |value| Self::Text(value.to_owned()),
    &String => |value| Self::Text(value.clone()),
    Vec<u8> => |value| Self::Blob(value),
    &[u8] => |value| Self::Blob(value.to_vec()),
    Uuid => |value| Self::Uuid(value),
    serde_json::Value => |value| Self::Json(value),
    Timestamp => |value| Self::Time(value),
    Vec<Uuid> => |value| Self::Uuids(value),
    Vec<String> => |value| Self::Texts(value),
    Vec<i64> => |value| Self::Ints(value),
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl ToSqlite for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Bool(value) => integer(i64::from(*value)),
            Self::Int(value) => integer(*value),
            Self::Real(value) => ToSqlOutput::Borrowed(ValueRef::Real(*value)),
            Self::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Self::Blob(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            Self::Uuid(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value.as_bytes())),
            Self::Json(value) => text(value.to_string()),
            Self::Time(value) => integer(floor_microseconds(*value)),
            Self::Uuids(values) => text(uuid_list(values)),
            Self::Texts(values) => text(json_list(values.iter().map(String::as_str))),
            Self::Ints(values) => text(json_list(values.iter().copied())),
        })
    }
}

fn integer(value: i64) -> ToSqlOutput<'static> {
    ToSqlOutput::Borrowed(ValueRef::Integer(value))
}

fn text(value: String) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(SqliteValue::Text(value))
}

/// `["…","…"]` in hexadecimal.
fn uuid_list(values: &[Uuid]) -> String {
    let mut list = String::with_capacity(2 + values.len() * 35);
    let mut digits = [0; uuid::fmt::Simple::LENGTH];
    for value in values {
        list.push_str(if list.is_empty() { "[\"" } else { "\",\"" });
        list.push_str(value.simple().encode_lower(&mut digits));
    }
    list.push_str(if list.is_empty() { "[]" } else { "\"]" });
    list
}

fn json_list<T: Into<serde_json::Value>>(values: impl IntoIterator<Item = T>) -> String {
    serde_json::Value::from_iter(values).to_string()
}

/// Microseconds since 1970 UTC, rounded down also before 1970, so that both engines store the same instant.
fn floor_microseconds(time: Timestamp) -> i64 {
    let floor = time.as_nanosecond().div_euclid(1_000);
    i64::try_from(floor).expect("invariant: jiff's whole range fits in i64 microseconds")
}

fn floored(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(floor_microseconds(time)).unwrap_or(time)
}

impl Value {
    /// Why an engine would refuse or change this value where the other keeps it; both refuse it here.
    ///
    /// PostgreSQL has no NUL character in text and JSON, and SQLite turns "not a number" into null.
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        const NUL: &str = "holds a NUL character";
        match self {
            Self::Text(text) => text.contains('\0').then_some(NUL),
            Self::Texts(texts) => texts.iter().any(|text| text.contains('\0')).then_some(NUL),
            Self::Json(json) => json_holds_nul(json).then_some(NUL),
            Self::Real(number) => number.is_nan().then_some("is not a number"),
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Blob(_) | Self::Uuid(_) => None,
            Self::Time(_) | Self::Uuids(_) | Self::Ints(_) => None,
        }
    }
}

fn json_holds_nul(json: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match json {
        Json::String(text) => text.contains('\0'),
        Json::Array(items) => items.iter().any(json_holds_nul),
        Json::Object(fields) => fields.iter().any(|(key, value)| key.contains('\0') || json_holds_nul(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

type BoxError = Box<dyn StdError + Sync + Send>;

impl ToPostgres for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Bool(value) => value.to_sql_checked(ty, out),
            Self::Int(value) => integer_to_postgres(*value, ty, out),
            Self::Real(value) if *ty == Type::FLOAT4 => ToPostgres::to_sql(&(*value as f32), ty, out),
            Self::Real(value) => value.to_sql_checked(ty, out),
            Self::Text(value) => value.to_sql_checked(ty, out),
            Self::Blob(value) => value.to_sql_checked(ty, out),
            Self::Uuid(value) => value.to_sql_checked(ty, out),
            Self::Json(value) => value.to_sql_checked(ty, out),
            Self::Time(value) => floored(*value).to_sql_checked(ty, out),
            Self::Uuids(values) => values.to_sql_checked(ty, out),
            Self::Texts(values) => values.to_sql_checked(ty, out),
            Self::Ints(values) => values.to_sql_checked(ty, out),
        }
    }

    /// The value, not its Rust type, decides; [`ToPostgres::to_sql`] checks it.
    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn integer_to_postgres(value: i64, ty: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
    match *ty {
        Type::INT4 => ToPostgres::to_sql(&i32::try_from(value)?, ty, out),
        Type::INT2 => ToPostgres::to_sql(&i16::try_from(value)?, ty, out),
        Type::FLOAT8 => ToPostgres::to_sql(&(value as f64), ty, out),
        // An xid8 travels as 8 bytes, like a bigint.
        Type::XID8 => ToPostgres::to_sql(&value, ty, out),
        _ => value.to_sql_checked(ty, out),
    }
}
