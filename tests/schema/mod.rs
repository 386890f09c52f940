//! As much of JSON Schema (draft 2020-12) as docs/trace.schema.json uses; a keyword beyond that is
//! a panic and no silent yes. A validator that is published brings dozens of crates.

use serde_json::Value;

/// The first place where `value` breaks the schema.
pub(crate) fn check(schema: &Value, value: &Value) -> Result<(), String> {
    follow(schema, schema, value, "$")
}

fn follow(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    if *schema == Value::Bool(true) {
        return Ok(());
    }
    let Value::Object(keywords) = schema else { panic!("{at}: a schema is an object or true") };
    let wrong = |what: String| Err(format!("{at}: {what}"));
    for (keyword, rule) in keywords {
        let right = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            // Looked at with `additionalProperties` and `items`.
            "properties" => true,
            "$ref" => {
                let name = rule
                    .as_str()
                    .and_then(|path| path.strip_prefix("#/$defs/"))
                    .expect("a local reference");
                follow(root, &root["$defs"][name], value, at)?;
                true
            }
            "const" => value == rule,
            "enum" => list(rule).contains(value),
            "type" => match rule {
                Value::Array(kinds) => kinds.iter().any(|kind| is(kind, value)),
                kind => is(kind, value),
            },
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|number| number <= rule.as_f64().unwrap()),
            "minItems" => {
                value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap())
            }
            "anyOf" => list(rule).iter().any(|schema| follow(root, schema, value, at).is_ok()),
            "required" => {
                let has = |name: &Value| value.get(name.as_str().unwrap()).is_some();
                value.as_object().is_none_or(|_| list(rule).iter().all(has))
            }
            "items" => {
                for (i, item) in value.as_array().into_iter().flatten().enumerate() {
                    follow(root, rule, item, &format!("{at}[{i}]"))?;
                }
                true
            }
            "additionalProperties" => {
                assert_eq!(*rule, Value::Bool(false));
                let known = |name: &String| keywords["properties"].get(name).is_some();
                value.as_object().is_none_or(|fields| fields.keys().all(known))
            }
            other => panic!("the schema uses {other}, which this does not check"),
        };
        if !right {
            return wrong(format!("{keyword}: {rule}"));
        }
    }
    let properties = keywords.get("properties").and_then(Value::as_object).into_iter().flatten();
    for (name, schema) in properties {
        if let Some(field) = value.get(name) {
            follow(root, schema, field, &format!("{at}.{name}"))?;
        }
    }
    Ok(())
}

fn list(rule: &Value) -> &Vec<Value> {
    rule.as_array().expect("a list")
}

fn is(kind: &Value, value: &Value) -> bool {
    match kind.as_str().expect("a type's name") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("no type is called {other}"),
    }
}
