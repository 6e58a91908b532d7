//! Companies that customers work for.

use super::small_nouns::routes_of;
use super::small_nouns::uses::*;
use crate::dto::desk::{Company, CompanyPatch, NewCompany};

impl Wire for nouns::Company {
    const NAME: &'static str = "companies";
    type Shown = Company;
    type New = NewCompany;
    type Patch = CompanyPatch;

    fn made(new: NewCompany) -> (Option<String>, Self) {
        let settings = Self {
            name: new.name,
            domains: lower(&new.domains),
            fields: new.fields,
            owner_agent_id: new.owner_agent_id,
        };
        (None, settings)
    }

    fn change(&mut self, patch: CompanyPatch) {
        put(&mut self.name, patch.name);
        put(&mut self.domains, patch.domains.map(|domains| lower(&domains)));
        put(&mut self.owner_agent_id, patch.owner_agent_id);
        for (key, value) in patch.fields.into_iter().flatten() {
            if value.is_null() {
                self.fields.remove(&key);
            } else {
                self.fields.insert(key, value);
            }
        }
    }
}

fn lower(domains: &[String]) -> Vec<String> {
    domains.iter().map(|domain| domain.trim().to_lowercase()).collect()
}

routes_of!(nouns::Company, "/companies", "/companies/{id}", "customers", Company, NewCompany, CompanyPatch);
