//! `/docs/events`: the AsyncAPI document for people. Every event and hint with its meaning, its topics, its fields and
//! an example; then the messages of the socket and the tables of codes. It is made once, at the start.

use std::fmt::Write as _;

use serde_json::Value;

/// The page.
pub(super) fn html(document: &Value) -> String {
    let mut page = String::from(HEAD);
    let messages = entries(document.pointer("/components/messages"));
    let told: Vec<_> = messages.iter().filter(|(_, message)| r#type(message).is_some()).collect();
    page.push_str("<ul class=\"toc panel\">");
    for (kind, _) in &told {
        put(&mut page, format_args!("<li><a href=\"#{0}\">{0}</a></li>", escape(kind)));
    }
    page.push_str("</ul>");
    for (kind, message) in &told {
        section(&mut page, document, kind, message);
    }
    codes(&mut page, "Why a message is refused", "refused", document.pointer("/x-error-codes"));
    codes(&mut page, "Why a connection is closed", "closed", document.pointer("/x-close-codes"));
    page.push_str("</div></main></body></html>\n");
    page
}

const HEAD: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Events · tollbell</title>\
    <link rel=\"icon\" href=\"/app/bell.svg\" type=\"image/svg+xml\">\
    <link rel=\"stylesheet\" href=\"/app/base.css\"><link rel=\"stylesheet\" href=\"/app/views.css\"></head>\
    <body class=\"docs\"><a class=\"skip\" href=\"#main\">Skip to the content</a><header class=\"top\">\
    <a class=\"brand\" href=\"/app/\"><img src=\"/app/bell.svg\" alt=\"\" width=\"22\" height=\"22\"><span>tollbell</span></a>\
    <nav aria-label=\"Documents\"><a href=\"/app/\">Dashboard</a><a href=\"/docs\">REST</a>\
    <a href=\"/docs/events\" aria-current=\"page\">Events</a><a href=\"/asyncapi.json\">AsyncAPI</a></nav></header>\
    <main id=\"main\" tabindex=\"-1\"><div class=\"view\"><h1>Events</h1>\
    <p>Every committed change is an event. Open a websocket at <code>/api/v1/ws</code>, say \
    <code>{\"type\":\"subscribe\",\"id\":1,\"topics\":[\"payments\"]}</code>, and each event of the topics comes once and in \
    the order of <code>seq</code>. A hint has no <code>seq</code>: it tells what is so now, and may be missed.</p>";

/// Whether a message is an event or a hint, and which.
fn r#type(message: &Value) -> Option<&str> {
    message
        .pointer("/payload/properties/type/const")?
        .as_str()
        .filter(|_| message.get("examples").is_some())
}

fn section(page: &mut String, document: &Value, kind: &str, message: &Value) {
    let name = escape(kind);
    put(page, format_args!("<section class=\"panel\" aria-labelledby=\"{name}\"><header>"));
    put(page, format_args!("<h2 id=\"{name}\"><code>{name}</code></h2>"));
    put(
        page,
        format_args!(
            "<span class=\"chip plain\">{}</span></header>",
            r#type(message).unwrap_or_default()
        ),
    );
    put(page, format_args!("<p>{}</p>", escape(text(message, "/summary"))));
    page.push_str("<ul class=\"quiet\">");
    for (topic, channel) in entries(document.pointer("/channels")) {
        if channel.pointer("/messages").is_some_and(|messages| messages.get(kind).is_some()) {
            let about = text(channel, "/description");
            put(page, format_args!("<li><code>{}</code> {}</li>", escape(topic), escape(about)));
        }
    }
    page.push_str("</ul>");
    if let Some(data) = message.pointer("/payload/properties/data") {
        fields(page, document, data, kind);
    }
    if let Some(example) = message.pointer("/examples/0/payload") {
        let json = serde_json::to_string_pretty(example).unwrap_or_default();
        put(
            page,
            format_args!(
                "<pre tabindex=\"0\" aria-label=\"Example of {name}\"><code>{}</code></pre>",
                escape(&json)
            ),
        );
    }
    page.push_str("</section>");
}

/// The fields of the data, those of all its parts in one table.
fn fields(page: &mut String, document: &Value, schema: &Value, kind: &str) {
    let mut rows = Vec::new();
    collect(document, schema, &mut rows);
    if rows.is_empty() {
        return;
    }
    let label = format!("Fields of {}", escape(kind));
    put(
        page,
        format_args!(
            "<details><summary>Fields of <code>data</code></summary><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{label}\">"
        ),
    );
    page.push_str("<table><thead><tr><th scope=\"col\">Field</th><th scope=\"col\">Type</th><th scope=\"col\">Meaning</th></tr></thead><tbody>");
    for (name, field) in rows {
        let meaning = meaning(document, field);
        put(
            page,
            format_args!(
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                escape(name),
                escape(&shape(field)),
                escape(meaning)
            ),
        );
    }
    page.push_str("</tbody></table></div></details>");
}

fn collect<'a>(document: &'a Value, schema: &'a Value, rows: &mut Vec<(&'a str, &'a Value)>) {
    let schema = resolve(document, schema);
    for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        collect(document, part, rows);
    }
    rows.extend(entries(schema.get("properties")));
}

fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let place = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
    place.and_then(|path| document.pointer(path)).unwrap_or(schema)
}

/// What is said of a field, or of its type.
fn meaning<'a>(document: &'a Value, field: &'a Value) -> &'a str {
    let own = text(field, "/description");
    let of_one = || {
        let one = field.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        one.map(|one| text(one, "/description")).find(|text| !text.is_empty())
    };
    if own.is_empty() {
        of_one().unwrap_or_else(|| text(resolve(document, field), "/description"))
    } else {
        own
    }
}

/// The type of a field in a word or two.
fn shape(field: &Value) -> String {
    if let Some(reference) = field.get("$ref").and_then(Value::as_str) {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    if let Some(of) = field.get("oneOf").and_then(Value::as_array) {
        return of.iter().map(shape).collect::<Vec<_>>().join(" or ");
    }
    match field.get("type") {
        Some(Value::String(one)) if one == "array" => {
            format!("list of {}", field.get("items").map(shape).unwrap_or_default())
        }
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(of)) => {
            of.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        _ => "object".to_owned(),
    }
}

fn codes(page: &mut String, title: &str, id: &str, table: Option<&Value>) {
    put(
        page,
        format_args!(
            "<section class=\"panel\" aria-labelledby=\"{id}\"><header><h2 id=\"{id}\">{title}</h2></header>"
        ),
    );
    put(
        page,
        format_args!(
            "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{title}\"><table><tbody>"
        ),
    );
    for row in table.and_then(Value::as_array).into_iter().flatten() {
        let code = row
            .get("code")
            .map(|code| code.as_str().map_or_else(|| code.to_string(), str::to_owned));
        let client = text(row, "/client");
        let client =
            if client.is_empty() { String::new() } else { format!("; the client: {client}") };
        put(
            page,
            format_args!(
                "<tr><td><code>{}</code></td><td>{}{}</td></tr>",
                escape(&code.unwrap_or_default()),
                escape(text(row, "/meaning")),
                escape(&client)
            ),
        );
    }
    page.push_str("</tbody></table></div></section>");
}

fn entries(object: Option<&Value>) -> Vec<(&str, &Value)> {
    let fields = object.and_then(Value::as_object).into_iter().flatten();
    fields.map(|(name, value)| (name.as_str(), value)).collect()
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Writing to a text can't fail.
fn put(page: &mut String, what: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(what);
}
