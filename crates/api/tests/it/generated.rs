//! Calls made from the OpenAPI document: what an operation asks for, filled in plausibly.

use http::Method;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// One operation of the document.
#[derive(Clone, Debug)]
pub struct Operation {
    pub method: Method,
    /// As the document writes it.
    pub path: String,
    /// The resolved schema of its JSON body.
    pub body: Option<Value>,
    /// Parameters of the query that must be there.
    pub required: Vec<String>,
}

impl Operation {
    pub fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The path with `id` for every parameter but the widget's key.
    pub fn at(&self, id: &str, widget: &str) -> String {
        let path = self.path.replace("/widget/{key}", widget);
        let segment = |part: &str| if part.starts_with('{') { id.to_owned() } else { part.to_owned() };
        let path = path.split('/').map(segment).collect::<Vec<_>>().join("/");
        let query: Vec<String> = self.required.iter().map(|name| format!("{name}=x")).collect();
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    pub fn has_id(&self) -> bool {
        self.path.replace("/widget/{key}", "").contains('{')
    }

    pub fn is_of_visitors(&self) -> bool {
        self.path.starts_with("/widget/")
    }

    /// A body that has what it must have.
    pub fn filled(&self) -> Option<Value> {
        self.body.as_ref().map(|schema| value(schema, 0))
    }

    /// The fields of the body, with their schemas.
    pub fn fields(&self) -> Map<String, Value> {
        self.body.as_ref().and_then(|schema| schema["properties"].as_object().cloned()).unwrap_or_default()
    }
}

/// Every operation of the document.
pub fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(api::openapi()).expect("JSON");
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if !["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                continue;
            }
            let content = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = content.is_object().then(|| resolved(content, &document, 0));
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let required = parameters
                .iter()
                .filter(|parameter| parameter["in"] == "query" && parameter["required"] == true)
                .filter_map(|parameter| parameter["name"].as_str().map(str::to_owned))
                .collect();
            all.push(Operation { method, path: path.clone(), body, required });
        }
    }
    all
}

/// The schema with its references followed.
fn resolved(schema: &Value, document: &Value, depth: usize) -> Value {
    if depth > 6 {
        return json!({});
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().expect("a name");
        return resolved(&document["components"]["schemas"][name], document, depth + 1);
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(options) = schema[choice].as_array() {
            let first = options.iter().find(|option| option["type"] != "null").unwrap_or(&options[0]);
            return resolved(first, document, depth + 1);
        }
    }
    let mut schema = schema.clone();
    if let Some(properties) = schema["properties"].as_object().cloned() {
        let properties = properties.iter().map(|(name, inner)| (name.clone(), resolved(inner, document, depth + 1)));
        schema["properties"] = Value::Object(properties.collect());
    }
    if schema["items"].is_object() {
        schema["items"] = resolved(&schema["items"], document, depth + 1);
    }
    schema
}

/// The types a schema allows.
pub fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").unwrap_or("object"),
        _ => "object",
    }
}

fn value(schema: &Value, depth: usize) -> Value {
    if let Some(word) = schema["enum"].get(0) {
        return word.clone();
    }
    match kind(schema) {
        "string" if schema["format"] == "uuid" => json!(Uuid::from_u128(7)),
        "string" if schema["format"] == "date-time" => json!("2027-01-01T00:00:00Z"),
        "string" => json!("x"),
        "integer" | "number" => json!(1),
        "boolean" => json!(false),
        "array" => json!([]),
        _ if depth < 6 => {
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            let names = required.iter().filter_map(Value::as_str);
            names.map(|name| (name.to_owned(), value(&schema["properties"][name], depth + 1))).collect()
        }
        _ => json!({}),
    }
}
