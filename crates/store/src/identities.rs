//! What becomes of identities after they were added: verification and reachability.

use db::{Error, Sql, Tx};
use domain::conversation::Verification;
use domain::ids::{CustomerId, IdentityId, OrganizationId};
use jiff::Timestamp;

use crate::customers::{IDENTITY, Identity, identity, identity_columns, key};

const FIND: Sql = Sql::new(
    "identities.find",
    concat!("SELECT ", identity_columns!(), " FROM identities WHERE organization_id = $1 AND id = $2"),
    IDENTITY,
);
const IN_STATE: Sql = Sql::new(
    "identities.in_state",
    concat!(
        "SELECT ",
        identity_columns!(),
        " FROM identities WHERE organization_id = $1 AND kind = $2 AND address_key = $3 AND verification = $4
          AND ({cast $5 uuid} IS NULL OR customer_id = $5) ORDER BY id LIMIT 1"
    ),
    IDENTITY,
);
const SET_VERIFICATION: Sql = Sql::new(
    "identities.set_verification",
    "UPDATE identities SET verification = $3, is_authenticated = $4, updated_at = $5, version = version + 1
     WHERE organization_id = $1 AND id = $2",
    &[],
);
const SET_REACHABILITY: Sql = Sql::new(
    "identities.set_reachability",
    "UPDATE identities SET reachability = $3, updated_at = $4, version = version + 1
     WHERE organization_id = $1 AND id = $2 AND reachability <> $3",
    &[],
);

pub(crate) const ALL: &[&Sql] = &[&FIND, &IN_STATE, &SET_VERIFICATION, &SET_REACHABILITY];

/// One identity.
pub async fn find(tx: &mut Tx<'_>, org: OrganizationId, id: IdentityId) -> Result<Option<Identity>, Error> {
    tx.optional(&FIND, &[org.0.into(), id.0.into()], identity).await
}

/// The oldest identity of this address in this state, of one customer or of anybody.
pub async fn in_state(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    kind: &str,
    address: &str,
    state: Verification,
    customer: Option<CustomerId>,
) -> Result<Option<Identity>, Error> {
    let params = [org.0.into(), kind.into(), key(address).into(), state.as_str().into(), customer.map(|c| c.0).into()];
    tx.optional(&IN_STATE, &params, identity).await
}

/// Writes what is known of an identity now.
///
/// # Errors
/// [`Error::Unique`] when somebody else holds the address meanwhile.
pub async fn set_verification(tx: &mut Tx<'_>, i: &Identity, now: Timestamp) -> Result<(), Error> {
    let params = [
        i.organization_id.0.into(),
        i.id.0.into(),
        i.verification.as_str().into(),
        i.is_authenticated.into(),
        now.into(),
    ];
    tx.exec_one(&SET_VERIFICATION, &params).await
}

/// Writes whether an identity can be written to; whether that is news.
pub async fn set_reachability(
    tx: &mut Tx<'_>,
    org: OrganizationId,
    id: IdentityId,
    reachability: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    Ok(tx.exec(&SET_REACHABILITY, &[org.0.into(), id.0.into(), reachability.into(), now.into()]).await? == 1)
}
