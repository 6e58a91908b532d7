//! Parameters, columns and placeholders.

use db::{Error, Kind, Migration, Row, Sql, Tx, Value};
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::support::{World, add, exec, first, on_both_engines, one};

on_both_engines!(
    parameters_bind_by_number_and_not_by_appearance,
    every_kind_of_value_comes_back_as_it_went_in,
    null_fits_every_kind_and_comes_back_as_none,
    extreme_numbers_and_instants_come_back,
    instants_are_whole_microseconds_rounded_down,
    a_column_of_another_kind_is_told_and_not_guessed,
    lists_find_their_members,
    a_null_parameter_can_be_asked_for,
    a_wrong_number_of_parameters_is_told,
    what_one_engine_would_not_keep_is_refused_by_both,
    preparing_compares_columns_and_parameters,
    row_locks_and_skipping_run_on_both,
);

const ORGANIZATION: Uuid = Uuid::from_u128(1);

const THINGS: Migration = Migration {
    name: "0001_things",
    text: "CREATE TABLE things (id {uuid} PRIMARY KEY, organization_id {uuid} NOT NULL, flag {bool},
               amount {int}, ratio {real}, label {text}, bytes {blob}, doc {json}, at {time}) {strict};",
};

const INSERT: Sql = Sql::new(
    "things.insert",
    "INSERT INTO things (id, organization_id, flag, amount, ratio, label, bytes, doc, at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    &[],
);
const FIND: Sql = Sql::new(
    "things.find",
    "SELECT id, flag, amount, ratio, label, bytes, doc, at FROM things WHERE organization_id = $1 AND id = $2",
    &[Kind::Uuid, Kind::Bool, Kind::Int, Kind::Real, Kind::Text, Kind::Blob, Kind::Json, Kind::Time],
);

type Thing = (
    Uuid,
    Option<bool>,
    Option<i64>,
    Option<f64>,
    Option<String>,
    Option<Vec<u8>>,
    Option<serde_json::Value>,
    Option<Timestamp>,
);

fn thing(row: &Row<'_>) -> Result<Thing, Error> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?))
}

async fn with_things(world: World) -> World {
    world.store.migrate(&[THINGS]).await.expect("the table is created");
    world
}

async fn round_trip(world: &World, put: Thing) -> Thing {
    world
        .store
        .write("round trip", put, |tx: &mut Tx<'_>, put: Thing| {
            Box::pin(async move {
                let id = put.0;
                let params = [
                    id.into(),
                    ORGANIZATION.into(),
                    put.1.into(),
                    put.2.into(),
                    put.3.into(),
                    put.4.into(),
                    put.5.into(),
                    put.6.into(),
                    put.7.into(),
                ];
                tx.exec_one(&INSERT, &params).await?;
                tx.one(&FIND, &[ORGANIZATION.into(), id.into()], thing).await
            })
        })
        .await
        .expect("the row comes back")
}

async fn parameters_bind_by_number_and_not_by_appearance(world: World) {
    const SWAPPED: Sql =
        Sql::global("swapped", "SELECT {cast $2 text} || '-' || {cast $1 text}", &[Kind::Text], "touches no table");
    let params = vec!["one".into(), "two".into()];
    assert_eq!(one(&world.store, &SWAPPED, params).await, Ok("two-one".to_owned()));
}

async fn every_kind_of_value_comes_back_as_it_went_in(world: World) {
    let world = with_things(world).await;
    let at: Timestamp = "2026-11-25T10:11:12.123456Z".parse().expect("an instant");
    for flag in [true, false] {
        let put = (
            Uuid::from_u128(0xdead_beef + u128::from(flag)),
            Some(flag),
            Some(-42),
            Some(0.1),
            Some("ñandú ' $1 {x} 🦤".to_owned()),
            Some(vec![0, 255, 39]),
            Some(json!({"a": [1, null, "b"], "ñ": 1.5})),
            Some(at),
        );
        assert_eq!(round_trip(&world, put.clone()).await, put);
    }
}

async fn null_fits_every_kind_and_comes_back_as_none(world: World) {
    let world = with_things(world).await;
    let put = (Uuid::from_u128(5), None, None, None, None, None, None, None);
    assert_eq!(round_trip(&world, put.clone()).await, put);
}

