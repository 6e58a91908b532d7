//! The OpenAPI document.

use std::collections::BTreeSet;

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = serde_json::to_value(api::openapi()).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let names: Vec<&str> = paths
        .values()
        .flat_map(|item| item.as_object().into_iter().flat_map(|operations| operations.values()))
        .filter_map(|operation| operation["operationId"].as_str())
        .collect();
    assert!(names.len() > 40);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(api::openapi()).expect("JSON");
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().expect("schemas");
    for reference in text.split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().expect("a name");
        assert!(schemas.contains_key(name), "{name} is named but not there");
    }
}