async fn extreme_numbers_and_instants_come_back(world: World) {
    let world = with_things(world).await;
    for (id, amount, at) in [
        (1, i64::MIN, "0001-01-01T00:00:00Z"),
        (2, i64::MAX, "9999-12-30T00:00:00.999999Z"),
        (3, 0, "1969-12-31T23:59:59.999999Z"),
    ] {
        let at: Timestamp = at.parse().expect("an instant");
        let id = Uuid::from_u128(id);
        let put =
            (id, None, Some(amount), Some(f64::MAX), Some(String::new()), Some(vec![]), Some(json!(null)), Some(at));
        assert_eq!(round_trip(&world, put.clone()).await, put);
    }
}

async fn instants_are_whole_microseconds_rounded_down(world: World) {
    let world = with_things(world).await;
    for (id, put, kept) in [
        (1, "2026-11-25T10:11:12.123456999Z", "2026-11-25T10:11:12.123456Z"),
        (2, "1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"),
    ] {
        let put: Timestamp = put.parse().expect("an instant");
        let kept: Timestamp = kept.parse().expect("an instant");
        let row = (Uuid::from_u128(id), None, None, None, None, None, None, Some(put));
        assert_eq!(round_trip(&world, row).await.7, Some(kept));
    }
}

async fn a_column_of_another_kind_is_told_and_not_guessed(world: World) {
    const NUMBER: Sql = Sql::global("number", "SELECT {cast $1 int}", &[Kind::Int], "touches no table");
    let store = &world.store;
    let is_column = |error: Option<Error>| matches!(error, Some(Error::Column { index: 0, .. }));
    assert!(is_column(one::<String>(store, &NUMBER, vec![5.into()]).await.err()));
    assert!(is_column(one::<Uuid>(store, &NUMBER, vec![5.into()]).await.err()));
    assert!(is_column(one::<bool>(store, &NUMBER, vec![5.into()]).await.err()));
    assert!(is_column(one::<u32>(store, &NUMBER, vec![(-5).into()]).await.err()), "u32 is checked");
    assert!(is_column(one::<i32>(store, &NUMBER, vec![i64::MAX.into()]).await.err()), "i32 is checked");
    assert!(is_column(one::<i64>(store, &NUMBER, vec![Value::Null]).await.err()), "null needs an Option");
    assert_eq!(one::<Option<i64>>(store, &NUMBER, vec![Value::Null]).await, Ok(None));
    assert_eq!(one::<u32>(store, &NUMBER, vec![u32::MAX.into()]).await, Ok(u32::MAX));
}

async fn lists_find_their_members(world: World) {
    const BY_ID: Sql = Sql::new(
        "things.by_id",
        "SELECT count(*) FROM things WHERE organization_id = $2 AND id {any_uuid $1}",
        &[Kind::Int],
    );
    const BY_LABEL: Sql = Sql::new(
        "things.by_label",
        "SELECT count(*) FROM things WHERE organization_id = $2 AND label {any_text $1}",
        &[Kind::Int],
    );
    const BY_AMOUNT: Sql = Sql::new(
        "things.by_amount",
        "SELECT count(*) FROM things WHERE organization_id = $2 AND amount {any_int $1}",
        &[Kind::Int],
    );
    let world = with_things(world).await;
    for (id, label) in [(1, "a"), (2, "it's"), (3, "\"ñ\"")] {
        let id_uuid = Uuid::from_u128(id);
        let put = (id_uuid, None, Some(id as i64), None, Some(label.to_owned()), None, None, None);
        round_trip(&world, put).await;
    }
    let ids = vec![Uuid::from_u128(1), Uuid::from_u128(3), Uuid::from_u128(9)];
    for (sql, list, found) in [
        (&BY_ID, Value::Uuids(ids), 2),
        (&BY_ID, Value::Uuids(vec![]), 0),
        (&BY_LABEL, vec!["it's".to_owned(), "\"ñ\"".to_owned()].into(), 2),
        (&BY_AMOUNT, Value::Ints(vec![2, 2, 7]), 1),
    ] {
        let counted = one::<i64>(&world.store, sql, vec![list, ORGANIZATION.into()]).await;
        assert_eq!(counted, Ok(found), "{}", sql.name);
    }
}

async fn a_null_parameter_can_be_asked_for(world: World) {
    const FILTER: Sql = Sql::new(
        "things.filter",
        "SELECT count(*) FROM things WHERE organization_id = $1
           AND ({cast $2 time} IS NULL OR at >= $2) AND ({cast $3 uuid} IS NULL OR id = $3)",
        &[Kind::Int],
    );
    let world = with_things(world).await;
    let put = (Uuid::from_u128(1), None, None, None, None, None, None, Some(Timestamp::UNIX_EPOCH));
    round_trip(&world, put).await;
    for (at, id, found) in [
        (None, None, 1),
        (Some(Timestamp::UNIX_EPOCH), Some(Uuid::from_u128(1)), 1),
        (Some(Timestamp::MAX), None, 0),
        (None, Some(Uuid::from_u128(2)), 0),
    ] {
        let params = vec![ORGANIZATION.into(), at.into(), id.into()];
        assert_eq!(one::<i64>(&world.store, &FILTER, params).await, Ok(found));
    }
}

async fn a_wrong_number_of_parameters_is_told(world: World) {
    let world = with_things(world).await;
    let error = exec(&world.store, &FIND, vec![ORGANIZATION.into()]).await;
    assert!(matches!(error, Err(Error::Mismatch { statement: "things.find", .. })), "{error:?}");
}

async fn what_one_engine_would_not_keep_is_refused_by_both(world: World) {
    const TEXT: Sql = Sql::global("text", "SELECT {cast $1 text}", &[Kind::Text], "touches no table");
    let values = [
        Value::from("a\0b"),
        Value::from(vec!["\0".to_owned()]),
        Value::from(json!({"a": ["\0"]})),
        Value::from(json!({"\0": 1})),
        Value::from(f64::NAN),
    ];
    for value in values {
        let outcome = one::<String>(&world.store, &TEXT, vec![value.clone()]).await;
        assert!(matches!(outcome, Err(Error::Mismatch { .. })), "{value:?}: {outcome:?}");
    }
}

async fn preparing_compares_columns_and_parameters(world: World) {
    const WRONG_TYPE: Sql =
        Sql::new("wrong type", "SELECT label FROM things WHERE organization_id = $1", &[Kind::Uuid]);
    const WRONG_COUNT: Sql =
        Sql::new("wrong count", "SELECT label, id FROM things WHERE organization_id = $1", &[Kind::Text]);
    const GAP: Sql = Sql::new("gap", "SELECT label FROM things WHERE organization_id = $2", &[Kind::Text]);
    const NO_TABLE: Sql = Sql::global("no table", "SELECT 1 FROM nowhere", &[Kind::Int], "is wrong");
    let world = with_things(world).await;
    assert_eq!(world.store.prepare_check(&FIND).await, Ok(()));
    assert_eq!(world.store.prepare_check(&INSERT).await, Ok(()));
    for sql in [&WRONG_TYPE, &WRONG_COUNT] {
        let error = world.store.prepare_check(sql).await;
        assert!(matches!(error, Err(Error::Mismatch { .. })), "{error:?}");
    }
    assert!(matches!(world.store.prepare_check(&GAP).await, Err(Error::Text { .. })));
    assert!(world.store.prepare_check(&NO_TABLE).await.is_err());
}

async fn row_locks_and_skipping_run_on_both(world: World) {
    const LOCK: Sql =
        Sql::global("lock", "SELECT body FROM notes WHERE id = $1 {for_update}", &[Kind::Text], "test table");
    const SKIP: Sql =
        Sql::global("skip", "SELECT body FROM notes WHERE id = $1 {skip_locked}", &[Kind::Text], "test table");
    const SHARE: Sql =
        Sql::global("share", "SELECT body FROM notes WHERE id = $1 {lock_share}", &[Kind::Text], "test table");
    let world = world.with_notes().await;
    assert_eq!(world.store.write("add", 1, add).await, Ok(()));
    for sql in [&LOCK, &SKIP, &SHARE] {
        assert_eq!(one(&world.store, sql, vec![1.into()]).await, Ok("note 1".to_owned()));
    }
    let row =
        world.store.read("first", (), |tx, ()| Box::pin(tx.optional(&crate::support::BODIES, &[], first::<String>)));
    assert_eq!(row.await, Ok(Some("note 1".to_owned())));
}
